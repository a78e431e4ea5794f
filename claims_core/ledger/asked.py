"""What policyholders asked us, what we answered, and each time they had to come to us."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import Conflict
from claims_core.ledger.audit import audit
from claims_core.tables import Contact, Question


async def ask_question(
    session: AsyncSession,
    *,
    claim_id: UUID | None,
    policyholder_id: UUID,
    channel: str,
    text: str,
    now: datetime,
    answer_due_at: datetime,
) -> Question:
    """Keep a question with the moment by which a person answers it; `channel` is how it came."""
    question = Question(
        claim_id=claim_id,
        policyholder_id=policyholder_id,
        channel=channel,
        text=text,
        asked_at=now,
        answer_due_at=answer_due_at,
    )
    session.add(question)
    await session.flush()
    return question


async def answer_question(session: AsyncSession, question_id: UUID, *, answer: str, by: str, now: datetime) -> None:
    """Answer a question, once. Raises `Conflict` when somebody else has, or when it does not exist."""
    answered = await session.exec(
        update(Question)
        .where(col(Question.id) == question_id, col(Question.answered_at).is_(None))
        .values(answer=answer, answered_by=by, answered_at=now)
    )
    if answered.rowcount != 1:
        raise Conflict("somebody has answered it already")
    await audit(session, actor=by, action="question_answered", subject=f"question:{question_id}", detail={}, now=now)


async def record_contact(
    session: AsyncSession, *, claim_id: UUID | None, policyholder_id: UUID, kind: str, now: datetime
) -> None:
    """The policyholder came to us: a call, a question, a look-up."""
    session.add(Contact(claim_id=claim_id, policyholder_id=policyholder_id, kind=kind, at=now))
    await session.flush()
