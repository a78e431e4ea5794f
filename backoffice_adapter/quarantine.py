"""The cases that could not be read: listed, found again, tried again."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.source import Applied, CaseSource, Known, Order, Page, Record, Shown, Unreadable
from backoffice_adapter.sync import Plan, sync_once
from backoffice_adapter.tables import RejectedCase, RunState
from claims_core.db import session_scope
from claims_core.errors import NotFound, SourceUnavailable

ASKED = text("""
select distinct r.id from retry_request q join rejected_case r on r.id = q.rejected_case_id
where r.source = :source and r.settled_at is null and (r.tried_at is null or r.tried_at < q.requested_at)
""")


@dataclass(frozen=True, slots=True)
class Retried:
    """How many cases were tried again, and how many of them could be read now."""

    tried: int
    settled: int


class _Chosen:
    """A source that shows these cases and no more; its cursor stays where it is."""

    takes_changes = False

    def __init__(self, whole: CaseSource, shown: Sequence[Shown]) -> None:
        self.name, self._whole, self._shown = whole.name, whole, shown

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        yield Page(
            records=[one for one in self._shown if isinstance(one, Record)],
            cursor=None,
            unreadable=[one for one in self._shown if isinstance(one, Unreadable)],
        )

    async def get(self, ref: str) -> Shown | None:
        return await self._whole.get(ref)

    async def look(self) -> str:
        return await self._whole.look()

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        return await self._whole.apply(ref, order, checksum=checksum, transaction_ref=transaction_ref, again=again)

    async def close(self) -> None:
        await self._whole.close()


async def listed(
    session: AsyncSession, *, source: str | None = None, settled: bool = False, limit: int = 1000
) -> list[RejectedCase]:
    """The cases that cannot be read, the latest first; with `settled` also those that could be read since."""
    query = select(RejectedCase).order_by(col(RejectedCase.last_seen_at).desc(), col(RejectedCase.id)).limit(limit)
    if source is not None:
        query = query.where(RejectedCase.source == source)
    if not settled:
        query = query.where(col(RejectedCase.settled_at).is_(None))
    return list((await session.exec(query)).all())


async def one(session: AsyncSession, rejected_id: UUID) -> RejectedCase:
    """A rejected case; raises `NotFound`."""
    found = await session.get(RejectedCase, rejected_id)
    if found is None:
        raise NotFound(f"there is no rejected case {rejected_id}; `claims quarantine list` shows those there are")
    return found


async def asked_for(session: AsyncSession, source: str) -> list[UUID]:
    """The cases of a source that somebody at the desk wants to be tried again, and that were not tried since."""
    rows = await (await session.connection()).execute(ASKED, {"source": source})
    return [row[0] for row in rows]


async def retry(plan: Plan, ids: Sequence[UUID]) -> Retried:
    """Read these cases of `plan.source` again, each by its key where the source can, else all of it, as news.

    Raises `SourceError` when the source does not answer, `Refused` while a run is under way.
    """
    started = plan.clock()
    async with session_scope(plan.engine) as session:
        chosen = select(RejectedCase).where(
            RejectedCase.source == plan.config.name,
            col(RejectedCase.id).in_(ids),
            col(RejectedCase.settled_at).is_(None),
        )
        rows = list((await session.exec(chosen)).all())
    if not rows:
        return Retried(0, 0)
    refs = dict.fromkeys(row.case_ref for row in rows if row.case_ref)
    shown = [one for ref in refs if (one := await plan.source.get(ref)) is not None]
    alone = replace(plan, source=_Chosen(plan.source, shown)) if shown else replace(plan, again=True)
    done = await sync_once(alone)
    if done.state is RunState.FAILED:
        raise SourceUnavailable(str(done.problem))
    return await _tried(plan, [row.id for row in rows], started)


async def _tried(plan: Plan, ids: Sequence[UUID], started: datetime) -> Retried:
    async with session_scope(plan.engine) as session:
        await session.exec(update(RejectedCase).where(col(RejectedCase.id).in_(ids)).values(tried_at=started))
        settled = select(func.count()).where(col(RejectedCase.id).in_(ids), col(RejectedCase.settled_at).is_not(None))
        return Retried(len(ids), (await session.exec(settled)).one())
