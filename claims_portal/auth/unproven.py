"""Requests of people who have proved nothing: written as they come, and looked at a moment later beside the pages.

The form writes one and the same row whatever exists, so its answer cannot tell, neither in bytes nor in time. What
comes of it is said to nobody but the contact on file and the desk.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_portal.deps import Portal
from claims_portal.tables import RequestKind, UnprovenRequest
from notifier.planning import calls

BATCH = 100
# How a question is named that came by the claim's number, without a proof of who asks.
BY_NUMBER = "number"
# So many questions of strangers wait in one claim; more would bury what its owner asks.
MOST_WAITING = 3

# Why the desk has to call; the words are the desk's.
NEW_CONTACT, UNREACHABLE, SEVERAL_READERS, NO_CLAIM = "new_contact", "unreachable", "several_readers", "no_claim"
ASKED, NOBODY_TO_ANSWER, ENOUGH = "asked", "nobody_to_answer", "enough"

_TAKE = text("""
select r.id, r.kind, r.asked_numbers, r.contact, r.text, r.due_at, r.language
from unproven_request r where r.resolved_at is null order by r.created_at, r.id limit :batch for update skip locked
""")
# The policyholder's side of the claim with this number, else of the newest open one of this policy.
_FIND = text(f"""
select c.id, c.policyholder_id, c.has_claimants,
  (select count(*) from question q where q.claim_id = c.id and q.channel = '{BY_NUMBER}' and q.answered_at is null)
    as waiting
from claim c
where c.part_of is null and (c.claim_number = any(:numbers) or c.policy_number = any(:numbers)
   or c.id in (select n.claim_id from claim_number n where n.number = any(:numbers)))
order by (c.claim_number = any(:numbers)) desc, (c.stage = 'closed'), c.reported_at desc, c.id
limit 1
""")  # noqa: S608  (pieces of our own)


async def match_asked(portal: Portal, *, now: datetime) -> int:
    """Look for the claims of one batch, in one transaction. Returns how many requests there were.

    A crash before the commit leaves the rows as they were: the next pass, of any process, takes them.
    """
    async with session_scope(portal.engine) as session:
        rows = (await (await session.connection()).execute(_TAKE, {"batch": BATCH})).all()
        for row in rows:
            await _resolve(session, row, await _found(session, row), now=now)
    return len(rows)


async def _found(session: AsyncSession, row: Row[Any]) -> Row[Any] | None:
    if not row.asked_numbers:
        return None
    return (await (await session.connection()).execute(_FIND, {"numbers": row.asked_numbers})).first()


async def _resolve(session: AsyncSession, row: Row[Any], found: Row[Any] | None, *, now: datetime) -> None:
    is_unreachable = found is not None and await calls.is_unreachable(session, found.policyholder_id, now=now)
    why, ended, question_id = why_to_call(row, found, is_unreachable=is_unreachable), None, None
    if why is None and found is None:
        ended = NOBODY_TO_ANSWER
    elif why is None and found is not None and found.waiting >= MOST_WAITING:
        ended = ENOUGH
    elif why is None and found is not None:
        ended, question_id = ASKED, await _ask(session, row, found, now=now)
    await session.exec(
        update(UnprovenRequest)
        .where(col(UnprovenRequest.id) == row.id)
        .values(
            resolved_at=now,
            claim_id=found.id if found else None,
            question_id=question_id,
            needs_call=why is not None,
            why_call=why,
            call_after=now if why else None,
            ended_at=now if ended else None,
            ended_how=ended,
        )
    )


def why_to_call(row: Any, found: Any | None, *, is_unreachable: bool) -> str | None:
    """Why a person has to call, or None: a question goes to the claim, and its answer to the contact on file (pure).

    Where several people read one claim nobody knows which of them asks, and the answer would be another's to read.
    """
    if found is None:
        return NO_CLAIM if row.contact else None
    if row.kind != RequestKind.QUESTION or row.contact:
        return NEW_CONTACT
    if is_unreachable:
        return UNREACHABLE
    return SEVERAL_READERS if found.has_claimants else None


async def _ask(session: AsyncSession, row: Row[Any], found: Row[Any], *, now: datetime) -> UUID:
    asked = await ledger.ask_question(
        session,
        claim_id=found.id,
        policyholder_id=found.policyholder_id,
        channel=BY_NUMBER,
        text=row.text,
        now=now,
        answer_due_at=row.due_at,
    )
    return asked.id
