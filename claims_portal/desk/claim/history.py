"""What happened to a claim, in one list: facts, messages with their fate, calls and questions, acts of the desk."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from claims_core.i18n import marked as _
from claims_core.snapshot import CaseEventKind
from claims_core.tables import CaseEvent, ChangeRequest, ChangeState, Question
from claims_portal.desk.facts.claim import ClaimFacts
from claims_portal.desk.says import Says
from claims_portal.desk.words import (
    ACTIONS,
    CHANGE_STATES,
    CHANNEL_WORDS,
    CONTACTS,
    EVENTS,
    REASONS,
    SILENT_STATES,
    STATUS_OF,
    SURVEYS,
    template_words,
)
from notifier.people.surveys import RATINGS
from notifier.refusals import words_on
from notifier.states import DeliveryState, NotificationState
from notifier.tables import Delivery, Notification

SHOWN_AT_ONCE = 60
DATES = {"date": _("Date {day}"), "due_date": _("Due {day}")}


class Part(StrEnum):
    """The parts of the history. Internal notes are not among them: we never store any."""

    ALL = "all"
    SENT = "sent"
    CALLS = "calls"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history."""

    at: datetime
    part: Part
    icon: str
    text: str
    small: str
    when: str


def history(facts: ClaimFacts, part: Part, says: Says) -> tuple[Entry, ...]:
    """The history, newest first."""
    entries = [*_events(facts, says), *_messages(facts, says), *_questions(facts, says), *_contacts(facts, says)]
    entries += [*_changes(facts, says), *_rated(facts, says)]
    shown = [entry for entry in entries if part in (Part.ALL, entry.part)]
    return tuple(sorted(shown, key=lambda entry: entry.at, reverse=True)[:SHOWN_AT_ONCE])


def _entry(part: Part, icon: str, text: str, small: str, at: datetime, says: Says) -> Entry:
    return Entry(at=at, part=part, icon=icon, text=text, small=small, when=says.when(at))


def _events(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for event in facts.events:
        icon, text = EVENTS[event.kind]
        if event.kind in (CaseEventKind.STAGE_CHANGED, CaseEventKind.SITUATION_CHANGED, CaseEventKind.DECISION_MADE):
            icon = STATUS_OF[event.page_state][1]
        status = says.told(STATUS_OF[event.page_state][2])
        text = says.told(text, status=status)
        said = [_event_detail(event, says), says.told(facts.untold[event.id]) if event.id in facts.untold else ""]
        yield _entry(Part.ALL, icon, text, ". ".join(filter(None, said)), event.occurred_at, says)


def _event_detail(event: CaseEvent, says: Says) -> str:
    detail, said = event.detail, []
    currency = str(detail.get("currency") or "")
    for name in ("amount", "assessed", "approved"):
        if detail.get(name) and currency:
            said.append(says.sum(Decimal(str(detail[name])), currency))
            break
    if detail.get("count"):
        said.append(says.counted("{n} document", "{n} documents", int(detail["count"])))
    for name, words in DATES.items():
        if detail.get(name):
            said.append(says.told(words, day=says.day(_day(detail[name]))))
    if event.historic:
        said.append(says.told("Known before we began to send messages"))
    return ". ".join(said)


def _messages(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for notification, delivery in facts.told:
        channel = says.told(CHANNEL_WORDS[notification.channel])
        sent = delivery is not None and notification.state in (NotificationState.SENT, NotificationState.SETTLED)
        if delivery is not None:
            over = f"{channel}, {delivery.provider}" if delivery.provider.lower() != channel.lower() else channel
            text = says.told("{channel} “{text}”", channel=over, text=delivery.text)
        else:
            name = says.told(template_words(notification.template))
            text = says.told("{channel}, message “{name}”", channel=channel, name=name)
        small = _fate(notification, delivery, facts, says)
        at = delivery.started_at if delivery else notification.planned_at
        yield _entry(Part.SENT, "send" if sent else "pause", text, small, at, says)


def _fate(notification: Notification, delivery: Delivery | None, facts: ClaimFacts, says: Says) -> str:
    if delivery is None or notification.state not in (NotificationState.SENT, NotificationState.SETTLED):
        reason = says.told(REASONS[notification.reason]) if notification.reason else ""
        if delivery is not None and (why := words_on(delivery.error_code)):
            reason = says.told(why)
        words = says.told(SILENT_STATES[notification.state], reason=reason)
        if notification.state is NotificationState.PLANNED:
            words = says.told("Waits to be sent, not before {time}", time=says.by(notification.not_before))
        return words
    said = _delivered(delivery, says)
    opened = sum(look > delivery.started_at for look in facts.looks)
    return f"{said} {says.counted('Page opened {n} time', 'Page opened {n} times', opened)}" if opened else said


def _delivered(delivery: Delivery, says: Says) -> str:
    if delivery.state is DeliveryState.DELIVERED and delivery.final_at:
        return says.told("Delivered in {span}.", span=says.span(delivery.final_at - delivery.started_at))
    if delivery.state is DeliveryState.UNDELIVERED:
        if why := words_on(delivery.error_code):
            return says.told("Not delivered: {reason}.", reason=says.told(why))
        return says.told("Not delivered: the provider says {code}.", code=delivery.error_code or "—")
    return says.told("The provider has it; no word from the telephone yet.")


def _questions(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for question in facts.questions:
        text = says.told("Question: {text}", text=question.text)
        yield _entry(Part.CALLS, "chat", text, answer_words(question, facts.names, says), question.asked_at, says)


def answer_words(question: Question, names: dict[str, str], says: Says) -> str:
    """How the question was answered, and by whom; or by when it will be."""
    if question.answered_at is None or question.answer is None:
        return says.told("Answer due {time}", time=says.by(question.answer_due_at))
    span = says.span(question.answered_at - question.asked_at)
    who = names.get(question.answered_by or "", question.answered_by or "")
    return says.told("Answered in {span}, {name}: {text}", span=span, name=who, text=question.answer)


def _contacts(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for contact in facts.contacts:
        if contact.kind in CONTACTS:
            icon, words = CONTACTS[contact.kind]
            yield _entry(Part.CALLS, icon, says.told(words), "", contact.at, says)


def _rated(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for answer in facts.rated:
        words, most = SURVEYS[answer.kind], RATINGS[answer.kind][-1]
        said = says.told("“{text}”", text=answer.said) if answer.said else ""
        yield _entry(Part.CALLS, "chat", says.told(words, n=answer.rating, most=most), said, answer.at, says)


def _changes(facts: ClaimFacts, says: Says) -> Iterator[Entry]:
    for change in facts.changes:
        who = facts.names.get(change.requested_by, change.requested_by)
        text = says.told("{name}: {action}", name=who, action=says.told(ACTIONS[change.action]))
        yield _entry(Part.ALL, "user", text, change_words(change, says), change.requested_at, says)


def change_words(change: ChangeRequest, says: Says) -> str:
    """Where the change is on its way into the claims system."""
    words = says.told(CHANGE_STATES[change.state])
    if change.state is ChangeState.REFUSED and change.problem:
        words = says.told("The claims system refused: {problem}", problem=change.problem)
    untold = "" if change.told else " " + says.told("The client was not texted.")
    return words + untold


def _day(value: object) -> date:
    return datetime.fromisoformat(str(value)).date()
