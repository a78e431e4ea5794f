"""What has been done: the claim's facts in sentences with an actor, and whether we told them, newest first."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from claims_core.claimants import SAYS_HOW_IT_ENDED
from claims_core.deadlines import PromiseBasis
from claims_core.i18n import marked
from claims_core.snapshot import CaseEventKind
from claims_core.stages import PageState
from claims_portal.pages.claim import words
from claims_portal.pages.claim.facts import Facts, moment_of
from claims_portal.pages.claim.page import Timeline, TimelineEntry
from claims_portal.pages.speech import Speech

SHOWN = 3
# A law's or a contract's last day is no promise of ours; that it passed is said above, where it counts.
LIMITS = frozenset({PromiseBasis.LAW.value, PromiseBasis.CONTRACT.value})
Kind = CaseEventKind
Detail = dict[str, Any]

# Icon and sentence of each fact; facts that are not here are no news to a policyholder.
_PLAIN: dict[CaseEventKind, tuple[str, str]] = {
    Kind.REGISTERED: ("list", marked("You filed the claim")),
    Kind.DOCUMENT_UNREADABLE: ("warn", marked("We could not read a document and asked for it again")),
    Kind.DOCUMENTS_RECEIVED: ("doc", marked("We received your documents")),
    Kind.DETAILS_NEEDED: ("coin", marked("We asked for your account details")),
    Kind.PAYMENT_RETURNED: ("undo", marked("Your bank returned the payment")),
    Kind.REOPENED: ("undo", marked("We opened the claim again")),
    Kind.WITHDRAWN: ("pause", marked("You asked to close the claim")),
}
_ENTERED: dict[PageState, str] = {
    PageState.REGISTERED: marked("We check the papers"),
    PageState.DOCS_NEEDED: marked("We asked you for documents"),
    PageState.ASSESSMENT: marked("We began to count the payment"),
    PageState.AWAITING: marked("The claim went to decision"),
    PageState.EXTENDED: marked("We need more time for this claim"),
    PageState.APPROVED: marked("We decided to pay"),
    PageState.PARTLY: marked("We decided to pay a part"),
    PageState.PAYMENT_SENT: marked("We sent the money"),
    PageState.PAID: marked("Your bank received the money"),
    PageState.REPAIR: marked("We agreed the repair with the garage"),
    PageState.DECLINED: marked("We decided not to pay"),
    PageState.REOPENED: marked("We opened the claim again"),
    PageState.WITHDRAWN: marked("You asked to close the claim"),
    PageState.CLOSED_OTHER: marked("We closed the claim"),
}
_ARRIVED = {
    "delivered": marked("We texted you, delivered"),
    "undelivered": marked("We texted you, but the text did not arrive"),
    "refused": marked("We texted you, but the text did not arrive"),
    "unknown": marked("We texted you, and wait for the confirmation"),
}
_ON_ITS_WAY = marked("We texted you, on its way")
_HEARD = marked("We wrote that we have your question")
# What a message said that tells of no fact, by its template.
_SAID = {
    "heartbeat": marked("We wrote that there was no news yet"),
    "late": marked("We wrote that we did not keep our date"),
    "waiting_you": marked("We wrote that we wait for your documents"),
    "question_ack": _HEARD,
    "free_text": _HEARD,
    "question_late": marked("We wrote that the answer to your question takes longer"),
    "answer_ready": marked("We wrote that your question has an answer"),
}
_WROTE = marked("We wrote to you")
_OWN_WORDS = marked("{name}: “{text}”")


def timeline_of(facts: Facts, said: Speech) -> Timeline:
    """The newest three entries, the rest behind a line that counts them."""
    told = {message["cause_id"]: message for message in facts.row.parts["messages"]}
    entries = [entry for event in facts.row.parts["events"] if (entry := _event(facts, said, event, told)) is not None]
    known = {event["id"] for event in facts.row.parts["events"]}
    entries += [_message(said, each) for each in facts.row.parts["messages"] if each["cause_id"] not in known]
    entries.sort(key=lambda entry: entry[0], reverse=True)
    shown = [entry for _, entry in entries]
    rest = tuple(shown[SHOWN:])
    more = None
    if rest:
        since = said.day(said.day_of(entries[-1][0]))
        more = said.say_count("{n} more entry, since {date}", "{n} more entries, since {date}", len(rest), date=since)
    return Timeline(tuple(shown[:SHOWN]), rest, more)


def _entry(said: Speech, at: datetime, icon: str, text: str) -> tuple[datetime, TimelineEntry]:
    return at, TimelineEntry(icon, at.isoformat(), said.moment(at), text)


def _event(facts: Facts, said: Speech, event: Detail, told: dict[str, Detail]) -> tuple[datetime, TimelineEntry] | None:
    kind, detail = CaseEventKind(event["kind"]), event["detail"]
    sentence = _sentence(facts, said, kind, event, detail)
    if sentence is None:
        return None
    icon, text = sentence
    message = told.get(event["id"])
    if message is not None:
        text = f"{text}. {arrival_of(said, message)}"
    return _entry(said, moment_of(event["at"]), icon, text)


def _message(said: Speech, message: Detail) -> tuple[datetime, TimelineEntry]:
    # A handler's own sentence is said again here: an SMS may have had no room for it.
    own = said.say(_OWN_WORDS, name=message["by"], text=message["said"]) if message["said"] else None
    text = f"{own or said.say(_SAID.get(message['template'], _WROTE)) + '.'} {arrival_of(said, message)}"
    return _entry(said, moment_of(message["at"]), "send", text)


def arrival_of(said: Speech, message: Detail) -> str:
    """Whether a message arrived, as far as the provider has said."""
    return said.say(_ARRIVED.get(message["delivery"] or "", _ON_ITS_WAY))


def _sentence(facts: Facts, said: Speech, kind: CaseEventKind, event: Detail, detail: Detail) -> tuple[str, str] | None:
    if facts.is_anothers_money and kind is Kind.DETAILS_NEEDED:
        return None
    if kind in _PLAIN:
        icon, text = _PLAIN[kind]
        return icon, said.say(text)
    if kind in (Kind.STAGE_CHANGED, Kind.SITUATION_CHANGED):
        state = PageState(event["page_state"])
        is_anothers = facts.is_anothers_money and state in SAYS_HOW_IT_ENDED
        return words.MARK[state][1], said.say(words.ANOTHERS_MONEY if is_anothers else _ENTERED[state])
    maker = _MAKERS.get(kind)
    return maker(facts, said, event, detail) if maker else None


def _asked(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    n = int(detail.get("count") or 1)
    return "doc", said.say_count("We asked you for {n} document", "We asked you for {n} documents", n)


def _inspection(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    when = moment_of(detail["inspection_at"])
    date_, time = said.long_day(said.day_of(when)), said.time(when)
    return "day", said.say("We booked the inspection for {date}, {time}", date=date_, time=time)


def _decision(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    state, amount = PageState(event["page_state"]), _amount(detail, facts, said)
    if facts.is_anothers_money:
        return words.MARK[state][1], said.say(words.ANOTHERS_MONEY)
    text = said.say(_ENTERED[state])
    return words.MARK[state][1], f"{text}: {amount}" if amount and state in (
        PageState.APPROVED,
        PageState.PARTLY,
    ) else text


def _sent(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    amount = _amount(detail, facts, said)
    return "send", said.say("We sent {amount}", amount=amount) if amount else said.say("We sent the money")


def _credited(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    amount = _amount(detail, facts, said)
    text = (
        said.say("Your bank received {amount}", amount=amount) if amount else said.say("Your bank received the money")
    )
    return "coin", text


def _missed(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str] | None:
    if detail.get("basis") in LIMITS:
        return None
    return "warn", said.say("We did not keep our date")


def _estimated(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str] | None:
    amount = _amount({"amount": detail.get("assessed")}, facts, said)
    if amount is None or "approved" in detail:
        return None
    return "coin", said.say("The estimate is ready: {amount}", amount=amount)


def _moved(facts: Facts, said: Speech, event: Detail, detail: Detail) -> tuple[str, str]:
    new = date.fromisoformat(detail["date"])
    if detail.get("sooner"):
        return "day", said.say("We will answer sooner. The new date is {date}", date=said.day(new))
    return "hour", said.say("We need more time. The new date is {date}", date=said.day(new))


_MAKERS: dict[CaseEventKind, Callable[[Facts, Speech, Detail, Detail], tuple[str, str] | None]] = {
    Kind.DOCUMENTS_REQUESTED: _asked,
    Kind.INSPECTION_BOOKED: _inspection,
    Kind.DECISION_MADE: _decision,
    Kind.PAYMENT_SENT: _sent,
    Kind.PAYMENT_CREDITED: _credited,
    Kind.PROMISE_MOVED: _moved,
    Kind.PROMISE_MISSED: _missed,
    Kind.MONEY_CHANGED: _estimated,
}


def _amount(detail: Detail, facts: Facts, said: Speech) -> str | None:
    try:
        return said.money(Decimal(str(detail["amount"])), facts.row["currency"])
    except (KeyError, InvalidOperation):
        return None
