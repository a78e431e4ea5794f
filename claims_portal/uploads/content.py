"""Opens a file for real: a picture is painted anew, a PDF searched, a film walked box by box. Runs in `child`."""

from pathlib import Path

from claims_portal.uploads.films import settle_film
from claims_portal.uploads.kinds import HEAD_BYTES, IMAGES, FileKind, kind_of, most_bytes
from claims_portal.uploads.papers import look_through
from claims_portal.uploads.pictures import paint_anew
from claims_portal.uploads.unfit import FileUnfit, Unfit


def examine(path: Path, *, keeps_position: bool) -> FileKind:
    """The kind of the file at `path`, which is replaced by what we keep of it. Raises `FileUnfit` with the reason.

    Of a picture only its dots are kept; of its notes only the position, and that only if the sender agreed.
    """
    with path.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES))
    size = path.stat().st_size
    if size == 0:
        raise FileUnfit(Unfit.EMPTY)
    if kind is None:
        raise FileUnfit(Unfit.ANOTHER_KIND)
    if size > most_bytes(kind):
        raise FileUnfit(Unfit.TOO_LARGE)
    if kind in IMAGES:
        paint_anew(path, kind, keeps_position=keeps_position)
    elif kind is FileKind.PDF:
        look_through(path)
    else:
        settle_film(path, keeps_position=keeps_position)
    return kind
