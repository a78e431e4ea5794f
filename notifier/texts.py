"""The values of a message's text, from what is known when it leaves (pure)."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from claims_core.deadlines import day_number, terms_for
from claims_core.i18n import format_date, format_time, last4, money, short_date, short_money
from claims_core.sealing import unseal
from notifier.background import Background, Fact
from notifier.quiet_hours import zone_or
from notifier.settings import NotifierSettings
from notifier.states import Cadence
from notifier.values import NAMES

CODE_SEAL = "a code on its way"  # what the seal is for
SEALED = "sealed"  # the entry of a notification's own values that holds a code
DUE_AT = "due_at"  # and the one that holds a new time for an answer, in the place of the one that was not kept
HEARTBEAT_DAYS = {Cadence.FREQUENT: 7}
HEARTBEAT_DAYS_ELSE = 30
WITH_DAMAGE = frozenset({"motor", "motor_liability", "property"})
# Which date a text speaks of; the others speak of the decision.
DATE_OF_PAPERS = frozenset({"docs_needed", "docs_partial", "doc_unreadable", "details_needed", "waiting_you"})
DATE_OF_MONEY = frozenset({"approved", "approved_noamount", "partly", "payment_sent"})
DATE_OF_ANSWER = frozenset({"question_ack", "question_late", "free_text"})


@dataclass(frozen=True, slots=True)
class Cause:
    """What one message is about, beside its claim. `own` are values that the notification carries itself."""

    template: str
    channel: str
    language: str
    cadence: str | None = None
    fact: Fact | None = None
    own: dict[str, Any] = field(default_factory=dict)
    question: str | None = None
    answer: str | None = None
    answer_due_at: datetime | None = None
    open_claims: int | None = None
    next_date: date | None = None


def values_of(
    cause: Cause, stands: Background, *, settings: NotifierSettings, now: datetime, link: str | None
) -> dict[str, str]:
    """Every value a text may name; empty where nothing is known, so that the text's other half is used."""
    zone = zone_or(stands.time_zone, settings.insurer_timezone)
    today, language = now.astimezone(zone).date(), cause.language
    said = said_date(cause, stands, zone)
    # A date that is over is no promise any more: the undated text is the true one.
    said = said if said and said >= today else None
    if cause.template == "question_late" and said == today:
        said = None  # the text says "today"
    old = _day(_detail(cause).get("old_date"))
    return {
        **_of_claim(cause, stands),
        "date": short_date(said, language) if said else "",
        "date_long": format_date(said, language, today=today, plain=True) if said else "",
        "old_date": format_date(old, language, today=today, plain=True) if old else "",
        "limit_long": format_date(stands.limit_due, language, today=today, plain=True) if stands.limit_due else "",
        "time": _time(cause, stands, zone),
        "amount": _amount(cause, stands),
        "days": str(heartbeat_days(cause.cadence)),
        "question_short": (cause.question or "")[:80],
        "answer": cause.answer or "",
        "replies": "yes" if settings.notifier_replies else "",
        "phone": settings.portal_brand_phone,
        "domain": settings.short_url.split("://")[-1],
        "link": link or settings.short_url.removeprefix("https://"),
        **_day_of(stands, today),
        **dict.fromkeys(("last_fact", "arm_end"), ""),
        "code": unseal(cause.own[SEALED], settings.portal_secret_key, purpose=CODE_SEAL) if SEALED in cause.own else "",
        **{name: str(value) for name, value in cause.own.items() if name in NAMES},
    }


def said_date(cause: Cause, stands: Background, zone: ZoneInfo) -> date | None:
    """The date that this text promises or names."""
    detail = _detail(cause)
    if cause.template == "kw_status_many":
        return cause.next_date
    if cause.template in DATE_OF_ANSWER:
        return cause.answer_due_at.astimezone(zone).date() if cause.answer_due_at else None
    if cause.template == "inspection":
        return stands.inspection_at.astimezone(zone).date() if stands.inspection_at else None
    if cause.template in DATE_OF_PAPERS:
        return _day(detail.get("due_date")) or stands.documents_due
    if cause.template in DATE_OF_MONEY:
        return _day(detail.get("expected_date")) or stands.payment_due
    if cause.template == "extended":
        return _day(detail.get("date")) or stands.decision_due
    return stands.decision_due


def heartbeat_days(cadence: str | None) -> int:
    """After how many days of silence we write although nothing happened (`ux` 4.5)."""
    return HEARTBEAT_DAYS.get(Cadence(cadence or Cadence.ESSENTIAL), HEARTBEAT_DAYS_ELSE)


def _of_claim(cause: Cause, stands: Background) -> dict[str, str]:
    number, titles = stands.claim_number or "", stands.titles_ru if cause.language == "ru" else stands.titles_en
    handler = (stands.handler_name or "").split()
    given = stands.given_name or ""
    count = cause.open_claims or _detail(cause).get("missing") or stands.open_documents
    return {
        "ref4": last4(number),
        "ref": number,
        # An SMS has room for a first name; Russians are addressed by name and patronymic, others by the first name.
        "agent": (handler[0] if cause.channel == "sms" else " ".join(handler)) if handler else "",
        "name": given if cause.language == "ru" else (given.split() or [""])[0],
        "n": str(count) if count else "",
        "docs": "\n".join(f"- {title}" for title in titles or ()),
        "reason": phrase("reason", stands.reason, cause.language),
        "state": phrase("state", stands.page_state, cause.language),
        "claimant": "yes" if stands.side == "claimant" else "",
        "damage": "yes" if stands.line_of_business in WITH_DAMAGE else "",
        "last4": str(_detail(cause).get("account_last4") or ""),
    }


def _day_of(stands: Background, today: date) -> dict[str, str]:
    """The day of the term that the law or the contract leaves us; not said where days waited for the policyholder."""
    if stands.limit_due is None or stands.promised_from is None or stands.paused or today > stands.limit_due:
        return {"day": "", "total": ""}
    limit = terms_for(stands.product or "", stands.country or "").limit
    day = day_number(stands.promised_from, today, limit, stands.country or "")
    return {"day": str(day), "total": str(limit.days)} if 0 < day <= limit.days else {"day": "", "total": ""}


def _detail(cause: Cause) -> dict[str, Any]:
    return cause.fact.detail if cause.fact else {}


def _time(cause: Cause, stands: Background, zone: ZoneInfo) -> str:
    moment = stands.inspection_at if cause.template == "inspection" else cause.answer_due_at
    return format_time(moment, zone) if moment else ""


def _amount(cause: Cause, stands: Background) -> str:
    told = _detail(cause).get("amount")
    amount = Decimal(told) if told else stands.assessed if cause.template == "awaiting" else stands.approved
    if amount is None or stands.currency is None:
        return ""
    written: Callable[[Decimal, str, str], str] = short_money if cause.channel == "sms" else money
    return written(amount, stands.currency, cause.language)


def _day(text: Any) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def phrase(kind: str, word: str | None, language: str) -> str:
    """Our words for a page state or a public reason; empty for any other word, which so never reaches a text."""
    return str(_phrases()[kind].get(word or "", {}).get(language, ""))
