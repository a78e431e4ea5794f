"""The runs that moved too many claims to be told unasked: how many, what would be told, and what was decided."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import PageState

REMEMBERED = timedelta(days=7)
_RUNS = text("""
select r.id, r.source, r.held_at, r.moved, r.claims, r.state = 'running' as is_running, h.told,
  coalesce((select s.name from staff s where 'staff:' || s.id = h.decided_by), h.decided_by) as decided_by,
  h.decided_at, v.proposed_by, v.proposed_at,
  coalesce((select s.name from staff s where 'staff:' || s.id = v.proposed_by), v.proposed_by) as proposer
from sync_run r left join hold_decision h on h.run_id = r.id left join release_proposal v on v.run_id = r.id
where r.held_at is not null and (h.run_id is null or h.decided_at > :since)
order by (h.run_id is not null), r.held_at desc limit 50
""")
_WAITING = text("""
select e.run_id, e.page_state, count(*) as messages, min(n.send_by) as send_by, min(n.claim_id::text) as example
from notification n join case_event e on e.id = n.cause_id and n.cause_kind = 'case_event'
where n.state = 'held' and n.reason = 'mass_change' group by 1, 2 order by 3 desc
""")
_UNDECIDED = text("""
select count(*) from sync_run r where r.held_at is not null
and not exists (select from hold_decision h where h.run_id = r.id)
""")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that would say the same: where the claims stand now, how many, until when, and one claim to look at."""

    page_state: PageState
    messages: int
    send_by: datetime
    example: UUID


@dataclass(frozen=True, slots=True)
class HeldRun:
    """One run. `told` is None until somebody has decided; `proposer` is the name of who would send them."""

    id: UUID
    source: str
    held_at: datetime
    moved: int
    claims: int
    is_running: bool
    told: bool | None
    decided_by: str | None
    decided_at: datetime | None
    proposed_by: str | None
    proposed_at: datetime | None
    proposer: str | None
    waiting: tuple[Waiting, ...]


async def read_held(session: AsyncSession, *, now: datetime) -> tuple[HeldRun, ...]:
    """The runs that wait for a decision, and those decided on lately."""
    connection = await session.connection()
    waiting: dict[UUID, list[Waiting]] = {}
    for row in await connection.execute(_WAITING):
        one = Waiting(PageState(row.page_state), row.messages, row.send_by, UUID(row.example))
        waiting.setdefault(row.run_id, []).append(one)
    runs = await connection.execute(_RUNS, {"since": now - REMEMBERED})
    return tuple(HeldRun(**row._asdict(), waiting=tuple(waiting.get(row.id, ()))) for row in runs)


async def undecided(session: AsyncSession) -> int:
    """How many runs wait for a decision."""
    return int((await (await session.connection()).execute(_UNDECIDED)).scalar_one())
