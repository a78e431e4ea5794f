"""What is asked of the trail: an address that can be shared; what cannot be read in it narrows nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from claims_portal.desk.audit.words import ACTS
from claims_portal.desk.filters import to_search

_PLACE = re.compile(r"(\d{1,16})_([01])_(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Part(StrEnum):
    """Which half of the trail."""

    ALL = ""
    ACTS = "acts"
    LOOKS = "looks"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a row stands in the trail: its moment, whether it is an act (1) or a look (0), and its number."""

    at: datetime
    act: int
    id: int

    @property
    def word(self) -> str:
        """The place in an address."""
        return f"{(self.at - _EPOCH) // timedelta(microseconds=1)}_{self.act}_{self.id}"


def step_from(word: str) -> Step | None:
    """The place that an address names; None for anything else."""
    found = _PLACE.fullmatch(word)
    if found is None:
        return None
    try:
        return Step(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]), int(found[3]))
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class TrailFilters:
    """Who, which claim, what kind, from which day to which; `after` is the last row of the page before."""

    person: str = ""
    claim: str = ""
    part: Part = Part.ALL
    act: str = ""
    since: date | None = None
    until: date | None = None
    after: Step | None = None

    @property
    def is_narrowed(self) -> bool:
        """Does it show less than everything?"""
        return replace(self, after=None) != TrailFilters()

    def address(self, path: str = "/desk/audit", *, after: Step | None = None) -> str:
        """The address with these filters. No claim number and no name stands in it but what somebody typed."""
        words = {
            "person": self.person,
            "claim": self.claim,
            "part": self.part.value,
            "act": self.act,
            "since": self.since,
            "until": self.until,
            "after": after.word if after else None,
        }
        said = urlencode({name: word for name, word in words.items() if word})
        return f"{path}?{said}" if said else path


def trail_filters(words: Mapping[str, str]) -> TrailFilters:
    """The filters of an address."""
    part, act = words.get("part", ""), words.get("act", "")
    return TrailFilters(
        person=to_search(words.get("person", "")),
        claim=to_search(words.get("claim", "")),
        part=Part(part) if part in set(Part) else Part.ALL,
        act=act if act in ACTS else "",
        since=_day(words.get("since", "")),
        until=_day(words.get("until", "")),
        after=step_from(words.get("after", "")),
    )


def _day(word: str) -> date | None:
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return None
    return day if 1971 <= day.year <= 9000 else None
