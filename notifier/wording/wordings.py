"""The wordings a policyholder agrees to: every version ever shown, in both languages (pure)."""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from claims_core.errors import NotFound
from notifier.states import Arm


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording in one language. `text` has a place for `{end}`, the last day of the pilot."""

    version: str
    title: str
    text: str
    data: str
    check: str
    button: str


# What a wording names as drawn; one that is not here names no cadence and is true of all.
SAYS = {"pilot-1": {Arm.ESSENTIAL, Arm.FREQUENT}}


@cache
def _versions() -> dict[str, dict[str, dict[str, str]]]:
    return tomllib.loads(Path(__file__).with_name("wordings.toml").read_text(encoding="utf-8"))


def wording(version: str, language: str) -> Wording:
    """The wording `version` in `language`; raises `NotFound` if it was never shown."""
    try:
        return Wording(version=version, **_versions()[version][language])
    except KeyError as error:
        raise NotFound(f"there is no wording {version} in {language}") from error


def wording_for(arms: Collection[Arm]) -> str:
    """The first wording that is true of these arms: whoever agrees must know between what is drawn."""
    return next(version for version in versions() if is_true_of(version, arms))


def is_true_of(version: str, arms: Collection[Arm]) -> bool:
    """Does this wording say between what is drawn?"""
    return set(arms) <= SAYS.get(version, set(Arm))


def versions() -> list[str]:
    """The wordings there are, the oldest first."""
    return list(_versions())
