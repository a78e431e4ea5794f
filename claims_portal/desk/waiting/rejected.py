"""The cases that no mapping could read, as the desk may show them: the reason, the place, and the shape of the raw."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.logs import mask
from claims_core.masks import masked

# `pending` says that somebody has asked for another try and it was not made yet.
_ROWS = text("""
select r.id, r.source, r.case_ref, r.place, r.reason, r.raw, r.times, r.first_seen_at, r.last_seen_at, r.tried_at,
  exists (select from retry_request q where q.rejected_case_id = r.id
    and (r.tried_at is null or q.requested_at > r.tried_at)) as pending
from rejected_case r where r.settled_at is null order by r.last_seen_at desc, r.id limit :limit
""")
_COUNT = text("select count(*) from rejected_case where settled_at is null")
_OPEN = text("select true from rejected_case where id = :id and settled_at is null")


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """One case; `shape` is what came, with its letters and digits masked."""

    id: UUID
    source: str
    ref: str | None
    place: str | None
    reason: str
    shape: str
    times: int
    first_seen_at: datetime
    last_seen_at: datetime
    tried_at: datetime | None
    pending: bool


async def read_rejected(session: AsyncSession, *, limit: int) -> tuple[tuple[RejectedRow, ...], int]:
    """The latest that still cannot be read, and how many there are in all."""
    connection = await session.connection()
    rows = await connection.execute(_ROWS, {"limit": limit})
    found = tuple(
        RejectedRow(
            id=row.id, source=row.source, ref=row.case_ref, place=row.place, reason=mask(row.reason),
            shape=masked(row.raw), times=row.times, first_seen_at=row.first_seen_at, last_seen_at=row.last_seen_at,
            tried_at=row.tried_at, pending=row.pending,
        )
        for row in rows
    )  # fmt: skip
    return found, int((await connection.execute(_COUNT)).scalar_one())


async def to_look_at(session: AsyncSession) -> int:
    """How many cases wait for somebody to look."""
    return int((await (await session.connection()).execute(_COUNT)).scalar_one())


async def is_open(session: AsyncSession, rejected_id: UUID) -> bool:
    """Is there such a case, and can it still not be read?"""
    return (await (await session.connection()).execute(_OPEN, {"id": rejected_id})).first() is not None
