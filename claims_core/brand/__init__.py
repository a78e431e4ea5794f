"""How an insurer looks and speaks in its own name: colours that can be read, a logo, a few texts (ADR 76)."""

from claims_core.brand.colours import PAIRS, THEMES, TOKENS, faults, hero_line, ratio
from claims_core.brand.file import TEXTS, Brand, Texts, read_brand

__all__ = [
    "PAIRS",
    "TEXTS",
    "THEMES",
    "TOKENS",
    "Brand",
    "Texts",
    "faults",
    "hero_line",
    "ratio",
    "read_brand",
]
