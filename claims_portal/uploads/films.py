"""A film that somebody sent: its boxes must fill the file, and its place is wiped without consent."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from claims_portal.uploads.unfit import FileUnfit, Unfit

# The directory of a film of 200 MB has some megabytes; it is read whole.
MOST_DIRECTORY = 32 * 2**20
MOST_BOXES = 100_000
_NAMED = re.compile(rb"[A-Za-z0-9 \xa9]{4}")
# ISO 6709, as telephones write it into a film: +55.7558+037.6173+144.000/
_PLACE = re.compile(rb"[+-]\d{2}(?:\d{2}){0,2}(?:\.\d+)?[+-]\d{3}(?:\d{2}){0,2}(?:\.\d+)?(?:[+-]\d+(?:\.\d+)?)?/")


def settle_film(path: Path, *, keeps_position: bool) -> None:
    """Raise `FileUnfit` unless the boxes at `path` are a whole film; wipe its place in it unless it may stay."""
    with path.open("r+b") as film:
        boxes = list(_boxes(film, path.stat().st_size))
        names = [name for name, _, _ in boxes]
        if "ftyp" not in names[:1] or names.count("moov") != 1 or "mdat" not in names:
            raise FileUnfit(Unfit.DAMAGED)
        for name, begin, length in boxes:
            if name != "mdat":
                _settle(film, begin, length, keeps_position=keeps_position)


def _settle(film: BinaryIO, begin: int, length: int, *, keeps_position: bool) -> None:
    if length > MOST_DIRECTORY:
        raise FileUnfit(Unfit.DAMAGED)
    film.seek(begin)
    held = film.read(length)
    wiped = held if keeps_position else _PLACE.sub(lambda found: re.sub(rb"\d", b"0", found.group()), held)
    if wiped != held:
        film.seek(begin)
        film.write(wiped)


def _boxes(film: BinaryIO, size: int) -> Iterator[tuple[str, int, int]]:
    """Name, place and length of what is in each box. Raises `FileUnfit` where they do not fill the file exactly."""
    at, count = 0, 0
    while at < size:
        film.seek(at)
        head = film.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at  # the last box goes on to the end
        count += 1
        if length < header or at + length > size or not _NAMED.fullmatch(head[4:8]) or count > MOST_BOXES:
            raise FileUnfit(Unfit.DAMAGED)
        yield head[4:8].decode("latin-1"), at + header, length - header
        at += length
