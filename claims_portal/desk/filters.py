"""The filters of the queue: an address that can be shared, and total: nonsense is no filter, never an error."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from claims_core.stages import LineOfBusiness, PageState

PAGE_SIZE = 200
LONGEST_SEARCH = 100
Kind = TypeVar("Kind", bound=StrEnum)


class Waiting(StrEnum):
    """For whom a claim waits, as a handler divides them."""

    US = "us"
    POLICYHOLDER = "client"
    OTHERS = "other"


class Term(StrEnum):
    """How our date stands."""

    TODAY = "today"
    MISSED = "missed"


_PLACE = re.compile(r"(\d{4}-\d\d-\d\d)_(\d{1,16})_(\d{1,16})_([0-9a-f]{32})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a claim stands in the order of the queue; a page begins after the last place of the one before."""

    due: date
    heard: datetime
    reported: datetime
    id: UUID

    @property
    def word(self) -> str:
        """The place in an address: dates and our own id, nothing of a person."""
        heard, reported = ((moment - _EPOCH) // timedelta(microseconds=1) for moment in (self.heard, self.reported))
        return f"{self.due}_{heard}_{reported}_{self.id.hex}"


def place_from(word: str) -> Place | None:
    """The place that an address names; None for anything else."""
    found = _PLACE.fullmatch(word)
    if found is None:
        return None
    try:
        heard, reported = (_EPOCH + timedelta(microseconds=int(found[group])) for group in (2, 3))
        return Place(date.fromisoformat(found[1]), heard, reported, UUID(hex=found[4]))
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class QueueFilters:
    """What is asked of the queue. The default shows every claim that is not closed."""

    search: str = ""
    stage: PageState | None = None
    line: LineOfBusiness | None = None
    waiting: Waiting | None = None
    term: Term | None = None
    mine: bool = False
    silent: bool = False
    questions: bool = False
    sentence: bool = False
    limit: bool = False
    after: Place | None = None

    @property
    def is_narrowed(self) -> bool:
        """Does it show less than everything?"""
        return replace(self, after=None) != QueueFilters()

    def address(self, **changes: object) -> str:
        """The address of the queue with these filters, after `changes`."""
        asked = replace(self, **{"after": None, **changes})  # type: ignore[arg-type]
        words = {
            "q": asked.search,
            "stage": asked.stage,
            "line": asked.line,
            "waiting": asked.waiting,
            "term": asked.term,
            "whose": "mine" if asked.mine else None,
            "silent": "1" if asked.silent else None,
            "questions": "1" if asked.questions else None,
            "sentence": "1" if asked.sentence else None,
            "limit": "1" if asked.limit else None,
            "after": asked.after.word if asked.after else None,
        }
        said = urlencode({name: word for name, word in words.items() if word})
        return f"/desk?{said}" if said else "/desk"


def filters_from(words: Mapping[str, str]) -> QueueFilters:
    """The filters of an address. What we do not know is left out; the page shows what is in force."""
    return QueueFilters(
        search=to_search(words.get("q", "")),
        stage=_one_of(PageState, words.get("stage")),
        line=_one_of(LineOfBusiness, words.get("line")),
        waiting=_one_of(Waiting, words.get("waiting")),
        term=_one_of(Term, words.get("term")),
        mine=words.get("whose") == "mine",
        silent=words.get("silent") == "1",
        questions=words.get("questions") == "1",
        sentence=words.get("sentence") == "1",
        limit=words.get("limit") == "1",
        after=place_from(words.get("after", "")),
    )


def to_search(typed: str) -> str:
    """What was typed, without control characters, on one line, of a sane length."""
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in typed[: 4 * LONGEST_SEARCH])
    return " ".join(visible.split())[:LONGEST_SEARCH]


def _one_of(kind: type[Kind], word: str | None) -> Kind | None:
    return kind(word) if word in {member.value for member in kind} else None
