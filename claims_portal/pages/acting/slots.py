"""The times that an inspection may be wished for: spans of the coming working days (pure)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from claims_portal.pages.claim.questions import is_working_day
from claims_portal.pages.speech import Speech
from claims_portal.settings import PortalSettings

DAYS, SPAN = 5, 3
# An expert needs a day to plan the road.
NOTICE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SlotDay:
    """A day with its spans: each with its key in the form and its words."""

    name: str
    spans: tuple[tuple[str, str], ...]


def slots_from(now: datetime, said: Speech, settings: PortalSettings) -> tuple[SlotDay, ...]:
    """The spans of the office's hours on the next `DAYS` working days, the earliest first."""
    day, found = now.astimezone(settings.zone).date() + NOTICE, list[SlotDay]()
    spans = _spans(settings.portal_office_opens, settings.portal_office_closes)
    while len(found) < DAYS:
        if is_working_day(day, settings.insurer_country):
            found.append(SlotDay(said.long_day(day), tuple(_span(day, begin, end) for begin, end in spans)))
        day += timedelta(days=1)
    return tuple(found)


def chosen_slot(key: str, offered: tuple[SlotDay, ...]) -> str | None:
    """The span with this key in words; None when it is none of the offered."""
    return next((f"{day.name}, {words}" for day in offered for one, words in day.spans if one == key), None)


def _spans(opens: int, closes: int) -> list[tuple[int, int]]:
    return [(hour, min(hour + SPAN, closes)) for hour in range(opens, closes, SPAN)]


def _span(day: date, begin: int, end: int) -> tuple[str, str]:
    return f"{day.isoformat()} {begin:02}-{end:02}", f"{begin}:00–{end}:00"
