"""Which files we take, told by their first bytes alone; what a name or a browser says of a file counts for nothing."""

from enum import StrEnum

MEGABYTE = 2**20
# `ux.md` 1.7.6 and the settled sizes: photos and papers 10 MB, films 200 MB.
MOST_PAPER, MOST_FILM = 10 * MEGABYTE, 200 * MEGABYTE
# As many bytes as it takes to tell the kinds apart.
HEAD_BYTES = 64
# Of the processor, to open one file.
MOST_SECONDS = 30


class FileKind(StrEnum):
    """The kinds of files that we can open."""

    JPEG = "jpeg"
    PNG = "png"
    HEIC = "heic"
    PDF = "pdf"
    MP4 = "mp4"
    MOV = "mov"


IMAGES = frozenset({FileKind.JPEG, FileKind.PNG, FileKind.HEIC})
FILMS = frozenset({FileKind.MP4, FileKind.MOV})
MEDIA_TYPE = {
    FileKind.JPEG: "image/jpeg",
    FileKind.PNG: "image/png",
    FileKind.HEIC: "image/heic",
    FileKind.PDF: "application/pdf",
    FileKind.MP4: "video/mp4",
    FileKind.MOV: "video/quicktime",
}
# A HEIC is kept as a JPEG: everybody at the desk can open one.
KEPT_AS = {kind: kind for kind in FileKind} | {FileKind.HEIC: FileKind.JPEG}
SUFFIX = {kind: f".{kind.value}" for kind in FileKind} | {FileKind.JPEG: ".jpg"}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_MP4_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"3gp4", b"3gp5"}
)


def kind_of(head: bytes) -> FileKind | None:
    """The kind of a file that begins with `head` (`HEAD_BYTES` are enough); None for every other."""
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head.startswith(b"%PDF-"):
        return FileKind.PDF
    if head[4:8] != b"ftyp":
        return None
    brand = head[8:12]
    if brand in _HEIC_BRANDS:
        return FileKind.HEIC
    if brand == b"qt  ":
        return FileKind.MOV
    return FileKind.MP4 if brand in _MP4_BRANDS else None


def most_bytes(kind: FileKind) -> int:
    """How large a file of this kind may be."""
    return MOST_FILM if kind in FILMS else MOST_PAPER
