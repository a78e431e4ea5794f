"""The logo by what is in it: a PNG is painted anew, an SVG is written anew out of shapes alone; else it is refused."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from PIL import Image, UnidentifiedImageError

from claims_core.errors import Misconfigured

LONGEST_FILE, MOST_BYTES = 256 * 1024, 8 * 1024  # the second of what every first visit loads beside a page
BOX = (480, 120)  # pixels of a PNG; it is shown 26 high, three times that on a good screen
MOST_PIXELS = 4_000_000
_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset({
    "svg", "g", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "linearGradient",
    "radialGradient", "stop", "clipPath",
})  # fmt: skip
_DROPPED = frozenset({"title", "desc", "metadata"})
_MANNERS = frozenset({
    "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "d",
    "points", "id", "offset", "transform", "version", "opacity", "fill", "fill-opacity", "fill-rule", "stroke",
    "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-dasharray",
    "stroke-dashoffset", "stop-color", "stop-opacity", "gradientUnits", "gradientTransform", "spreadMethod",
    "clip-path", "clip-rule", "clipPathUnits", "preserveAspectRatio",
})  # fmt: skip
_INSIDE = re.compile(r"\s*url\(\s*#[\w.-]+\s*\)\s*")
_FOREIGN_VALUE = re.compile(r"url|script|expression|@|\\|&", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)(?:px)?\s*")


@dataclass(frozen=True, slots=True)
class Logo:
    """A logo as it leaves us: its bytes, what they are, and its width for a height of one."""

    body: bytes
    kind: str  # png, svg
    aspect: float

    @property
    def media_type(self) -> str:
        """As a browser is told."""
        return "image/png" if self.kind == "png" else "image/svg+xml"


def read_logo(path: Path) -> Logo:
    """The logo of a file. Raises `Misconfigured` with what is wrong and how to mend it."""
    try:
        with path.open("rb") as file:
            body = file.read(LONGEST_FILE + 1)
    except OSError as error:
        raise Misconfigured(f"PORTAL_BRAND_FILE: logo {path} cannot be read: {error.strerror}") from None
    try:
        if len(body) > LONGEST_FILE:
            raise ValueError(f"has more than {LONGEST_FILE // 1024} KB")
        made = _painted(body) if body.startswith(b"\x89PNG\r\n\x1a\n") else _written(body)
        if len(made.body) > MOST_BYTES:
            raise ValueError(
                f"has {len(made.body)} bytes after all that is not needed was left out; {MOST_BYTES} may be"
            )
        if not 0.25 <= made.aspect <= 8:
            raise ValueError(f"is {made.aspect:.2f} times as wide as high; from a quarter to eight times will do")
    except ValueError as error:
        raise Misconfigured(f"PORTAL_BRAND_FILE: logo {path} {error}") from None
    return made


def _painted(body: bytes) -> Logo:
    try:
        with Image.open(io.BytesIO(body), formats=("PNG",)) as found:
            if found.width * found.height > MOST_PIXELS:
                raise ValueError(f"has {found.width} times {found.height} pixels")
            picture = found.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError):
        raise ValueError("is a broken PNG") from None
    picture.thumbnail(BOX)
    written = io.BytesIO()
    picture.save(written, "PNG", optimize=True)
    if written.tell() > MOST_BYTES:
        written = io.BytesIO()
        picture.quantize(64).save(written, "PNG", optimize=True)
    return Logo(written.getvalue(), "png", picture.width / picture.height)


def _written(body: bytes) -> Logo:
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException):
        raise ValueError("is neither a PNG nor an SVG without a document type") from None
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("is no SVG")
    aspect = _aspect(root)
    register_namespace("", _SVG)
    try:
        return Logo(tostring(_clean(root), encoding="utf-8"), "svg", aspect)
    except RecursionError:
        raise ValueError("has parts in parts without end") from None


def _aspect(root: Element) -> float:
    box = [_LENGTH.fullmatch(part) for part in root.get("viewBox", "").replace(",", " ").split()[2:]]
    sides = box if len(box) == 2 else [_LENGTH.fullmatch(root.get(side, "")) for side in ("width", "height")]
    if not all(sides) or not all(float(side[1]) > 0 for side in sides if side):
        raise ValueError("says no size: it needs a viewBox, or a width and a height in pixels")
    width, height = (float(side[1]) for side in sides if side)
    return width / height


def _clean(element: Element) -> Element:
    """The element with what we know of it and below it; raises ValueError for what a logo may not have."""
    made = Element(element.tag, dict(_manners(element)))
    for child in element:
        space, _, name = str(child.tag)[1:].rpartition("}")
        if space != _SVG or name in _DROPPED:
            continue  # what a drawing program keeps for itself, a comment
        if name not in _SHAPES:
            raise ValueError(f"holds <{name}>: a logo is made of shapes alone; turn texts into paths, embed no picture")
        made.append(_clean(child))
    return made


def _manners(element: Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name in ("style", "class"):
            raise ValueError(f"has a {name}: save it with presentation attributes")
        if name not in _MANNERS:
            if name.lower().startswith("on") or name.endswith("href"):
                raise ValueError(f"has {name.rpartition('}')[2]}: a logo does nothing and points nowhere")
            continue
        if _FOREIGN_VALUE.search(value) and not _INSIDE.fullmatch(value):
            raise ValueError(f"has {name}={value[:40]!r}: it may point to its own parts alone")
        yield name, value
