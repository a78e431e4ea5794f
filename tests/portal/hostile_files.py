"""A hundred and sixty files that mean harm, and those that are only odd: what people may not make us keep or show."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from PIL import ExifTags, Image, PngImagePlugin
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

PLACE = "+55.7558+037.6173/"


def a_jpeg(size: tuple[int, int] = (80, 60), *, position: bool = False, comment: bytes = b"") -> bytes:
    """A photo; with `position` it says where it was taken."""
    notes = Image.Exif()
    notes[ExifTags.Base.Make] = "Camera"
    if position:
        notes[ExifTags.IFD.GPSInfo] = {1: "N", 2: (55.0, 45.0, 20.0), 3: "E", 4: (37.0, 37.0, 2.0)}
    out = io.BytesIO()
    Image.new("RGB", size, (120, 20, 30)).save(out, "JPEG", exif=notes, comment=comment)
    return out.getvalue()


def a_png(size: tuple[int, int] = (60, 40), **chunks: str) -> bytes:
    """A picture with words in its notes."""
    notes, out = PngImagePlugin.PngInfo(), io.BytesIO()
    for name, text in chunks.items():
        notes.add_text(name, text)
    Image.new("RGBA", size, (0, 90, 200, 128)).save(out, "PNG", pnginfo=notes)
    return out.getvalue()


def a_pdf(pages: int = 1, *, catalog: dict[str, object] | None = None, password: str | None = None) -> bytes:
    """A PDF of blank pages; `catalog` is put into its root."""
    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    for name, value in (catalog or {}).items():
        writer.root_object[NameObject(name)] = value  # type: ignore[index]
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def acting(kind: str, **more: str) -> DictionaryObject:
    """An act of a PDF, as it is opened."""
    return DictionaryObject(
        {NameObject("/S"): NameObject(kind)}
        | {NameObject(f"/{key}"): TextStringObject(text) for key, text in more.items()}
    )


def box(name: bytes, held: bytes = b"") -> bytes:
    """A box of a film."""
    return struct.pack(">I4s", len(held) + 8, name) + held


def a_film(brand: bytes = b"isom", place: str = "") -> bytes:
    """A film in as few boxes as there can be; `place` is where it was taken."""
    told = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0x15C7) + place.encode())) if place else b""
    return box(b"ftyp", brand + bytes(8)) + box(b"moov", box(b"mvhd", bytes(100)) + told) + box(b"mdat", bytes(500))


def a_zip() -> bytes:
    """An archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.sh", "#!/bin/sh\n" * 100)
    return out.getvalue()


def an_endless_png(side: int) -> bytes:
    """A PNG that says it has `side` × `side` dots."""
    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
FOREIGN = {
    "html": HTML,
    "svg": SVG,
    "xml": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "zip": a_zip(),
    "gzip": b"\x1f\x8b\x08" + bytes(60),
    "rar": b"Rar!\x1a\x07\x01\x00" + bytes(60),
    "7z": b"7z\xbc\xaf\x27\x1c" + bytes(60),
    "exe": b"MZ" + bytes(100),
    "elf": b"\x7fELF" + bytes(100),
    "mach-o": b"\xcf\xfa\xed\xfe" + bytes(100),
    "class": b"\xca\xfe\xba\xbe" + bytes(60),
    "sh": b"#!/bin/sh\nrm -rf /\n",
    "bat": b"@echo off\r\ndel *.*\r\n",
    "js": b"fetch('//evil.example')",
    "php": b"<?php system($_GET['c']);",
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "rtf": b"{\\rtf1\\object}",
    "csv": b"=cmd|' /C calc'!A0\n",
    "lnk": b"L\0\0\0\x01\x14\x02" + bytes(60),
    "gif": b"GIF89a" + bytes(60),
    "bmp": b"BM" + bytes(60),
    "tiff": b"II*\0" + bytes(60),
    "webp": b"RIFF\x10\0\0\0WEBPVP8 " + bytes(60),
    "psd": b"8BPS" + bytes(60),
    "ps": b"%!PS-Adobe-3.0\n",
    "avi": b"RIFF\x10\0\0\0AVI " + bytes(60),
    "mkv": b"\x1a\x45\xdf\xa3" + bytes(60),
    "swf": b"FWS\x08" + bytes(60),
    "sqlite": b"SQLite format 3\0" + bytes(60),
    "eicar": b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR",
    "nulls": bytes(5000),
    "text": b"hello",
    "one": b"x",
    "bom": b"\xff\xfe<\0s\0c\0r\0",
    "avif": box(b"ftyp", b"avif" + bytes(8)),
}
ACTS = ("/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/GoToE", "/RichMediaExecute")
NAMES = (
    "../../../etc/passwd",
    "..\\..\\windows\\system32\\evil.exe",
    "/etc/cron.d/evil",
    "C:\\autoexec.bat",
    "a\0.jpg",
    "\r\nSet-Cookie: a=b.jpg",
    "<script>alert(1)</script>.jpg",
    '"; filename="evil.html',
    "photo.jpg.html",
    "photo.html\u202egpj",
    "." * 300,
    "x" * 5000 + ".jpg",
    "con",
    "NUL.jpg",
    "~root",
    "%2e%2e%2f",
    "$(reboot).jpg",
    "`id`.jpg",
    "{{7*7}}.jpg",
    "фото.jpg",
    " ",
    ".",
    "..",
    ".htaccess",
)


