"""By when a person answers a question: so many working hours from when it came (pure)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from claims_core.deadlines import days_off

OPENS, CLOSES = time(9), time(18)
ANSWERED_WITHIN = timedelta(hours=4)


def answer_due(asked_at: datetime, *, zone: ZoneInfo, country: str, within: timedelta = ANSWERED_WITHIN) -> datetime:
    """`within` of working time after `asked_at`: working days of `country`, 9 to 18 by the insurer's clock."""
    day, left = asked_at.astimezone(zone).date(), within
    while True:
        if not _is_off(day, country):
            opens = max(_at(day, OPENS, zone), asked_at)
            closes = _at(day, CLOSES, zone)
            if opens + left <= closes:
                return (opens + left).astimezone(asked_at.tzinfo)
            left -= max(closes - opens, timedelta(0))
        day += timedelta(days=1)


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, zone)


def _is_off(day: date, country: str) -> bool:
    return day in days_off(country, day.year).not_working
