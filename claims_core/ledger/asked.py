"""What policyholders asked us, what we answered, and each time they had to come to us."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, true, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import Conflict
from claims_core.ledger.audit import audit
from claims_core.tables import Contact, Question, QuestionCategory


async def ask_question(
    session: AsyncSession,
    *,
    claim_id: UUID | None,
    policyholder_id: UUID,
    channel: str,
    text: str,
    now: datetime,
    answer_due_at: datetime,
    category: QuestionCategory = QuestionCategory.QUESTION,
    sealed: str | None = None,
) -> Question:
    """Keep a question with the moment by which a person answers it; `channel` is how it came.

    Of another `category` it is a handler's task with a clock; `sealed` is what they open to do it.
    """
    question = Question(
        claim_id=claim_id,
        policyholder_id=policyholder_id,
        channel=channel,
        category=category,
        text=text,
        sealed=sealed,
        asked_at=now,
        answer_due_at=answer_due_at,
    )
    session.add(question)
    await session.flush()
    return question


async def answer_question(
    session: AsyncSession, question_id: UUID, *, answer: str, by: str, now: datetime, only_of: str | None = None
) -> None:
    """Answer a question, once; with `only_of` only while that person or nobody has it.

    Raises `Conflict` when somebody else has answered or has it, or when it does not exist.
    """
    held = or_(col(Question.taken_by).is_(None), col(Question.taken_by) == only_of) if only_of else true()
    answered = await session.exec(
        update(Question)
        .where(col(Question.id) == question_id, col(Question.answered_at).is_(None), held)
        .values(answer=answer, answered_by=by, answered_at=now, sealed=None)
    )
    if answered.rowcount != 1:
        raise Conflict("somebody has answered it already, or has it")
    await audit(session, actor=by, action="question_answered", subject=f"question:{question_id}", detail={}, now=now)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who of the staff has a question: as the audit names them, and as the policyholder reads them."""

    actor: str
    name: str


async def take_question(session: AsyncSession, question_id: UUID, *, by: Holder, now: datetime) -> None:
    """Take a question that nobody has. Raises `Conflict` when a colleague was quicker or it has its answer."""
    nobody = col(Question.taken_by).is_(None)
    await _give(session, question_id, only_if=nobody, to=by, now=now)
    await audit(session, actor=by.actor, action="question_taken", subject=f"question:{question_id}", detail={}, now=now)


async def hand_over_question(
    session: AsyncSession, question_id: UUID, *, had: str | None, to: Holder | None, by: str, now: datetime
) -> None:
    """Give a question from `had` to a colleague, or back to the team (`to` None); its clock goes on.

    Raises `Conflict` when `had` does not have it any more, or it has its answer.
    """
    still = col(Question.taken_by).is_(None) if had is None else col(Question.taken_by) == had
    await _give(session, question_id, only_if=still, to=to, now=now)
    detail = {"from": had, "to": to.actor if to else None}
    subject = f"question:{question_id}"
    await audit(session, actor=by, action="question_handed_over", subject=subject, detail=detail, now=now)


async def _give(
    session: AsyncSession, question_id: UUID, *, only_if: ColumnElement[bool], to: Holder | None, now: datetime
) -> None:
    given = await session.exec(
        update(Question)
        .where(col(Question.id) == question_id, col(Question.answered_at).is_(None), only_if)
        .values(
            taken_by=to.actor if to else None,
            taken_by_name=to.name if to else None,
            taken_at=now if to else None,
        )
    )
    if given.rowcount != 1:
        raise Conflict("a colleague has it, or it was answered")


async def record_contact(
    session: AsyncSession, *, claim_id: UUID | None, policyholder_id: UUID, kind: str, now: datetime
) -> None:
    """The policyholder came to us: a call, a question, a look-up."""
    session.add(Contact(claim_id=claim_id, policyholder_id=policyholder_id, kind=kind, at=now))
    await session.flush()
