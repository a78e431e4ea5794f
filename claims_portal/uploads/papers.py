"""A PDF that somebody sent, looked through: pages counted, programs and files inside it refused."""

from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from claims_portal.uploads.unfit import FileUnfit, Unfit

MOST_PAGES = 100
MOST_OBJECTS = 200_000
_PROGRAMS = frozenset({"/JS", "/EmbeddedFiles", "/EmbeddedFile", "/XFA", "/RichMedia", "/RichMediaContent"})
_ACTS = frozenset({"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/GoToE", "/RichMediaExecute"})
_KINDS = frozenset({"/RichMedia", "/EmbeddedFile", "/3D", "/Movie"})
# An archive ends with this; a PDF that is one, too, is neither.
_ARCHIVE, _TAIL = b"PK\x05\x06", 66_000


def look_through(path: Path) -> None:
    """Raise `FileUnfit` unless the file at `path` is a PDF of at most `MOST_PAGES` plain pages without a password."""
    if _ARCHIVE in path.read_bytes()[-_TAIL:]:
        raise FileUnfit(Unfit.ACTIVE)
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted:
            raise FileUnfit(Unfit.LOCKED)
        pages = len(reader.pages)
        active = _is_active(reader)
    except FileUnfit:
        raise
    except Exception as problem:  # whatever the reader stumbles over: the file is at fault, and is told so
        raise FileUnfit(Unfit.DAMAGED) from problem
    if pages == 0:
        raise FileUnfit(Unfit.EMPTY)
    if pages > MOST_PAGES:
        raise FileUnfit(Unfit.TOO_MANY_PAGES)
    if active:
        raise FileUnfit(Unfit.ACTIVE)


def _is_active(reader: PdfReader) -> bool:
    """Does anything in it act, or carry another file? Every object is looked at, reachable or not."""
    numbers = {(number, generation) for generation, found in reader.xref.items() for number in found}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MOST_OBJECTS:
        raise FileUnfit(Unfit.DAMAGED)
    left: list[Any] = [IndirectObject(number, generation, reader).get_object() for number, generation in numbers]
    left.append(reader.trailer)
    while left:
        one = left.pop()
        if isinstance(one, ArrayObject):
            left += one
        elif isinstance(one, DictionaryObject):
            if _acts(one):
                return True
            left += one.values()
    return False


def _acts(one: DictionaryObject) -> bool:
    act, kind = one.raw_get("/S") if "/S" in one else None, one.raw_get("/Subtype") if "/Subtype" in one else None
    named = one.raw_get("/Type") if "/Type" in one else None
    return bool(_PROGRAMS & one.keys()) or act in _ACTS or kind in _KINDS or named in _KINDS
