"""Too many claims changing stage at once: more likely a mistake of the back office or of a mapping than news."""

import logging
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.tables import RunState, SyncRun
from claims_core.snapshot import CaseEventKind as Kind
from claims_core.tables import CaseEvent, Claim

log = logging.getLogger(__name__)

# Of a handful of claims a large share may well move on one day; nobody needs to be asked about so few messages.
FEWEST = 20
TIMES_USUAL = 10
DETAILS = (Kind.HANDLER_CHANGED, Kind.MONEY_CHANGED, Kind.FACTS_CHANGED, Kind.SITUATION_CHANGED)
LOOK_BACK = 30
# What a back office pushes has no end that could be waited for: what it moved in the last hour is counted together.
WINDOW = timedelta(hours=1)


def most(*, claims: int, usual: float, share: float) -> float:
    """How many claims may change stage in a run before a person is asked (pure)."""
    return max(FEWEST, share * claims, TIMES_USUAL * usual)


def still_counts(*, started_at: datetime, now: datetime) -> float:
    """The share of a window begun then that lies in the window which ends now (pure)."""
    return max(0.0, min(1.0, (started_at + 2 * WINDOW - now) / WINDOW))


async def pushes(session: AsyncSession, source: str, *, now: datetime) -> SyncRun:
    """The run of what is pushed now: an hour of it. It counts as done from the start, so nobody waits for its end."""
    latest = await _pushed(session, source, before=None)
    if latest is not None and now - latest.started_at < WINDOW:
        return latest
    run = SyncRun(source=source, pushed=True, started_at=now, page_at=now, finished_at=now, state=RunState.DONE)
    session.add(run)
    await session.flush()
    return run


async def judge_pushes(
    session: AsyncSession, run: SyncRun, moved: int, *, share: float, now: datetime
) -> dict[str, object]:
    """As `judge`, over the last hour: `moved` of this run, and of the one before it the share that still counts.

    A run that is held counts no more: its messages wait for a person already.
    """
    before = await _pushed(session, run.source, before=run.started_at)
    earlier = 0.0
    if before is not None and before.held_at is None:
        earlier = before.moved * still_counts(started_at=before.started_at, now=now)
    return await judge(session, run, moved, share=share, now=now, earlier=earlier)


async def judge(
    session: AsyncSession, run: SyncRun, moved: int, *, share: float, now: datetime, earlier: float = 0
) -> dict[str, object]:
    """The values of the run's row that say how many claims moved, and that they are held once they are too many.

    In the page's transaction: the verdict is there no later than the facts it is about. `earlier` moved before this
    run, and counts with it.
    """
    if moved + earlier <= FEWEST or run.held_at is not None:
        return {"moved": moved}
    if run.claims is None:
        listed = (Claim.source == run.source, col(Claim.part_of).is_(None))
        counted = select(func.count()).select_from(Claim).where(*listed)
        run.claims = (await session.exec(counted)).one()
    if moved + earlier <= most(claims=run.claims, usual=await _usual(session, run), share=share):
        return {"moved": moved, "claims": run.claims}
    run.held_at = now
    log.error(
        "mass_change_held",
        extra={"source": run.source, "sync_run_id": run.id, "moved": moved, "claims": run.claims},
    )
    return {"moved": moved, "claims": run.claims, "held_at": now}


async def judge_dead(session: AsyncSession, source: str, *, share: float, now: datetime) -> None:
    """What a process left running when it died may have been written by its lanes and never counted: count it now.

    A fact that is no mere change of details stands for a claim that moved: rather a hold too many.
    """
    running = select(SyncRun).where(SyncRun.source == source, SyncRun.state == RunState.RUNNING)
    for run in (await session.exec(running)).all():
        facts = select(func.count(func.distinct(CaseEvent.claim_id))).where(
            CaseEvent.run_id == run.id,
            col(CaseEvent.recorded_at) >= run.started_at,
            col(CaseEvent.kind).not_in(DETAILS),
        )
        moved = max(run.moved, (await session.exec(facts)).one())
        for name, value in (await judge(session, run, moved, share=share, now=now)).items():
            setattr(run, name, value)
        session.add(run)


async def _usual(session: AsyncSession, run: SyncRun) -> float:
    """The median of the latest runs in which anything moved and that were not held themselves."""
    alike: list[Any] = [SyncRun.source == run.source, SyncRun.pushed == run.pushed, SyncRun.id != run.id]
    if run.pushed:
        # What may still count as moved just now is not what is usual.
        alike.append(col(SyncRun.started_at) <= run.started_at - 2 * WINDOW)
    earlier = (
        select(SyncRun.moved)
        .where(*alike, SyncRun.moved > 0, col(SyncRun.held_at).is_(None))
        .order_by(col(SyncRun.started_at).desc())
        .limit(LOOK_BACK)
    )
    return median((await session.exec(earlier)).all() or [0])


async def _pushed(session: AsyncSession, source: str, *, before: datetime | None) -> SyncRun | None:
    """The latest run of pushes, or the latest that began before a moment."""
    runs = select(SyncRun).where(SyncRun.source == source, SyncRun.pushed)
    if before is not None:
        runs = runs.where(SyncRun.started_at < before)
    return (await session.exec(runs.order_by(col(SyncRun.started_at).desc()).limit(1))).first()
