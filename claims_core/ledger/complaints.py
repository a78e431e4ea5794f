"""A formal complaint that was composed out of the ledger, and its task with a clock."""

import hashlib
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once
from claims_core.ids import new_code
from claims_core.ledger.asked import ask_question
from claims_core.tables import FormalComplaint, Question, QuestionCategory


async def serve_complaint(
    session: AsyncSession,
    *,
    claim_id: UUID,
    policyholder_id: UUID,
    ground: str,
    language: str,
    text: str,
    now: datetime,
    answer_due_at: datetime,
) -> Question | None:
    """Keep the complaint as a task with its reference and the hash of its text; None when `ground` has had its own."""
    async with session.begin_nested() as attempt:
        task = await ask_question(
            session,
            claim_id=claim_id,
            policyholder_id=policyholder_id,
            channel="page",
            category=QuestionCategory.COMPLAINT,
            text=text,
            now=now,
            answer_due_at=answer_due_at,
        )
        if not await _is_first(session, task, claim_id, ground=ground, language=language):
            await attempt.rollback()
            return None
    return task


async def _is_first(session: AsyncSession, task: Question, claim_id: UUID, *, ground: str, language: str) -> bool:
    complaint = FormalComplaint(
        question_id=task.id,
        claim_id=claim_id,
        ground=ground,
        reference=new_code(12),
        language=language,
        text_hash=hashlib.sha256(task.text.encode()).digest(),
        served_at=task.asked_at,
    )
    return await insert_once(session, complaint, unique=("claim_id", "ground"))
