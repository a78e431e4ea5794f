"""The values of a message's text, from what is known when it leaves (pure)."""

import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from claims_core.deadlines import day_number, terms_for
from claims_core.i18n import format_date, format_time, last4, money, money_in_words, short_date, short_money
from claims_core.sealing import unseal
from notifier.background import Background, Fact
from notifier.deciding.quiet_hours import zone_or
from notifier.deciding.silences import days_of_silence, shipped_silences
from notifier.deciding.variants import state_to_say
from notifier.settings import NotifierSettings
from notifier.states import CHATS, Cadence
from notifier.wording.sentence import fits_an_sms
from notifier.wording.values import NAMES

CODE_SEAL = "a code on its way"  # what the seal is for
SEALED = "sealed"  # the entry of a notification's own values that holds a code
DUE_AT = "due_at"  # and the one that holds a new time for an answer, in the place of the one that was not kept
SAID = "said"  # and the one that holds a handler's own sentence
TRUTH = "truth"  # and the one that says which kind of fact must still be so for a message without one
WITH_DAMAGE = frozenset({"motor", "motor_liability", "property"})
# Which date a text speaks of; the others speak of the decision.
DATE_OF_PAPERS = frozenset({"docs_needed", "docs_partial", "doc_unreadable", "details_needed", "waiting_you"})
DATE_OF_MONEY = frozenset({"approved", "approved_noamount", "partly", "payment_sent"})
DATE_OF_MOVE = frozenset({"extended", "sooner"})
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


class _Scene(NamedTuple):
    """All that a value may depend on; `today` is the recipient's."""

    cause: Cause
    stands: Background
    settings: NotifierSettings
    link: str | None
    zone: ZoneInfo
    today: date


def values_of(
    names: Collection[str],
    cause: Cause,
    stands: Background,
    *,
    settings: NotifierSettings,
    now: datetime,
    link: str | None,
) -> dict[str, str]:
    """The values of `names`, each of `NAMES`; empty where nothing is known, so that the text's other half is used.

    Only these are worked out: a text names four of thirty, and what it does not name cannot spoil it.
    """
    zone = zone_or(stands.time_zone, settings.insurer_timezone)
    scene = _Scene(cause, stands, settings, link, zone, now.astimezone(zone).date())
    own = cause.own
    return {name: str(own[name]) if name in own else _VALUES[name](scene) for name in names}


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
        return _day_in(detail.get("due_date")) or stands.documents_due
    if cause.template in DATE_OF_MONEY:
        return _day_in(detail.get("expected_date")) or stands.payment_due
    if cause.template in DATE_OF_MOVE:
        return _day_in(detail.get("date")) or stands.decision_due
    return stands.decision_due


def _current_date(scene: _Scene) -> date | None:
    """The date that this text says. One that is over is no promise any more: the undated text is the true one."""
    said = said_date(scene.cause, scene.stands, scene.zone)
    if said and scene.cause.template == "question_late" and said == scene.today:
        return None  # the text says "today"
    return said if said and said >= scene.today else None


def _date(scene: _Scene) -> str:
    said = _current_date(scene)
    if scene.cause.channel == "voice":
        return _in_words(scene, said)
    return short_date(said, scene.cause.language) if said else ""


def _in_words(scene: _Scene, day: date | None) -> str:
    return format_date(day, scene.cause.language, today=scene.today, plain=True) if day else ""


def _agent(scene: _Scene) -> str:
    """An SMS has room for a first name."""
    names = (scene.stands.handler_name or "").split()
    return " ".join(names[:1] if scene.cause.channel == "sms" else names)


def _name(scene: _Scene) -> str:
    """Russians are addressed by name and patronymic, others by the first name."""
    given = scene.stands.given_name or ""
    return given if scene.cause.language == "ru" else (given.split() or [""])[0]


def _count(scene: _Scene) -> str:
    cause = scene.cause
    return str(cause.open_claims or _detail(cause).get("missing") or scene.stands.open_documents or "")


def _documents(scene: _Scene) -> str:
    titles = scene.stands.titles_ru if scene.cause.language == "ru" else scene.stands.titles_en
    return "\n".join(f"- {title}" for title in titles or ())


def _day(scene: _Scene) -> tuple[int, int] | None:
    """The day of the term that the law or the contract leaves us; not said where days waited for the policyholder."""
    stands, today = scene.stands, scene.today
    if stands.limit_due is None or stands.promised_from is None or stands.paused or today > stands.limit_due:
        return None
    limit = terms_for(stands.product or "", stands.country or "").limit
    day = day_number(stands.promised_from, today, limit, stands.country or "")
    return (day, limit.days) if 0 < day <= limit.days else None


