"""One reader's language, clock and currency: says msgids, dates and sums as that reader has them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from claims_core.i18n import (
    Translations,
    day_month,
    format_date,
    format_relative,
    format_time,
    money,
    translated,
    translations,
    weekday,
    zone_city,
)

NBSP = "\u00a0"


@dataclass(frozen=True)
class Speech:
    """How a page speaks to its reader. `now` is the moment of the page."""

    language: str
    zone: ZoneInfo
    now: datetime

    @cached_property
    def _words(self) -> Translations:
        return translations(self.language)

    @cached_property
    def today(self) -> date:
        """The reader's day."""
        return self.now.astimezone(self.zone).date()

    def say(self, msgid: str, **values: Any) -> str:
        """The words of `msgid` in the reader's language, with its values."""
        text = translated(self.language, msgid)
        return text.format(**values) if values else text

    def say_count(self, one: str, many: str, n: int, **values: Any) -> str:
        """The same for a number of things, with the plural form the language wants; `{n}` is the number."""
        return self._words.ngettext(one, many, n).format(n=n, **values)

    def day(self, day: date) -> str:
        """`4 June`."""
        return day_month(day, self.language, today=self.today)

    def long_day(self, day: date) -> str:
        """`Thursday 4 June`."""
        return format_date(day, self.language, today=self.today)

    def weekday(self, day: date) -> str:
        """`Thursday`."""
        return weekday(day, self.language)

    def relative(self, day: date) -> str:
        """`in 3 days`."""
        return format_relative(day, self.today, self.language)

    def day_of(self, moment: datetime) -> date:
        """The reader's day of a moment."""
        return moment.astimezone(self.zone).date()

    def time(self, moment: datetime) -> str:
        """`16:02`."""
        return format_time(moment, self.zone)

    def moment(self, moment: datetime) -> str:
        """`Today, 10:24`, `29 May, 16:02`."""
        day = self.day_of(moment)
        said = self.say("Today") if day == self.today else self.day(day)
        return f"{said}, {self.time(moment)}"

    def moment_within(self, moment: datetime) -> str:
        """The same inside a sentence: `today, 10:24`."""
        said = self.moment(moment)
        return said[:1].lower() + said[1:]

    def stamp(self, moment: datetime) -> str:
        """A moment on paper, where no day is today: `1 June 2026, 10:24`."""
        return f"{day_month(self.day_of(moment), self.language, today=date.min)}, {self.time(moment)}"

    def place(self) -> str:
        """The city whose time the page shows: `Moscow`, `Москва`."""
        return zone_city(self.zone, self.language)

    def money(self, amount: Decimal, currency: str) -> str:
        """`184,300 ₽`."""
        return money(amount, currency, self.language)

    def days(self, n: int) -> str:
        """`6 days`, on one line."""
        return self.say_count("{n} day", "{n} days", n).replace(" ", NBSP)
