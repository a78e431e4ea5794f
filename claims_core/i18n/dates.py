"""How days and times are written (`ux`, 1.6). Names come from Babel once; a page writes a hundred dates a second.

On a page the parts of a date stay on one line (no-break spaces); `plain=True` is for an SMS, where one
no-break space would turn 160 characters into 70.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names, get_timezone_location

from claims_core.i18n.catalogue import translations

NBSP = "\u00a0"


@lru_cache
def _months(language: str, width: Literal["wide", "abbreviated"]) -> dict[int, str]:
    return {number: str(name) for number, name in get_month_names(width, locale=language).items()}


@lru_cache
def _days(language: str) -> dict[int, str]:
    return {number: str(name) for number, name in get_day_names("wide", locale=language).items()}


@lru_cache(maxsize=10_000)
def day_month(day: date, language: str, *, today: date | None = None, plain: bool = False) -> str:
    """`4 June`, `4 июня`; with the year when it is another than today's."""
    year = f" {day.year}" if today is not None and day.year != today.year else ""
    text = f"{day.day} {_months(language, 'wide')[day.month]}{year}"
    return text if plain else text.replace(" ", NBSP)


@lru_cache(maxsize=10_000)
def weekday(day: date, language: str) -> str:
    """`Thursday`, `четверг`."""
    return _days(language)[day.weekday()]


def format_date(day: date, language: str, *, today: date | None = None, plain: bool = False) -> str:
    """A date with its weekday: `Thursday 4 June`, `4 июня, четверг`."""
    text = day_month(day, language, today=today, plain=plain)
    if language == "ru":
        return f"{text}, {weekday(day, language)}"
    return f"{weekday(day, language)}{' ' if plain else NBSP}{text}"


def short_date(day: date, language: str) -> str:
    """A date for an SMS, plain: `4 Jun`, `04.06`."""
    if language == "ru":
        return f"{day.day:02}.{day.month:02}"
    return f"{day.day} {_months(language, 'abbreviated')[day.month]}"


def month_and_year(day: date, language: str) -> str:
    """`June 2026`, `июнь 2026`: for a list of past things."""
    name = str(get_month_names("wide", context="stand-alone", locale=language)[day.month])
    return f"{name}{NBSP}{day.year}"


def format_time(moment: datetime, zone: ZoneInfo) -> str:
    """The time of day in `zone`: `16:02`, in both languages."""
    local = moment.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}"


@lru_cache
def zone_city(zone: ZoneInfo, language: str) -> str:
    """The city that a time zone is named after: `Moscow`, `Москва`."""
    return str(get_timezone_location(zone, locale=language, return_city=True))


def format_relative(day: date, today: date, language: str) -> str:
    """`in 3 days`, `today`, `2 days ago`, on a page (no-break spaces)."""
    said, days = translations(language), (day - today).days
    if days == 0:
        text = said.gettext("today")
    elif days == 1:
        text = said.gettext("tomorrow")
    elif days == -1:
        text = said.gettext("yesterday")
    elif days > 0:
        text = said.ngettext("in {n} day", "in {n} days", days).format(n=days)
    else:
        text = said.ngettext("{n} day ago", "{n} days ago", -days).format(n=-days)
    return text.replace(" ", NBSP)
