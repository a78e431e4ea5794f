"""The words of pages in both languages: English in the code, Russian in the `.po` files of `locale/ru/LC_MESSAGES`.

The files are read as they are and merged; there is no compiled file to forget.
"""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO

from babel.messages.catalog import Catalog
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


@lru_cache(maxsize=10_000)
def translated(language: str, msgid: str) -> str:
    """`msgid` in `language`; a page says a hundred of them, so they are kept."""
    return translations(language).gettext(msgid)


@lru_cache
def translations(language: str) -> Translations:
    """What says English msgids in `language`: `.gettext(msgid)`, `.ngettext(one, many, n)`. Held for good."""
    if language == "en":
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def read_catalogue(language: str) -> Catalog:
    """The words of all `.po` files of a language; what two files say is said as in the first by name."""
    files = sorted((folder("locale") / language / "LC_MESSAGES").glob("*.po"))
    merged, *others = (read_po(BytesIO(path.read_bytes()), locale=language) for path in files)
    for other in others:
        for message in other:
            if message.id and message.id not in merged:
                merged[message.id] = message
    return merged
