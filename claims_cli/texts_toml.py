"""Texts of messages as a TOML file: a table a text, named as people name it."""

import json
import tomllib
from collections.abc import Mapping

from claims_core.errors import BadInput
from notifier.versions.editing import Place, named, place_of

_QUOTES = "'''"


def to_toml(texts: Mapping[Place, str]) -> str:
    """A file that `from_toml` reads back as the same texts."""
    return "\n".join(f'["{named(place)}"]\ntext = {_quoted(texts[place])}\n' for place in sorted(texts))


def from_toml(text: str) -> dict[Place, str]:
    """The texts of a file. Raises `BadInput` that says what is wrong in it, `NotFound` for a text that there is not."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the file is no TOML: {error}") from error
    found = {}
    for name, table in tables.items():
        if not isinstance(table, dict) or table.keys() != {"text"} or not isinstance(table["text"], str):
            raise BadInput(f'["{name}"] must hold `text = "…"` and nothing else')
        found[place_of(name)] = table["text"]
    return found


def _quoted(source: str) -> str:
    """As it reads best: line by line where the quotes allow it."""
    if _QUOTES in source or source.endswith("'"):
        return json.dumps(source, ensure_ascii=False)
    return f"{_QUOTES}\n{source}{_QUOTES}"
