"""Values of theirs into values of ours: text, days, moments, money, yes and no. Each refuses in words."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

Convert = Callable[[Any], Any]

EARLIEST, EARLIEST_BIRTH = date(1990, 1, 1), date(1900, 1, 1)
MOST_MONEY = Decimal("999999999999.99")
LONGEST_TEXT = 2000
_CENT = Decimal("0.01")
# A number of seconds past what the system's own clock can hold is an OSError.
_NO_DATE = (ValueError, OverflowError, TypeError, OSError)
_DIRECTIVES = {
    "%Y": r"(?P<year>\d{4})",
    "%m": r"(?P<month>\d{1,2})",
    "%d": r"(?P<day>\d{1,2})",
    "%H": r"(?P<hour>\d{1,2})",
    "%M": r"(?P<minute>\d{2})",
    "%S": r"(?P<second>\d{2})",
}
USUAL_MONEY = re.compile(r"-?\d{1,12}\.\d\d", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,16}(?:\.\d{1,10})?")
# What no page, message or database can hold.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def text(value: Any) -> str:
    """One line of text, spaces trimmed. Refuses lists, NUL and other control characters, and very long cells."""
    if type(value) is str and len(value) <= LONGEST_TEXT and value.isprintable():
        return value.strip()
    if isinstance(value, bool | float | list | dict):
        raise ValueError(f"is not text but {type(value).__name__}")
    said = str(value).strip()
    if len(said) > LONGEST_TEXT:
        raise ValueError(f"is {len(said)} characters long, more than {LONGEST_TEXT}")
    if _UNWRITABLE.search(said):
        raise ValueError("has a control character")
    return said


def word(words: type[StrEnum]) -> Convert:
    """One of `words`, by its value; an empty text stays one."""
    known: dict[str, StrEnum | str] = {one.value: one for one in words} | {"": ""}

    def convert(value: Any) -> StrEnum | str:
        found = known.get(text(value))
        if found is None:
            raise ValueError(f"is not one of {', '.join(words)}")
        return found

    return convert


def flag(value: Any) -> bool:
    """Yes or no: true, 1, y, yes and their opposites."""
    word = str(value).strip().lower()
    if word in ("true", "1", "y", "yes"):
        return True
    if word in ("false", "0", "n", "no"):
        return False
    raise ValueError(f"'{word[:20]}' is neither yes nor no")


def money(decimal_mark: str) -> Convert:
    """An amount with up to two places, as `Decimal`. Spaces between thousands are allowed, letters are not."""

    def convert(value: Any) -> Decimal:
        if type(value) is str and decimal_mark == "." and USUAL_MONEY.fullmatch(value):
            return Decimal(value)
        if isinstance(value, bool | list | dict):
            raise ValueError("is not an amount")
        said = re.sub(r"[\s  ]", "", str(value)).replace(decimal_mark, ".")
        if not _NUMBER.fullmatch(said):
            raise ValueError("is not an amount")
        try:
            amount = Decimal(said).quantize(_CENT)
        except InvalidOperation as problem:
            raise ValueError("is not an amount") from problem
        if abs(amount) > MOST_MONEY:
            raise ValueError("is more money than we can store")
        return amount

    return convert


def moment(formats: Sequence[str], zone: ZoneInfo) -> Convert:
    """A moment in UTC. A text without an offset is local time of `zone`; of an hour that comes twice, the first."""
    readers = [_moment_reader(form, zone) for form in formats]
    return _first_that_reads(readers, formats)


def day(formats: Sequence[str], zone: ZoneInfo) -> Convert:
    """A calendar day. A moment is the day it falls on in `zone`."""
    return _first_that_reads([_day_reader(form, zone) for form in formats], formats)


def quick_moment(value: str) -> datetime | None:
    """What an ISO text with UTC as its offset says; None for any other."""
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is UTC else None


def check_format(form: str) -> str:
    """`form` itself if it is `iso`, `epoch_s`, `epoch_ms` or made of %Y %m %d %H %M %S; raises `ValueError`."""
    if form not in ("iso", "epoch_s", "epoch_ms"):
        _pattern(form)
    return form


def in_bounds(value: Any, *, now: datetime, may_be_ahead: bool) -> str | None:
    """Why a date cannot be true: before 1990, or more than a day ahead where it tells of the past. None if it can."""
    on = value.date() if isinstance(value, datetime) else value
    if on < EARLIEST:
        return f"{on.isoformat()} is before {EARLIEST.year}"
    if not may_be_ahead and on > now.date() and on > (now + timedelta(days=1)).date():
        return f"{on.isoformat()} is more than a day ahead"
    return None


def is_birth_date(value: date, *, now: datetime) -> bool:
    """May somebody who lives now have been born on this day?"""
    return EARLIEST_BIRTH <= value <= now.date()


def _first_that_reads(readers: Sequence[Convert], formats: Sequence[str]) -> Convert:
    first, *others = readers

    def convert(value: Any) -> Any:
        try:
            return first(value)
        except _NO_DATE:
            pass
        for read in others:
            try:
                return read(value)
            except _NO_DATE:
                continue
        raise ValueError(f"'{str(value)[:40]}' is not a date as {' or '.join(formats)}")

    return convert


def _moment_reader(form: str, zone: ZoneInfo) -> Convert:
    if form == "iso":
        return _iso_reader(zone)
    if form in ("epoch_s", "epoch_ms"):
        scale = 1000 if form == "epoch_ms" else 1
        return lambda value: datetime.fromtimestamp(int(value) / scale, tz=UTC)
    pattern = _pattern(form)

    def read(value: Any) -> datetime:
        found = pattern.fullmatch(str(value).strip())
        if found is None:
            raise ValueError(form)
        return datetime(**{name: int(part) for name, part in found.groupdict().items()}, tzinfo=zone).astimezone(UTC)

    return read


def _day_reader(form: str, zone: ZoneInfo) -> Convert:
    as_moment = _moment_reader(form, zone)
    if form == "iso":
        return lambda value: (
            date.fromisoformat(value)
            if isinstance(value, str) and len(value) == 10
            else as_moment(value).astimezone(zone).date()
        )
    return lambda value: as_moment(value).astimezone(zone).date()


def _iso_reader(zone: ZoneInfo) -> Convert:
    from_iso = datetime.fromisoformat

    def read(value: Any) -> datetime:
        moment = from_iso(value)
        if moment.tzinfo is UTC:
            return moment
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)

    return read


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"(%.)", form)
    unknown = [part for part in parts[1::2] if part not in _DIRECTIVES]
    if unknown or not {"%Y", "%m", "%d"} <= set(parts[1::2]):
        raise ValueError(f"'{form}' is not a date format: iso, epoch_s, epoch_ms, or %Y %m %d with %H %M %S")
    return re.compile("".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts), re.ASCII)
