"""What people send us: opened for real, painted anew, and nothing that means harm is kept or shown (T20)."""

import io
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import ExifTags, Image

from claims_portal.uploads.checker import opened_apart
from claims_portal.uploads.content import examine
from claims_portal.uploads.kinds import FileKind
from claims_portal.uploads.rows import shown_name
from claims_portal.uploads.unfit import FileUnfit, Unfit
from tests.portal.hostile_files import (
    HTML,
    NAMES,
    PLACE,
    a_film,
    a_jpeg,
    a_pdf,
    a_png,
    an_endless_png,
    hostile,
    odd_but_sound,
)


def put(folder: Path, held: bytes) -> Path:
    path = folder / "a-name-of-ours"
    path.write_bytes(held)
    return path


def test_none_of_the_hostile_files_is_taken(tmp_path: Path):
    files = list(hostile())
    assert len(files) >= 150
    taken = []
    for what, _, held in files:
        with suppress(FileUnfit):
            taken.append((what, examine(put(tmp_path, held), keeps_position=True)))
    assert taken == []


def test_of_odd_files_only_the_picture_is_kept(tmp_path: Path):
    for what, _, held in odd_but_sound():
        path = put(tmp_path, held)
        examine(path, keeps_position=False)
        kept = path.read_bytes()
        assert b"script" not in kept, what
        assert b"PK\x05\x06" not in kept, what
        assert b"<?php" not in kept, what


@pytest.mark.parametrize("keeps", [True, False])
def test_the_place_of_a_photo_is_kept_only_by_consent(tmp_path: Path, keeps: bool):
    path = put(tmp_path, a_jpeg(position=True))
    examine(path, keeps_position=keeps)
    notes = Image.open(io.BytesIO(path.read_bytes())).getexif()
    assert bool(notes.get_ifd(ExifTags.IFD.GPSInfo)) is keeps
    assert ExifTags.Base.Make not in notes, "what the camera is called is nobody's business"


@pytest.mark.parametrize("brand", [b"isom", b"qt  "])
def test_the_place_of_a_film_is_kept_only_by_consent(tmp_path: Path, brand: bytes):
    path = put(tmp_path, a_film(brand, PLACE))
    assert examine(path, keeps_position=True) is (FileKind.MP4 if brand == b"isom" else FileKind.MOV)
    assert PLACE.encode() in path.read_bytes()
    examine(path, keeps_position=False)
    assert b"55.7558" not in path.read_bytes()
    assert len(path.read_bytes()) == len(a_film(brand, PLACE))


def test_a_heic_of_a_telephone_is_kept_as_a_jpeg(tmp_path: Path):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (10, 200, 10)).save(out, "HEIF")
    path = put(tmp_path, out.getvalue())
    assert examine(path, keeps_position=False) is FileKind.HEIC
    assert Image.open(io.BytesIO(path.read_bytes())).format == "JPEG"


@pytest.mark.parametrize(("kind", "held"), [(FileKind.PNG, a_png()), (FileKind.PDF, a_pdf(100))])
def test_a_plain_file_is_taken(tmp_path: Path, kind: FileKind, held: bytes):
    assert examine(put(tmp_path, held), keeps_position=False) is kind


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_theirs_is_only_something_to_read(name: str):
    shown = shown_name(name)
    assert 0 < len(shown) <= 120
    assert not set("/\\\0\r\n\u202e") & set(shown)


async def test_a_file_is_opened_in_a_process_that_may_die_of_it(tmp_path: Path):
    assert await opened_apart(str(put(tmp_path, a_jpeg())), keeps_position=False) is FileKind.JPEG
    with pytest.raises(FileUnfit) as unfit:
        await opened_apart(str(put(tmp_path, an_endless_png(20_000))), keeps_position=False)
    assert unfit.value.why is Unfit.TOO_MANY_DOTS
    with pytest.raises(FileUnfit):
        await opened_apart(str(put(tmp_path, HTML)), keeps_position=False)
