"""The eight colours of a brand, and which pairs of them and of ours must be told apart (WCAG 2.2, 1.4.3, 1.4.11)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

THEMES = ("light", "dark")
TOKENS = ("brand", "brand-hover", "brand-tint", "on-brand", "hero", "on-hero", "on-hero-2", "accent")
# What of our own stylesheet stands beside them; a test compares it with the file.
OURS: dict[str, dict[str, str]] = {
    "light": {"ink": "#0F2024", "ink-2": "#3F5257", "link": "#0A5565", "surface": "#FFFFFF", "on-accent": "#241A00"},
    "dark": {"ink": "#E9F1F2", "ink-2": "#B9C9CC", "link": "#8AD3E1", "surface": "#132023", "on-accent": "#241A00"},
}
TEXT, MARK = 4.5, 3.0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that lie on one another, the ratio they need, and where they are seen."""

    front: str
    back: str
    needed: float
    where: str


PAIRS = (
    Pair("on-brand", "brand", TEXT, "the words of a button"),
    Pair("on-brand", "brand-hover", TEXT, "the words of a button under the pointer"),
    Pair("brand", "brand-tint", TEXT, "what is chosen, on its tint"),
    Pair("ink", "brand-tint", TEXT, "the reader's own messages"),
    Pair("ink-2", "brand-tint", TEXT, "who wrote a message, and when"),
    Pair("link", "brand-tint", TEXT, "a quiet button under the pointer"),
    Pair("on-hero", "hero", TEXT, "the headline"),
    Pair("on-hero-2", "hero", TEXT, "what stands below the headline"),
    Pair("on-accent", "accent", TEXT, "the mark beside the name"),
    Pair("accent", "hero", MARK, "our date in the strip of days"),
    Pair("brand", "surface", MARK, "a chosen box, a day that has passed"),
)


def ratio(one: str, other: str) -> float:
    """How far two colours (`#RRGGBB`) are apart, from 1 to 21, whichever is named first."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def faults(theme: str, palette: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each pair of a theme that cannot be told apart: which, what ratio it has and what it needs."""
    colours = OURS[theme] | dict(palette)
    for pair in PAIRS:
        found = ratio(colours[pair.front], colours[pair.back])
        if found < pair.needed:
            # Cut, not rounded: 4.499 must not read as 4.50 needs 4.5.
            yield (
                f"{theme}: {pair.front} {colours[pair.front]} on {pair.back} {colours[pair.back]} "
                f"has {int(found * 100) / 100:.2f}:1 and needs {pair.needed}:1 ({pair.where})"
            )


def hero_line(palette: Mapping[str, str]) -> str:
    """The days ahead in the strip: a quarter of the way from the panel to its words, seen on any panel."""
    parts = zip(_channels(palette["hero"]), _channels(palette["on-hero"]), strict=True)
    return "#" + "".join(f"{round(panel + (words - panel) / 4):02X}" for panel, words in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
