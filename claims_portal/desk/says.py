"""How the desk says dates, sums and spans of time to one reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from claims_core.i18n import day_month, format_date, format_relative, format_time, money, translations


@dataclass(frozen=True, slots=True)
class Says:
    """One reader's language, zone and today."""

    language: str
    zone: ZoneInfo
    now: datetime

    @property
    def today(self) -> date:
        """The reader's day."""
        return self.now.astimezone(self.zone).date()

    def told(self, msgid: str, values: Mapping[str, object] | None = None, **more: object) -> str:
        """`msgid` in the language, with its values; days are written out."""
        said = translations(self.language).gettext(msgid)
        filled = {**(values or {}), **more}
        return said.format(**{name: self._value(value) for name, value in filled.items()}) if filled else said

    def counted(self, one: str, many: str, n: int, **values: object) -> str:
        """The form of the words that fits `n`."""
        return translations(self.language).ngettext(one, many, n).format(n=n, **values)

    def day(self, day: date) -> str:
        """`4 June`."""
        return day_month(day, self.language, today=self.today)

    def long_day(self, day: date) -> str:
        """`Thursday 4 June`."""
        return format_date(day, self.language, today=self.today)

    def relative(self, day: date) -> str:
        """`in 3 days`, `6 days ago`."""
        return format_relative(day, self.today, self.language)

    def time(self, moment: datetime) -> str:
        """`16:02`."""
        return format_time(moment, self.zone)

    def local(self, moment: datetime) -> date:
        """The day of a moment where the reader is."""
        return moment.astimezone(self.zone).date()

    def when(self, moment: datetime) -> str:
        """`today 10:24`, `30 May 17:31`."""
        day = self.local(moment)
        head = self.told("today") if day == self.today else self.day(day)
        return f"{head} {self.time(moment)}"

    def by(self, moment: datetime) -> str:
        """The same after "by", "since" or "until": `10:24` on this very day, `30 May 17:31` on another."""
        return self.time(moment) if self.local(moment) == self.today else self.when(moment)

    def sum(self, amount: Decimal, currency: str) -> str:
        """`174,300 ₽`."""
        return money(amount, currency, self.language)

    def span(self, length: timedelta) -> str:
        """`1 h 48 min`; under a minute `12 s`."""
        seconds = int(abs(length).total_seconds())
        if seconds < 60:
            return self.told("{n} s", n=seconds)
        hours, minutes = divmod(seconds // 60, 60)
        if hours >= 48:
            return self.counted("{n} day", "{n} days", hours // 24)
        return self.told("{h} h {m} min", h=hours, m=minutes) if hours else self.told("{m} min", m=minutes)

    def _value(self, value: object) -> object:
        return self.day(value) if isinstance(value, date) and not isinstance(value, datetime) else value
