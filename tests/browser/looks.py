"""How a page may be looked at, and what becomes of its pictures: where they lie, the sheet of all, the few we keep."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import product
from pathlib import Path

from PIL import Image


@dataclass(frozen=True)
class Look:
    """One way to look at a page."""

    language: str
    theme: str
    width: int

    @property
    def name(self) -> str:
        """`ru-dark-320`."""
        return f"{self.language}-{self.theme}-{self.width}"

    @property
    def height(self) -> int:
        """How much of the page such a screen shows at once."""
        return 844 if self.width < 800 else 900

    def path(self, folder: Path, name: str) -> Path:
        """Where the picture of `name` lies."""
        return folder / f"{name}-{self.name}.png"


LOOKS = tuple(Look(*each) for each in product(("ru", "en"), ("light", "dark"), (320, 390, 1280)))
# What a newcomer sees in README and docs: the page, how it was looked at, and the name it is kept under.
KEPT = (
    ("claim-awaiting", Look("ru", "light", 390), "claim-ru-phone"),
    ("claim-awaiting", Look("ru", "dark", 390), "claim-ru-phone-dark"),
    ("claim-declined", Look("en", "light", 390), "claim-en-declined"),
    ("desk-claim-approve", Look("en", "light", 1280), "desk-claim-en"),
    ("desk-queue", Look("ru", "dark", 1280), "desk-queue-ru-dark"),
    ("desk-call", Look("ru", "light", 1280), "desk-call-ru"),
    ("desk-pilot", Look("en", "light", 1280), "desk-pilot-en"),
)
_COLOURS = 96  # as many as leave no step in a tint of ours, at a third of the bytes


def keep(taken: Path, kept: Path, look: Look) -> None:
    """The first screen of a picture that was taken, with few colours: some 25 KB."""
    with Image.open(taken) as whole:
        screen = whole.convert("RGB").crop((0, 0, look.width, min(whole.height, look.height)))
        screen.quantize(_COLOURS, dither=Image.Dither.NONE).save(kept, optimize=True)


def sheet(names: Iterable[str]) -> str:
    """A page of HTML with every picture of a folder, a row a page, for a person to go through."""
    head = "".join(f"<th>{look.name}" for look in LOOKS)
    rows = "".join(f"<tr><th>{escape(name)}{''.join(map(_cell, [name] * len(LOOKS), LOOKS))}" for name in names)
    return (
        "<!doctype html><meta charset=utf-8><title>Pictures</title>"
        "<style>img{width:15rem;vertical-align:top}th{text-align:start}td{vertical-align:top}</style>"
        f"<table><tr><th>{head}{rows}</table>\n"
    )


def _cell(name: str, look: Look) -> str:
    address = escape(look.path(Path(), name).name)
    return f'<td><a href="{address}"><img loading="lazy" src="{address}" alt="{address}"></a>'