def hostile() -> Iterator[tuple[str, str, bytes]]:
    """What it is, its name, its bytes. None of these may be taken as sound."""
    for kind, held in FOREIGN.items():
        yield f"{kind} as it is", f"file.{kind}", held
        yield f"{kind} called a photo", "photo.jpg", held
    for name, start in (("jpeg", b"\xff\xd8\xff\xe0"), ("png", b"\x89PNG\r\n\x1a\n"), ("pdf", b"%PDF-1.7\n")):
        for kind in ("html", "svg", "zip", "exe", "php", "js", "nulls", "text"):
            yield f"{kind} behind the first bytes of {name}", f"a.{name}", start + FOREIGN[kind]
    for brand in (b"heic", b"mif1", b"isom", b"qt  "):
        for kind in ("html", "nulls", "zip"):
            yield f"{kind} behind ftyp {brand.decode()}", "a.bin", box(b"ftyp", brand + bytes(8)) + FOREIGN[kind]
    for act in ACTS:
        yield (
            f"a PDF that does {act} when opened",
            "a.pdf",
            a_pdf(catalog={"/OpenAction": acting(act, JS="app.alert(1)", F="a")}),
        )
        yield (
            f"a PDF that does {act} on a page",
            "a.pdf",
            a_pdf(catalog={"/AA": DictionaryObject({NameObject("/WC"): acting(act)})}),
        )
    for key in ("/JS", "/EmbeddedFiles", "/XFA", "/RichMedia"):
        yield f"a PDF with {key}", "a.pdf", a_pdf(catalog={key: TextStringObject("x")})
    yield "a PDF with a password", "a.pdf", a_pdf(password="secret")
    yield "a PDF of 101 pages", "a.pdf", a_pdf(101)
    yield "a PDF that is an archive, too", "a.pdf", a_pdf() + a_zip()
    yield "a PDF without pages", "a.pdf", a_pdf(0)
    for side in (9_000, 20_000, 65_000, 2_000_000_000):
        yield f"a PNG of {side} × {side} dots", "a.png", an_endless_png(side)
    whole = {"jpeg": a_jpeg((400, 300)), "pdf": a_pdf(3), "mp4": a_film(), "mov": a_film(b"qt  ")}
    for name, held in whole.items():
        for part in (2, 3, 10, 30):
            yield f"a {name} cut to one part in {part}", f"a.{name}", held[: max(len(held) // part, 12)]
    for length in (0, 1, 7, 2**31, 2**32 - 1):
        yield (
            f"a film with a box of {length}",
            "a.mp4",
            box(b"ftyp", b"isom" + bytes(8)) + struct.pack(">I4s", length, b"moov") + bytes(20),
        )
    yield "a film in ten thousand boxes", "a.mp4", box(b"ftyp", b"isom") + box(b"free") * 10_000
    yield "a film with html behind it", "a.mp4", a_film() + HTML
    yield "nothing", "a.jpg", b""


def odd_but_sound() -> Iterator[tuple[str, str, bytes]]:
    """Good files with bad manners: taken, and what they carry beside the picture is gone."""
    for name in NAMES:
        yield f"a photo called {name[:20]!r}", name, a_jpeg()
    yield "a photo with html in its notes", "a.jpg", a_jpeg(comment=HTML)
    yield "a photo that is an archive, too", "a.jpg", a_jpeg() + a_zip()
    yield "a photo with html behind it", "a.jpg", a_jpeg() + HTML
    yield "a picture with a script in its words", "a.png", a_png(Comment=HTML.decode())
    yield "a picture with php behind it", "a.png", a_png() + FOREIGN["php"]
