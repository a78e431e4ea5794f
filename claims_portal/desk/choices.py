"""The options of a filter of the desk, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from claims_portal.desk.says import Says

Key = TypeVar("Key", bound=str)


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter; `key` is its word in the address."""

    key: str
    word: str
    chosen: bool


def choices(words: Mapping[Key, str], chosen: str | None, says: Says) -> tuple[Choice, ...]:
    """The options in the order of `words`, which names each in English."""
    return tuple(Choice(str(key), says.told(word), key == chosen) for key, word in words.items())
