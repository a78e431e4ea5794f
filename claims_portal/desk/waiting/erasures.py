"""The wishes to be erased that the desk has to carry out, and those carried out lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.same_person import rows_of_person

REMEMBERED = timedelta(days=30)
_WISHES = text("""
select e.id, e.policyholder_id, e.reference, h.name, e.asked_at, e.due_at, e.checked_by, e.done_at,
  coalesce((select s.name from staff s where 'staff:' || s.id = e.checked_by), e.checked_by) as checker,
  coalesce((select s.name from staff s where 'staff:' || s.id = e.done_by), e.done_by) as doer
from erasure e join policyholder h on h.id = e.policyholder_id
where e.withdrawn_at is null and (e.done_at is null or e.done_at > :since)
order by (e.done_at is not null), e.due_at limit 100
""")
_OPEN = text("select count(*) from erasure where done_at is null and withdrawn_at is null")


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish; `waits` while a claim or a complaint of theirs is open."""

    id: UUID
    policyholder_id: UUID
    reference: str
    name: str
    asked_at: datetime
    due_at: datetime
    checked_by: str | None
    done_at: datetime | None
    checker: str | None
    doer: str | None
    waits: bool = False


async def read_wishes(session: AsyncSession, *, now: datetime) -> list[Wish]:
    """What is to be done, the nearest day first, then what was done."""
    rows = (await (await session.connection()).execute(_WISHES, {"since": now - REMEMBERED})).all()
    return [Wish(**row._asdict(), waits=await _waits(session, row.policyholder_id, row.done_at)) for row in rows]


async def _waits(session: AsyncSession, policyholder_id: UUID, done_at: datetime | None) -> bool:
    if done_at is not None:
        return False
    return await ledger.is_in_the_way(session, await rows_of_person(session, policyholder_id))


async def how_many(session: AsyncSession) -> int:
    """How many are to be done."""
    return int((await (await session.connection()).execute(_OPEN)).scalar_one())
