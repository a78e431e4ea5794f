"""A picture that somebody sent, painted anew: nothing but its dots goes on, and the position only by consent."""

from pathlib import Path

import pillow_heif
from PIL import ExifTags, Image, ImageOps

from claims_portal.uploads.kinds import FileKind
from claims_portal.uploads.unfit import FileUnfit, Unfit

pillow_heif.register_heif_opener()
# Cameras of telephones make 12 to 50 million dots; each is three bytes of memory while it is painted.
MOST_DOTS = 64_000_000
# Larger than this no handler looks at: a side longer than that is painted smaller.
LONGEST_SIDE = 6000
QUALITY = 88
_OPENED_AS = {FileKind.JPEG: ("JPEG", "MPO"), FileKind.PNG: ("PNG",), FileKind.HEIC: ("HEIF",)}


def paint_anew(path: Path, kind: FileKind, *, keeps_position: bool) -> None:
    """Replace the picture at `path` by its own dots. Raises `FileUnfit` when it cannot be opened as `kind`."""
    try:
        with Image.open(path, formats=None if kind is FileKind.HEIC else _OPENED_AS[kind]) as picture:
            if picture.format not in _OPENED_AS[kind]:
                raise FileUnfit(Unfit.ANOTHER_KIND)
            if picture.width * picture.height > MOST_DOTS:
                raise FileUnfit(Unfit.TOO_MANY_DOTS)
            picture.load()
            position = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo) if keeps_position else {}
            painted = ImageOps.exif_transpose(picture)
            painted.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            _save(painted, path, kind, position)
    except FileUnfit:
        raise
    except Image.DecompressionBombError:
        raise FileUnfit(Unfit.TOO_MANY_DOTS) from None
    except Exception as problem:  # whatever a decoder stumbles over: the file is at fault, and is told so
        raise FileUnfit(Unfit.DAMAGED) from problem


def _save(picture: Image.Image, path: Path, kind: FileKind, position: dict[int, object]) -> None:
    """Only dots: a new picture has no notes, colour tables or previews of the old one."""
    with_holes = kind is FileKind.PNG and "A" in picture.getbands()
    dots = picture.convert("RGBA" if with_holes else "RGB")
    bare = Image.frombytes(dots.mode, dots.size, dots.tobytes())
    notes = Image.Exif()
    if position:
        notes[ExifTags.IFD.GPSInfo] = position
    # Beside it first: a process that ends in the middle leaves the picture as it came.
    anew = path.with_suffix(".new")
    if kind is FileKind.PNG:
        bare.save(anew, "PNG", exif=notes)
    else:
        bare.save(anew, "JPEG", quality=QUALITY, exif=notes)
    anew.replace(path)
