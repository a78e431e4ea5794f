"""By when: terms of products, the days that count, pauses, and the strip of days that a page draws (pure).

The terms are configuration, in `deadlines.toml`. The day on which a term starts is day 0; the day on which we start
to wait for the policyholder still counts, the day on which their papers come does not.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import holidays

Pauses = Sequence[tuple[date, date | None]]

LONGEST_DAILY_STRIP = 60
# What the holidays library calls a day that is off only because another one was moved onto it.
_MOVED = ("(substituted from", "(observed)")
_SATURDAY = 5


class Counting(StrEnum):
    """Which days count."""

    CALENDAR = "calendar"
    WITHOUT_HOLIDAYS = "without_holidays"
    WORKING = "working"


class StartFact(StrEnum):
    """What starts the clock."""

    REPORTED = "reported"
    DOCUMENTS_COMPLETE = "documents_complete"


class PromiseKind(StrEnum):
    """What a promised date is about."""

    DECISION = "decision"
    DOCUMENTS = "documents"
    PAYMENT = "payment"


class PromiseBasis(StrEnum):
    """Why we may say a date: our own target, a contract, a law, or a handler's word."""

    TARGET = "target"
    CONTRACT = "contract"
    LAW = "law"
    HANDLER = "handler"


class Term(NamedTuple):
    """So many days, counted so; `paused` says whether days that wait for the policyholder do not count.

    A tuple, because each claim of a first load looks two of them up.
    """

    days: int
    counting: Counting = Counting.CALENDAR
    paused: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a product in a country; `basis` is the limit's. Sources are by language."""

    target: Term
    limit: Term
    basis: PromiseBasis
    start: StartFact
    payment: Term
    extension: Term
    objection: Term
    complaint: Term
    limit_source: dict[str, str]
    letters_source: dict[str, str]


@dataclass(frozen=True, slots=True)
class DaysOff:
    """A country's year: statutory holidays, and all days on which nobody works."""

    statutory: frozenset[date]
    not_working: frozenset[date]


class StripUnit(StrEnum):
    """What one cell of a strip is."""

    DAY = "day"
    WORKING_DAY = "working_day"
    WEEK = "week"


class Cell(StrEnum):
    """How a cell is drawn; a later name wins where a day is several things."""

    AHEAD = "ahead"
    PAST = "past"
    PAUSED = "paused"
    LIMIT = "limit"
    PROMISE = "promise"
    TODAY = "today"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class DayStrip:
    """A term as cells 1 to `total`; `today` is 0 on the day it starts. Numbers are cells, in `unit`."""

    unit: StripUnit
    total: int
    today: int
    promise: int | None
    limit: int | None
    paused: frozenset[int]
    missed: frozenset[int]

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Each cell as it is drawn, from the first day on."""
        return tuple(self._cell(number) for number in range(1, self.total + 1))

    def _cell(self, number: int) -> Cell:
        if number in self.missed:
            return Cell.MISSED
        marks = {self.limit: Cell.LIMIT, self.promise: Cell.PROMISE, self.today: Cell.TODAY}
        if number in marks:
            return marks[number]
        if number in self.paused:
            return Cell.PAUSED
        return Cell.PAST if number < self.today else Cell.AHEAD


@lru_cache
def _seeds() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("deadlines.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def terms_for(product: str, country: str) -> Terms:
    """The terms of a product: by its name, by its name and country, else those by default."""
    products = _seeds()["products"]
    names = (product, f"{product}_{country}", f"{country}_{product}")
    own: dict[str, Any] = next((products[name] for name in names if name in products), {})
    seed = {**_seeds()["default"], **own}
    counting, paused = Counting(seed["counting"]), bool(seed["paused"])
    return Terms(
        target=Term(seed["target"], counting, paused),
        limit=Term(seed["limit"], counting, paused),
        basis=PromiseBasis(seed["basis"]),
        start=StartFact(seed["start"]),
        payment=Term(seed["payment"], Counting(seed["payment_counting"]), paused=False),
        extension=Term(seed["extension"], counting, paused=False),
        objection=Term(seed["objection"], Counting(seed["letters_counting"]), paused=False),
        complaint=Term(seed["complaint"], Counting(seed["letters_counting"]), paused=False),
        limit_source=seed["limit_source"],
        letters_source=seed["letters_source"],
    )


def country_zones() -> dict[str, str]:
    """The zone in which a day ends last, by country; UTC for others."""
    return {country: seed["zone"] for country, seed in _seeds()["countries"].items()}


@lru_cache(maxsize=256)
def zone_of(country: str) -> ZoneInfo:
    """The zone in which a day of the country ends last: only then is a date of that day missed."""
    return ZoneInfo(country_zones().get(country, "UTC"))


@lru_cache(maxsize=256)
def days_off(country: str, year: int) -> DaysOff:
    """The days off of a country's year, transfers and working Saturdays included; weekends alone if unknown."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=place) for place in range((date(year + 1, 1, 1) - first).days)]
    seed = _seeds()["countries"].get(country, {})
    if "calendar" not in seed:
        return DaysOff(frozenset(), frozenset(day for day in days if day.weekday() >= _SATURDAY))
    calendar = holidays.country_holidays(seed["calendar"], subdiv=seed.get("subdivision"), years=year, language="en_US")
    statutory = (day for day in days if any(not _is_moved(name) for name in calendar.get_list(day)))
    return DaysOff(frozenset(statutory), frozenset(day for day in days if not calendar.is_working_day(day)))


