"""Timed work happens once for each span, however many schedulers run, and says how it went."""

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core.commands.jobs import as_json, as_line
from claims_core.db import session_scope
from claims_core.jobs import JOBS, end_promises, seal
from claims_core.ledger import audit
from claims_core.tables import AuditEntry, JobSlot, Promise
from claims_core.ticks import EPOCH, Context, Job, forget_runs, how, make_scheduler, run_job, slot_of
from tests.factories import NOON, a_claim

SECOND = timedelta(seconds=1)


async def runs(engine: AsyncEngine) -> list[JobSlot]:
    async with session_scope(engine) as session:
        return list(await session.exec(select(JobSlot).order_by(JobSlot.slot)))


async def test_two_schedulers_do_the_work_of_each_span_once(engine: AsyncEngine) -> None:
    seen: Counter[datetime] = Counter()
    enough = asyncio.Event()

    async def work(context: Context) -> str:
        seen[slot_of(context.now, SECOND / 5)] += 1
        if len(seen) >= 4:
            enough.set()
        return "worked"

    job = Job("work", SECOND / 5, work)
    schedulers = [make_scheduler(engine, [job]) for _ in range(2)]
    for scheduler in schedulers:
        scheduler.start()
    await asyncio.wait_for(enough.wait(), timeout=30)
    for scheduler in schedulers:
        scheduler.pause()
    while any(row.finished_at is None for row in await runs(engine)):
        await asyncio.sleep(0.05)
    for scheduler in schedulers:
        scheduler.shutdown(wait=False)
    assert set(seen.values()) == {1}
    assert [row.slot for row in await runs(engine)] == sorted(seen)


async def test_a_job_that_is_still_at_work_is_not_started_again(engine: AsyncEngine) -> None:
    begun, end = asyncio.Event(), asyncio.Event()

    async def slow(context: Context) -> None:
        begun.set()
        await end.wait()

    job = Job("slow", SECOND, slow)
    first = asyncio.create_task(run_job(engine, job, now=NOON))
    await begun.wait()
    assert not await run_job(engine, job, now=NOON + SECOND)
    end.set()
    assert await first
    assert await run_job(engine, job, now=NOON + 2 * SECOND)
    assert not await run_job(engine, job, now=NOON + 2 * SECOND)


async def test_a_job_that_fails_says_so_and_runs_again(engine: AsyncEngine) -> None:
    async def broken(context: Context) -> None:
        raise ValueError("private")

    job = Job("broken", SECOND, broken)
    assert await run_job(engine, job, now=NOON)
    assert await run_job(engine, job, now=NOON + SECOND)
    assert [row.result for row in await runs(engine)] == ["failed: ValueError"] * 2


async def test_old_runs_are_forgotten(engine: AsyncEngine) -> None:
    job = Job("quick", SECOND, forget_runs)
    await run_job(engine, job, now=NOON - timedelta(days=9))
    await run_job(engine, job, now=NOON)
    assert [row.slot for row in await runs(engine)] == [NOON]


async def test_the_cores_jobs_end_promises_and_seal_the_audit(engine: AsyncEngine) -> None:
    async with session_scope(engine) as session:
        await a_claim(session)
        await audit(session, actor="staff:1", action="tried", subject="claim:1", detail={}, now=NOON)
    late = Context(engine, NOON + timedelta(days=60))
    assert await end_promises(late) == "2 missed"
    assert await end_promises(late) is None
    assert await seal(late) == "1 sealed"
    assert await seal(late) is None
    async with session_scope(engine) as session:
        assert {row.kept for row in await session.exec(select(Promise))} == {False}
        assert (await session.exec(select(AuditEntry.hash))).one()


def test_jobs_have_names_of_their_own() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)


@pytest.mark.parametrize(
    ("finished", "result", "later", "expected"),
    [
        (None, None, SECOND, "running"),
        (NOON, "2 missed", SECOND, "done"),
        (NOON, "failed: ValueError", SECOND, "failed"),
        (NOON, None, timedelta(minutes=21), "overdue"),
    ],
)
def test_a_run_is_shown_with_how_it_went(
    finished: datetime | None, result: str | None, later: timedelta, expected: str
) -> None:
    span = timedelta(minutes=5)
    row = JobSlot(
        job="end_promises", slot=NOON, next_slot=NOON + span, started_at=NOON, finished_at=finished, result=result
    )
    assert how(row, NOON + later) == expected
    assert json.loads(json.dumps(as_json(row, NOON + later)))["how"] == expected
    assert as_line(row, NOON + later).startswith(f"end_promises             {expected}")


@given(now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), seconds=st.integers(1, 100_000))
def test_a_moment_lies_in_its_slot_and_the_next_slot_follows(now: datetime, seconds: int) -> None:
    moment, every = now.replace(tzinfo=NOON.tzinfo), timedelta(seconds=seconds)
    slot = slot_of(moment, every)
    assert (slot - EPOCH) % every == timedelta(0)
    assert slot - every / 20 <= moment < slot + every
    assert slot_of(moment + every, every) == slot + every
