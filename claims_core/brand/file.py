"""The file of a brand (PORTAL_BRAND_FILE): TOML with colours for both themes, a logo and texts in both languages."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from claims_core.brand.colours import THEMES, TOKENS, faults
from claims_core.errors import Misconfigured

LONGEST_FILE = 64 * 1024
# What an insurer may say in its own words, and how long it may be; everything else is ours, in our tone.
TEXTS = {"name": 60, "hours": 80, "complaint": 400, "footer": 400}


def _is_text(text: str) -> str:
    """Printed as it is: no mark-up, no values, one line."""
    if not text.strip():
        raise ValueError("is empty")
    odd = [sign for sign in text.strip() if sign in "{}<>" or not (sign.isprintable() or sign == "\u00a0")]
    if odd:
        raise ValueError(f"may not hold {odd[0]!r}: a text is one line of plain words")
    return text.strip()


_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$", max_length=7)]


class Texts(BaseModel):
    """Texts in one language; what is left out stays ours."""

    model_config = _STRICT

    name: Annotated[str, Field(max_length=TEXTS["name"]), AfterValidator(_is_text)] | None = None
    hours: Annotated[str, Field(max_length=TEXTS["hours"]), AfterValidator(_is_text)] | None = None
    complaint: Annotated[str, Field(max_length=TEXTS["complaint"]), AfterValidator(_is_text)] | None = None
    footer: Annotated[str, Field(max_length=TEXTS["footer"]), AfterValidator(_is_text)] | None = None


class _InBothLanguages(BaseModel):
    model_config = _STRICT

    ru: Texts = Texts()
    en: Texts = Texts()


def _is_whole(palette: dict[str, str]) -> dict[str, str]:
    if odd := set(palette) ^ set(TOKENS):
        raise ValueError(f"names all eight colours and no other; look at {', '.join(sorted(odd))}")
    return palette


Palette = Annotated[dict[str, Colour], AfterValidator(_is_whole)]


class _File(BaseModel):
    model_config = _STRICT

    logo: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    logo_says_name: bool = False
    light: Palette | None = None
    dark: Palette | None = None
    texts: _InBothLanguages = _InBothLanguages()


class Brand(BaseModel):
    """A brand that was looked at: its colours can be read. `logo` is where the picture lies, not yet looked into."""

    model_config = ConfigDict(frozen=True)

    colours: dict[str, dict[str, str]] = Field(default_factory=dict)
    logo: Path | None = None
    logo_says_name: bool = False
    texts: dict[str, Texts] = Field(default_factory=dict)

    def text(self, name: str, language: str, default: str = "") -> str:
        """The insurer's own words for `name` (one of `TEXTS`), or `default` where it has none."""
        said: str | None = getattr(self.texts.get(language, Texts()), name)
        return default if said is None else said


def read_brand(path: Path | None) -> Brand:
    """The brand of a file; ours without one. Raises `Misconfigured` that names all that must be mended."""
    if path is None:
        return Brand()
    known = _parsed(path)
    colours = {theme: palette for theme in THEMES if (palette := getattr(known, theme)) is not None}
    wrong = [fault for theme, palette in colours.items() for fault in faults(theme, palette)]
    if len(colours) == 1:
        wrong.append(
            "colours are given for one theme alone: a reader's device chooses, so [light] and [dark] are needed"
        )
    wrong += [f"texts: {name} is there in one language alone" for name in TEXTS if _is_in_one_alone(known.texts, name)]
    if wrong:
        raise Misconfigured(f"PORTAL_BRAND_FILE {path}: {'; '.join(wrong)}")
    logo = path.parent / known.logo if known.logo else None
    texts = {"ru": known.texts.ru, "en": known.texts.en}
    return Brand(colours=colours, logo=logo, logo_says_name=known.logo_says_name, texts=texts)


def _parsed(path: Path) -> _File:
    where = f"PORTAL_BRAND_FILE {path}"
    try:
        with path.open("rb") as file:
            body = file.read(LONGEST_FILE + 1)
        if len(body) > LONGEST_FILE:
            raise Misconfigured(f"{where}: is longer than {LONGEST_FILE} bytes")
        return _File.model_validate(tomllib.loads(body.decode("utf-8")))
    except OSError as error:
        raise Misconfigured(f"{where}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise Misconfigured(f"{where}: {'; '.join(map(_said, error.errors()))}") from None
    # Not TOML, not UTF-8, a number of a million digits, a thousand brackets in one another.
    except (ValueError, RecursionError) as error:
        raise Misconfigured(f"{where}: is no TOML: {str(error)[:200]}") from None


def _said(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    return f"{where}: {fault['msg'].removeprefix('Value error, ')}"


def _is_in_one_alone(texts: _InBothLanguages, name: str) -> bool:
    return (getattr(texts.ru, name) is None) is not (getattr(texts.en, name) is None)
