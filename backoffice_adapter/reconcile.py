"""Once a night everything is read again: what differs had been missed, and is repaired."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.sync import Plan, sync_once
from backoffice_adapter.tables import RunState, SyncRun
from claims_core.db import session_scope

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a complete reading found: claims seen, claims that differed from what polls had told us, claims gone."""

    seen: int
    drift: int
    gone: int
    problem: str | None = None


def last_due(now: datetime, *, hour: int, zone: ZoneInfo) -> datetime:
    """The latest moment, not after `now`, at which the clock of `zone` showed this hour (pure)."""
    here = now.astimezone(zone)
    today = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today <= here else today - timedelta(days=1)


async def is_due(session: AsyncSession, source: str, *, since: datetime) -> bool:
    """Was the source read before `since`, and not completely from then on?"""
    done = SyncRun.source == source, SyncRun.state == RunState.DONE, ~col(SyncRun.pushed)
    runs = select(SyncRun.id).where(*done)
    before = (await session.exec(runs.where(col(SyncRun.started_at) < since).limit(1))).first()
    whole = runs.where(col(SyncRun.started_at) >= since, col(SyncRun.full))
    return before is not None and (await session.exec(whole.limit(1))).first() is None


async def reconcile(plan: Plan) -> Reconciled:
    """Read what is new, then everything. What the second reading finds is drift: it is repaired like any news.

    Whether drift is told follows from its age: a rule tells nothing that is older than its `fresh_hours`.
    """
    await sync_once(plan)
    done = await sync_once(replace(plan, again=True))
    counts = done.counts
    found = Reconciled(counts.seen, counts.new + counts.changed, done.gone, done.problem)
    log.log(
        logging.WARNING if found.drift or found.gone else logging.INFO,
        "reconciled",
        extra={"source": plan.config.name, "seen": found.seen, "drift": found.drift, "gone": found.gone},
    )
    return found


async def reconcile_if_due(plan: Plan) -> Reconciled | None:
    """The nightly reconcile of a source, if its hour has come since the last one."""
    hour = plan.config.reconcile_hour
    if hour is None:
        return None
    since = last_due(plan.clock(), hour=hour, zone=ZoneInfo(plan.mapping.file.about.time_zone))
    async with session_scope(plan.engine) as session:
        if not await is_due(session, plan.config.name, since=since):
            return None
    return await reconcile(plan)
