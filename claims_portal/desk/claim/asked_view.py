"""A question of a claim without an answer, as the desk shows it, and what is being typed under it (pure)."""

from dataclasses import dataclass
from uuid import UUID

from claims_core.i18n import marked as _
from claims_core.tables import Question
from claims_portal.auth.unproven import BY_NUMBER
from claims_portal.desk.access import Staffed, may_answer, may_change
from claims_portal.desk.says import Says
from claims_portal.desk.words import CATEGORIES
from notifier.people.chats import NAMES

CHANNELS: dict[str, str] = {
    "page": _("From the claim page, {time}"),
    BY_NUMBER: _("By the claim's number, without a code, {time}: the answer goes only to the contact on file"),
    "sms": _("By SMS, {time}"),
    "whatsapp": _("By WhatsApp, {time}"),
    **dict.fromkeys(NAMES, _("By {messenger}, {time}")),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question without an answer, and what is being typed under it; `over` is the colleague who has it."""

    id: UUID
    text: str
    came: str
    category: str
    is_sealed: bool
    left: str
    late: bool
    typed: str
    problem: str | None
    holder: str
    may_take: bool
    over: str


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer that is not saved, with the words that say why (none when it only comes back)."""

    question_id: UUID
    text: str
    problem: str


def _came(question: Question, says: Says) -> str:
    words = CHANNELS.get(question.channel, CHANNELS["page"])
    return says.told(words, time=says.when(question.asked_at), messenger=NAMES.get(question.channel, ""))


def asked_line(question: Question, viewer: Staffed, says: Says, typed: Typed | None) -> Asked:
    """A question in words, with what is being typed under it."""
    left = question.answer_due_at - says.now
    late = left.total_seconds() < 0
    words = _("late by {time}") if late else _("{time} left")
    mine = typed if typed and typed.question_id == question.id else None
    return Asked(
        id=question.id,
        text=says.told("“{text}”", text=question.text),
        came=_came(question, says),
        category=says.told(CATEGORIES[question.category]) if question.category in CATEGORIES else "",
        is_sealed=question.sealed is not None and may_change(viewer),
        left=says.told(words, time=says.span(left)),
        late=late,
        typed=mine.text if mine else "",
        problem=mine.problem if mine else None,
        holder=_holder(question, viewer, says),
        may_take=may_answer(viewer) and question.taken_by is None,
        over="" if question.taken_by in (None, viewer.actor) else question.taken_by,
    )


def _holder(question: Question, viewer: Staffed, says: Says) -> str:
    if question.taken_at is None:
        return ""
    if question.taken_by == viewer.actor:
        return says.told("You have it since {time}", time=says.by(question.taken_at))
    return says.told("{name} has it since {time}", name=question.taken_by_name or "", time=says.by(question.taken_at))
