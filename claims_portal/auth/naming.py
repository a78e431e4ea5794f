"""Naming a representative: what was typed, read kindly; and what is wrong with it, as msgids (pure)."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from claims_core.i18n import marked
from claims_portal.auth.entries import read_phone
from claims_portal.settings import PortalSettings

LONGEST_NAME = 120
# A claim that lasts longer is named for anew: what nobody thinks of any more ends by itself.
AT_MOST = timedelta(days=365)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

Wrong = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """Somebody to be named: the telephone in E.164, and the moment after their last day."""

    name: str
    phone: str
    ends_at: datetime


def read_naming(
    name: str, phone: str, until: str, settings: PortalSettings, *, now: datetime
) -> tuple[Naming | None, Wrong]:
    """Whom to name until the end of the day `until` (ISO), or each field that is wrong with its msgid."""
    clean, address = _UNSEEN.sub("", name).strip(), read_phone(phone, settings.portal_phone_countries)
    day, today = _day(until), now.astimezone(settings.zone).date()
    wrong = []
    if not clean or len(clean) > LONGEST_NAME:
        wrong.append(("name", marked("Enter their name, 120 letters at most")))
    if address is None:
        wrong.append(("phone", marked("Enter the phone with its country code, as in +7 912 000-00-00")))
    if day is None or not today <= day <= today + AT_MOST:
        wrong.append(("until", marked("Choose the last day, within a year from today")))
    if wrong or address is None or day is None:
        return None, tuple(wrong)
    return Naming(clean, address, datetime.combine(day + timedelta(days=1), time(), settings.zone)), ()


def last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    """The last day on which somebody reads who reads until `ends_at`."""
    return (ends_at - timedelta(seconds=1)).astimezone(zone).date()


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip()[:10])
    except ValueError:
        return None
