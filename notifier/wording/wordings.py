"""The wordings a policyholder agrees to: every version ever shown, in both languages (pure)."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from claims_core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording in one language. `text` has a place for `{end}`, the last day of the pilot."""

    version: str
    title: str
    text: str
    data: str
    check: str
    button: str


@cache
def _versions() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("wordings.toml").read_text(encoding="utf-8"))


def wording(version: str, language: str) -> Wording:
    """The wording `version` in `language`; raises `NotFound` if it was never shown."""
    try:
        return Wording(version=version, **_versions()[version][language])
    except KeyError as error:
        raise NotFound(f"there is no wording {version} in {language}") from error


def versions() -> list[str]:
    """The wordings there are, the oldest first."""
    return list(_versions())
