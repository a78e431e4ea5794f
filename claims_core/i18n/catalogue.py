"""The words of pages in both languages: English in the code, Russian in `locale/ru/LC_MESSAGES/claims.po`.

The .po file is read as it is; there is no compiled file to forget.
"""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from claims_core.files import folder

LANGUAGES = ("ru", "en")
Translations = NullTranslations


def marked(text: str) -> str:
    """`text` itself: marks the words of a table for the catalogue, where they are said later."""
    return text


def language_or_default(language: str | None, default: str = "ru") -> str:
    """`language` if we speak it, else `default`."""
    return language if language in LANGUAGES else default


@lru_cache
def translations(language: str) -> Translations:
    """What says English msgids in `language`: `.gettext(msgid)`, `.ngettext(one, many, n)`. Held for good."""
    if language == "en":
        return NullTranslations()
    path = folder("locale") / language / "LC_MESSAGES" / "claims.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