def _part_of_day(scene: _Scene, part: int) -> str:
    day = _day(scene)
    return str(day[part]) if day else ""


def _detail(cause: Cause) -> dict[str, Any]:
    return cause.fact.detail if cause.fact else {}


def _time(scene: _Scene) -> str:
    inspection = scene.cause.template == "inspection"
    moment = scene.stands.inspection_at if inspection else scene.cause.answer_due_at
    return format_time(moment, scene.zone) if moment else ""


def _code(scene: _Scene) -> str:
    own, secret = scene.cause.own, scene.settings.portal_secret_key
    return _one_by_one(scene, unseal(own[SEALED], secret, purpose=CODE_SEAL)) if SEALED in own else ""


def _ref(scene: _Scene) -> str:
    """The number; a messenger keeps what it is told on its own servers, so there its end alone (facts C1)."""
    number = scene.stands.claim_number or ""
    return f"••{last4(number)}" if number and scene.cause.channel in CHATS else number


def _one_by_one(scene: _Scene, digits: str) -> str:
    """The digits as they are, and on a call each by itself."""
    return ", ".join(digits) if scene.cause.channel == "voice" else digits


_MONEY = {"sms": short_money, "voice": money_in_words}


def _amount(scene: _Scene) -> str:
    cause, stands = scene.cause, scene.stands
    told = _detail(cause).get("amount")
    amount = Decimal(told) if told else stands.assessed if cause.template == "awaiting" else stands.approved
    if amount is None or stands.currency is None or not scene.settings.notifier_amounts:
        return ""
    written: Callable[[Decimal, str, str], str] = _MONEY.get(cause.channel, money)
    return written(amount, stands.currency, cause.language)


def _link(scene: _Scene) -> str:
    """A telephone finds a link without its scheme, a mailbox does not."""
    address = scene.link or scene.settings.short_url.removeprefix("https://")
    return f"https://{address}" if scene.cause.channel == "email" and "://" not in address else address


def _sentence(scene: _Scene) -> str:
    """A handler's own words; where an SMS has no room for them, none: its link leads to the page that has."""
    said = str(scene.cause.own.get(SAID, ""))
    return said if scene.cause.channel != "sms" or fits_an_sms(said, _link(scene)) else ""


def _day_in(text: Any) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))


def phrase(kind: str, word: str | None, language: str) -> str:
    """Our words for a page state or a public reason; empty for any other word, which so never reaches a text."""
    return str(_phrases()[kind].get(word or "", {}).get(language, ""))


# Every name of `NAMES` once.
_VALUES: dict[str, Callable[[_Scene], str]] = {
    "ref4": lambda scene: _one_by_one(scene, last4(scene.stands.claim_number or "")),
    "ref": _ref,
    "date": _date,
    "date_long": lambda scene: _in_words(scene, _current_date(scene)),
    "old_date": lambda scene: _in_words(scene, _day_in(_detail(scene.cause).get("old_date"))),
    "limit_long": lambda scene: _in_words(scene, scene.stands.limit_due),
    "time": _time,
    "amount": _amount,
    "agent": _agent,
    "name": _name,
    "n": _count,
    "docs": _documents,
    "days": lambda scene: str(days_of_silence(shipped_silences(), Cadence(scene.cause.cadence or Cadence.ESSENTIAL))),
    "day": lambda scene: _part_of_day(scene, 0),
    "total": lambda scene: _part_of_day(scene, 1),
    "reason": lambda scene: phrase("reason", scene.stands.reason, scene.cause.language),
    "state": lambda scene: phrase("state", state_to_say(scene.stands), scene.cause.language),
    "claimant": lambda scene: "yes" if scene.stands.side == "claimant" else "",
    "damage": lambda scene: "yes" if scene.stands.line_of_business in WITH_DAMAGE else "",
    "last4": lambda scene: str(_detail(scene.cause).get("account_last4") or ""),
    "question_short": lambda scene: (scene.cause.question or "")[:80],
    "answer": lambda scene: scene.cause.answer or "",
    "replies": lambda scene: "yes" if scene.settings.notifier_replies or scene.cause.channel in CHATS else "",
    "phone": lambda scene: scene.settings.portal_brand_phone,
    "domain": lambda scene: scene.settings.short_url.split("://")[-1],
    "sentence": _sentence,
    "link": _link,
    "code": _code,
    # These come with the notification alone.
    "last_fact": lambda _: "",
    "arm_end": lambda _: "",
}
assert _VALUES.keys() == NAMES