def _is_moved(name: str) -> bool:
    return any(mark in name for mark in _MOVED)


def counts(day: date, term: Term, country: str) -> bool:
    """Does this day count in the term, pauses aside?"""
    if term.counting is Counting.CALENDAR:
        return True
    off = days_off(country, day.year)
    return day not in (off.not_working if term.counting is Counting.WORKING else off.statutory)


def due_date(start: date, term: Term, pauses: Pauses, country: str) -> date:
    """The day on which the term ends: its last counted day after `start`, days paused left out.

    A pause that has not ended counts as none yet: the date is then the earliest that is possible.
    """
    if not pauses or not term.paused:
        return _due_date(start, term, (), country)
    closed = tuple((begun, ended) for begun, ended in pauses if ended is not None and ended > begun)
    return _due_date(start, term, closed, country)


@lru_cache(maxsize=100_000)
def _due_date(start: date, term: Term, pauses: tuple[tuple[date, date], ...], country: str) -> date:
    day, left = start, term.days
    while left > 0:
        day += timedelta(days=1)
        left -= counts(day, term, country) and not any(begun < day <= ended for begun, ended in pauses)
    return day


@lru_cache(maxsize=100_000)
def day_number(start: date, day: date, term: Term, country: str) -> int:
    """The number of `day` in a term that began on `start`, pauses not left out; 0 on that day and before."""
    return sum(counts(start + timedelta(days=place), term, country) for place in range(1, (day - start).days + 1))


def is_sooner(new: date | None, told: date | None) -> bool:
    """Is `new` before the date that was told? Whoever moved it, that is an earlier date and never more time."""
    return new is not None and told is not None and new < told


def strip(
    *,
    start: date,
    today: date,
    term: Term,
    country: str,
    promise_date: date | None = None,
    limit_date: date | None = None,
    missed_dates: Iterable[date] = (),
    pauses: Pauses = (),
) -> DayStrip:
    """The strip of a term: a cell a day up to 60 days, else a cell a week. The past is never redrawn.

    `missed_dates` stay where they were; `pauses` are the days that waited for the policyholder.
    """

    def number(day: date | None) -> int | None:
        return None if day is None else day_number(start, day, term, country)

    missed = frozenset(filter(None, map(number, missed_dates)))
    now, promise, limit = day_number(start, today, term, country), number(promise_date), number(limit_date)
    paused = frozenset(_paused_days(start, today, term, country, pauses)) if term.paused else frozenset[int]()
    total = max(now, promise or 0, limit or 0, *missed, term.days if limit is None else 0)
    unit = StripUnit.WORKING_DAY if term.counting is Counting.WORKING else StripUnit.DAY
    whole = DayStrip(unit, total, now, promise, limit, paused, missed)
    return whole if total <= LONGEST_DAILY_STRIP else _in_weeks(whole)


def _paused_days(start: date, today: date, term: Term, country: str, pauses: Pauses) -> Iterable[int]:
    for begun, ended in pauses:
        first = day_number(start, begun, term, country) + 1
        yield from range(first, day_number(start, min(ended or today, today), term, country) + 1)


def _in_weeks(days: DayStrip) -> DayStrip:
    length = 5 if days.unit is StripUnit.WORKING_DAY else 7

    def week(number: int) -> int:
        return ceil(number / length)

    return DayStrip(
        unit=StripUnit.WEEK,
        total=week(days.total),
        today=week(days.today),
        promise=None if days.promise is None else week(days.promise),
        limit=None if days.limit is None else week(days.limit),
        paused=frozenset(map(week, days.paused)),
        missed=frozenset(map(week, days.missed)),
    )
