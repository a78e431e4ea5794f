"""Acts of people are sealed into a chain, and a chain that was touched says where."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.ids import new_id
from claims_core.ledger.chain import GENESIS
from tests.factories import NOON, a_claim, a_question


async def act(session: AsyncSession, number: int, **detail: Any) -> None:
    await ledger.audit(session, actor=f"staff:{number}", action="tried", subject="claim:1", detail=detail, now=NOON)


async def three_sealed(session: AsyncSession) -> bytes:
    for number in (1, 2, 3):
        await act(session, number, n=number)
    await ledger.seal_audit(session, limit=2)
    await ledger.seal_audit(session)
    found = await ledger.verify_audit(session)
    assert (found.sealed, found.waiting, found.broken_at) == (3, 0, None)
    return found.head


async def test_entries_are_sealed_in_batches_into_one_chain(session: AsyncSession) -> None:
    head = await three_sealed(session)
    assert head != GENESIS
    await act(session, 4)
    assert (await ledger.verify_audit(session)).waiting == 1
    assert await ledger.seal_audit(session) == 1
    assert await ledger.seal_audit(session) == 0
    assert (await ledger.verify_audit(session)).head != head


@pytest.mark.parametrize(
    ("harm", "broken_at"),
    [
        ("update audit_entry set actor = 'staff:9' where seq = 2", 2),
        ("update audit_entry set detail = '{}' where seq = 1", 1),
        ("delete from audit_entry where seq = 2", 3),
        ("update audit_entry set place = 5 - place where place in (2, 3)", 3),
    ],
)
async def test_a_chain_that_was_touched_says_where(session: AsyncSession, harm: str, broken_at: int) -> None:
    await three_sealed(session)
    if "place" in harm:
        await session.exec(text("alter table audit_entry drop constraint uq_audit_entry_place"))
    await session.exec(text(harm))
    session.expunge_all()
    assert (await ledger.verify_audit(session)).broken_at == broken_at
    if "place" in harm:
        await session.rollback()


async def test_an_entry_committed_late_follows_those_sealed_before_it(engine: AsyncEngine) -> None:
    async with session_scope(engine) as slow:
        await act(slow, 1)
        async with session_scope(engine) as fast:
            await act(fast, 2)
        async with session_scope(engine) as sealer:
            assert await ledger.seal_audit(sealer) == 1
    async with session_scope(engine) as sealer:
        assert await ledger.seal_audit(sealer) == 1
        assert (await ledger.verify_audit(sealer)).broken_at is None


async def test_two_sealers_make_one_chain(engine: AsyncEngine) -> None:
    async with session_scope(engine) as session:
        for number in range(20):
            await act(session, number)

    async def seal() -> int:
        async with session_scope(engine) as session:
            return await ledger.seal_audit(session, limit=15)

    assert sum(await asyncio.gather(seal(), seal())) == 20
    async with session_scope(engine) as session:
        assert (await ledger.verify_audit(session)).sealed == 20


async def test_a_question_is_answered_once(session: AsyncSession) -> None:
    claim = await a_claim(session)
    question = await a_question(session, claim)
    await ledger.answer_question(session, question.id, answer="4 июня", by="staff:1", now=NOON)
    await session.refresh(question)
    assert (question.answer, question.answered_by, question.answered_at) == ("4 июня", "staff:1", NOON)
    for question_id in (question.id, new_id()):
        with pytest.raises(Conflict):
            await ledger.answer_question(session, question_id, answer="нет", by="staff:2", now=NOON)
