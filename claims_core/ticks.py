"""Timed work: APScheduler says when, the tables say whether. Two schedulers, one effect."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.db import advisory_key, insert_once, session_scope
from claims_core.tables import JobSlot

log = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How long the runs of jobs are kept for `claims jobs` and the health page.
KEPT = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Context:
    """What a job may use: the database, this moment, and the settings of the process that runs it."""

    engine: AsyncEngine
    now: datetime
    settings: Any = None


@dataclass(frozen=True, slots=True)
class Job:
    """A timed job: `run` is called once for each span of `every`, and may say in a few words what it did."""

    name: str
    every: timedelta
    run: Callable[[Context], Awaitable[str | None]]


def slot_of(now: datetime, every: timedelta) -> datetime:
    """The span that `now` lies in, by its beginning. A clock that is early by a twentieth counts as in time."""
    return EPOCH + (now - EPOCH + every / 20) // every * every


def make_scheduler(
    engine: AsyncEngine, jobs: Iterable[Job], *, settings: Any = None, clock: Callable[[], datetime] = utc_now
) -> AsyncIOScheduler:
    """A scheduler of `jobs`, not started; `clock` says each run's moment. Any number may run on one database."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            tick,
            IntervalTrigger(seconds=job.every.total_seconds(), start_date=EPOCH, timezone=UTC),
            args=[engine, job, settings, clock],
            id=job.name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


async def tick(engine: AsyncEngine, job: Job, settings: Any = None, clock: Callable[[], datetime] = utc_now) -> None:
    """What the scheduler calls: one run at this moment; a job that fails is written down and the others go on."""
    await run_job(engine, job, now=clock(), settings=settings)


async def run_job(engine: AsyncEngine, job: Job, *, now: datetime, settings: Any = None) -> bool:
    """Run `job` for the slot of `now`, unless it was run for it or an earlier run is still at work. Did it run?

    No transaction is open meanwhile, so that a long job holds no snapshot of the database.
    """
    async with _alone(engine, job.name) as alone:
        slot = slot_of(now, job.every)
        if not alone or not await _begin(engine, job, slot, now):
            return False
        try:
            result = await job.run(Context(engine, now, settings))
        except Exception as error:
            log.exception("job_failed", extra={"job": job.name, "slot": slot.isoformat()})
            result = f"failed: {type(error).__name__}"
        await _end(engine, job, slot, result)
        return True


@asynccontextmanager
async def _alone(engine: AsyncEngine, name: str) -> AsyncIterator[bool]:
    """Hold the job's advisory lock; it goes with the connection, also when the process is killed."""
    key = {"key": advisory_key(f"claims job {name}")}
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        taken = (await connection.execute(text("select pg_try_advisory_lock(:key)"), key)).scalar_one()
        try:
            yield taken
        finally:
            if taken:
                await connection.execute(text("select pg_advisory_unlock(:key)"), key)


async def _begin(engine: AsyncEngine, job: Job, slot: datetime, now: datetime) -> bool:
    row = JobSlot(job=job.name, slot=slot, next_slot=slot + job.every, started_at=now)
    async with session_scope(engine) as session:
        return await insert_once(session, row, unique=("job", "slot"))


async def _end(engine: AsyncEngine, job: Job, slot: datetime, result: str | None) -> None:
    async with session_scope(engine) as session:
        await session.exec(
            update(JobSlot)
            .where(col(JobSlot.job) == job.name, col(JobSlot.slot) == slot)
            .values(finished_at=utc_now(), result=result)
        )


async def forget_runs(context: Context) -> str | None:
    """Job: take out the runs that nobody looks at any more."""
    async with session_scope(context.engine) as session:
        gone = await session.exec(delete(JobSlot).where(col(JobSlot.slot) < context.now - KEPT))
        return f"{gone.rowcount} runs forgotten" if gone.rowcount else None


def how(job: JobSlot, now: datetime) -> str:
    """How a job stands: `running`, `done`, `failed`, or `overdue` when nobody runs it any more."""
    if job.next_slot + 3 * (job.next_slot - job.slot) < now:
        return "overdue"
    if job.finished_at is None:
        return "running"
    return "failed" if (job.result or "").startswith("failed") else "done"


async def last_runs(session: AsyncSession) -> Sequence[JobSlot]:
    """The latest run of each job that ran lately, by name."""
    last = select(JobSlot).ext(distinct_on(col(JobSlot.job))).order_by(col(JobSlot.job), col(JobSlot.slot).desc())
    return (await session.exec(last)).all()
