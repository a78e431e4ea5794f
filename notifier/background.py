"""A claim and its recipient as they stand now: all that a decision or a text may depend on (pure)."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from notifier.states import CHATS, ChannelName


class Background(NamedTuple):
    """One row of `notifier.planning.facts`: the recipient, how to reach them, what they chose, the claim."""

    policyholder_id: UUID
    name: str
    given_name: str | None
    language: str
    time_zone: str | None
    contact_prohibited: bool
    contact_point_id: UUID | None
    address: str | None
    chosen_cadence: str | None
    chosen_channel: str | None
    quiet_from: time | None
    quiet_to: time | None
    arm: str | None
    stopped: list[str]  # channels this address is opted out of
    consents: list[str]  # purposes of the consents that stand
    handed_over: list[datetime]  # hand-overs of progress and heartbeats in the last two days
    claim_id: UUID | None = None
    claim_number: str | None = None
    line_of_business: str | None = None
    product: str | None = None
    country: str | None = None
    currency: str | None = None
    stage: str | None = None
    situation: str | None = None
    outcome: str | None = None
    page_state: str | None = None
    situation_since: datetime | None = None
    reason: str | None = None
    handler_name: str | None = None
    inspection_at: datetime | None = None
    assessed: Decimal | None = None
    approved: Decimal | None = None
    open_documents: int = 0
    titles_ru: list[str] | None = None
    titles_en: list[str] | None = None
    documents_due: date | None = None
    decision_due: date | None = None
    payment_due: date | None = None
    limit_due: date | None = None
    promised_from: date | None = None
    paused: bool = False  # did days wait for the policyholder?
    last_template: str | None = None
    side: str = "own"  # `claimant`: of somebody else's policy; `liable`: others claim against theirs
    is_anothers_number: bool = False  # does somebody else with a side of this claim have it too?
    address_kind: str | None = "phone"  # or `email`: letters go to nothing else
    told_on_claim: int = 0  # optional messages of this claim that left already, letters apart
    trial_cadence: str | None = None  # how often by a pilot: of the arm while it runs, of what follows afterwards


class Fact(NamedTuple):
    """A case event, as far as telling it depends on it."""

    kind: str
    page_state: str
    detail: dict[str, Any]
    occurred_at: datetime
    tell_after: datetime
    recorded_at: datetime


def with_an_address(channels: Iterable[ChannelName], stands: Background) -> list[ChannelName]:
    """Those of `channels` for which the person has an address: a letter's, a number, or a chat that they linked."""
    by_letter, linked = stands.address_kind == ChannelName.EMAIL, CHATS.intersection(stands.consents)
    has_one = stands.address is not None
    return [each for each in channels if each in linked or (has_one and (each is ChannelName.EMAIL) == by_letter)]


def is_still_true(fact: Fact, now_stands: Background, now: datetime) -> bool:
    """Would what the fact says still be so if we said it now?"""
    check = _TRUTH.get(fact.kind)
    return check is None or check(fact, now_stands, now)


def _same_page(fact: Fact, stands: Background, now: datetime) -> bool:
    return stands.page_state == fact.page_state


def _same_outcome(fact: Fact, stands: Background, now: datetime) -> bool:
    return stands.outcome is not None and stands.outcome == fact.detail.get("outcome", stands.outcome)


def _waits_for_documents(fact: Fact, stands: Background, now: datetime) -> bool:
    return stands.open_documents > 0 or stands.page_state == "docs_needed"


def _undecided(fact: Fact, stands: Background, now: datetime) -> bool:
    return stands.outcome is None and stands.stage not in ("decided", "fulfilling", "closed")


def _inspection_ahead(fact: Fact, stands: Background, now: datetime) -> bool:
    told = fact.detail.get("inspection_at")
    return stands.inspection_at is not None and stands.inspection_at > now and told in (None, _iso(stands))


def _iso(stands: Background) -> str:
    assert stands.inspection_at is not None
    return stands.inspection_at.isoformat()


# Money that has moved stays moved: payments are always true.
_TRUTH: dict[str, Callable[[Fact, Background, datetime], bool]] = {
    "registered": _undecided,
    "silence": _same_page,
    "survey": lambda fact, stands, now: stands.stage == "closed",
    "stage_changed": _same_page,
    "situation_changed": _same_page,
    "decision_made": _same_outcome,
    "documents_requested": _waits_for_documents,
    "document_unreadable": _waits_for_documents,
    "documents_received": _undecided,
    "details_needed": lambda fact, stands, now: stands.situation == "bank_details_needed",
    "inspection_booked": _inspection_ahead,
    "promise_moved": _undecided,
    "promise_missed": _undecided,
    "reopened": _undecided,
    "withdrawn": lambda fact, stands, now: stands.outcome == "withdrawn",
}
