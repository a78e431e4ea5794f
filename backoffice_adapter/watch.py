"""The adapter's timed work: each source read at its interval, notices worked off, handlers' changes put back."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import freshness, notices, quarantine
from backoffice_adapter.mapping import Mapping
from backoffice_adapter.reconcile import reconcile_if_due
from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import CaseSource, Telling
from backoffice_adapter.sync import Ear, Plan, sync_once, version_of, work_off
from backoffice_adapter.tables import RunState
from backoffice_adapter.write_back import Desk, apply_waiting
from claims_core.db import plain_address, session_scope
from claims_core.errors import ClaimsError, Refused, SourceError
from claims_core.installation import why_foreign
from claims_core.ticks import Context, Job, make_scheduler

log = logging.getLogger(__name__)

# The bell rings when a change is asked for; the poll is the net, and sees the end of the minute to undo.
POLL = timedelta(seconds=1)
RETRY = timedelta(seconds=10)
FRESHNESS = timedelta(minutes=5)
# How often it is looked whether the hour of the nightly reading has come.
RECONCILE = timedelta(minutes=5)
CHANNEL = "change_request"


@dataclass(frozen=True)
class Watched:
    """A source that is read for good."""

    config: SourceConfig
    mapping: Mapping
    source: CaseSource
    settle: timedelta


def jobs(watched: Sequence[Watched], clock: Callable[[], datetime]) -> list[Job]:
    """For each source a run at its interval, everything again once a night, and what the desk wants retried."""
    reads = [Job(f"sync {one.config.name}", one.config.interval, _reader(one, clock)) for one in watched]
    nights = [Job(f"reconcile {one.config.name}", RECONCILE, _reconciler(one, clock)) for one in watched]
    alarms = [Job(f"freshness {one.config.name}", FRESHNESS, _alarm(one, clock)) for one in watched]
    return reads + nights + alarms + [Job(f"retry {one.config.name}", RETRY, _retrier(one, clock)) for one in watched]


def _reader(one: Watched, clock: Callable[[], datetime]) -> Callable[[Context], Awaitable[str | None]]:
    async def read(context: Context) -> str | None:
        try:
            done = await sync_once(plan_of(context.engine, one, clock))
        except Refused as busy:
            return str(busy)
        if done.state is RunState.FAILED:
            return f"failed: {done.problem}"
        counts = done.counts
        return f"{counts.new + counts.changed} of {counts.seen} changed" if counts.seen else None

    return read


def _reconciler(one: Watched, clock: Callable[[], datetime]) -> Callable[[Context], Awaitable[str | None]]:
    async def read_all(context: Context) -> str | None:
        try:
            done = await reconcile_if_due(plan_of(context.engine, one, clock))
        except Refused as busy:
            return str(busy)
        if done is None:
            return None
        return done.problem or f"{done.drift} of {done.seen} had been missed, {done.gone} are gone"

    return read_all


def _alarm(one: Watched, clock: Callable[[], datetime]) -> Callable[[Context], Awaitable[str | None]]:
    async def look(context: Context) -> str | None:
        async with session_scope(context.engine) as session:
            return await freshness.alarm(session, one.config.name, now=clock())

    return look


def _retrier(one: Watched, clock: Callable[[], datetime]) -> Callable[[Context], Awaitable[str | None]]:
    async def retry(context: Context) -> str | None:
        async with session_scope(context.engine) as session:
            ids = await quarantine.asked_for(session, one.config.name)
        if not ids:
            return None
        try:
            done = await quarantine.retry(plan_of(context.engine, one, clock), ids)
        except (Refused, SourceError) as problem:
            return str(problem)
        return f"{done.settled} of {done.tried} can be read now"

    return retry


def plan_of(engine: AsyncEngine, one: Watched, clock: Callable[[], datetime], *, full: bool = False) -> Plan:
    """A run of a watched source."""
    return Plan(engine, one.config, one.mapping, one.source, clock=clock, settle=one.settle, full=full)


async def watch(
    engine: AsyncEngine,
    watched: Sequence[Watched],
    *,
    clock: Callable[[], datetime],
    stop: asyncio.Event,
    instance_id: str | None = None,
) -> None:
    """Read every source now and then at its interval, and write back, until `stop` is set. A copy writes nothing."""
    scheduler = make_scheduler(engine, jobs(watched, clock))
    for job in scheduler.get_jobs():
        job.modify(next_run_time=clock())
    scheduler.start()
    try:
        async with asyncio.TaskGroup() as group:
            workers = [group.create_task(_write_back(engine, one, clock, instance_id)) for one in watched]
            workers += [group.create_task(_hear(engine, one, clock)) for one in watched if _is_heard(one)]
            await stop.wait()
            for worker in workers:
                worker.cancel()
    finally:
        scheduler.shutdown(wait=False)


async def _write_back(
    engine: AsyncEngine, one: Watched, clock: Callable[[], datetime], instance_id: str | None
) -> None:
    """Apply what is due, whenever the bell rings and at every poll. What fails is logged and tried again."""
    desk: Desk | None = None
    stopped: str | None = None
    async with _bell(engine, CHANNEL) as rung:
        while True:
            rung.clear()
            try:
                desk = desk or await desk_of(engine, one, clock)
                stopped = await _stopped(engine, one.config.name, instance_id, before=stopped)
                if stopped is None:
                    await apply_waiting(desk)
            except (ClaimsError, OSError, asyncpg.PostgresError, SQLAlchemyError) as problem:
                log.exception("write_back_failed", extra={"source": one.config.name, "problem": type(problem).__name__})
            await _rest(rung)


def _is_heard(one: Watched) -> bool:
    return isinstance(one.source, Telling) and one.source.is_heard


async def _hear(engine: AsyncEngine, one: Watched, clock: Callable[[], datetime]) -> None:
    """Work off what the source told us by itself, whenever the bell rings and at every poll; as `_write_back`."""
    ear: Ear | None = None
    async with _bell(engine, notices.CHANNEL) as rung:
        while True:
            rung.clear()
            try:
                ear = ear or await ear_of(engine, one, clock)
                await work_off(ear)
            except (ClaimsError, OSError, asyncpg.PostgresError, SQLAlchemyError) as problem:
                log.exception("notices_failed", extra={"source": one.config.name, "problem": type(problem).__name__})
            await _rest(rung)


async def _rest(rung: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(rung.wait(), POLL.total_seconds())


async def _stopped(engine: AsyncEngine, source: str, instance_id: str | None, *, before: str | None) -> str | None:
    """Why nothing is written back: the changes in a copy are the original's to apply. Said once."""
    async with session_scope(engine) as session:
        why = await why_foreign(session, instance_id=instance_id)
    if why is not None and why != before:
        log.error("write_back_stopped", extra={"source": source, "why": why})
    return why


async def desk_of(engine: AsyncEngine, one: Watched, clock: Callable[[], datetime]) -> Desk:
    """What it takes to write to a source; what a handler may do is published by it."""
    version = await version_of(engine, one.config.name, one.mapping, now=clock())
    translate = one.mapping.translator(source=one.config.name, mapping_version=version)
    return Desk(engine, one.config.name, one.mapping, one.source, translate, clock)


async def ear_of(engine: AsyncEngine, one: Watched, clock: Callable[[], datetime]) -> Ear:
    """What it takes to understand a source's notices."""
    assert isinstance(one.source, Telling), "asked before"
    version = await version_of(engine, one.config.name, one.mapping, now=clock())
    translate = one.mapping.translator(source=one.config.name, mapping_version=version)
    return Ear(engine, one.source, one.source, translate, version, clock, one.settle, one.config.most_moved)


@contextlib.asynccontextmanager
async def _bell(engine: AsyncEngine, channel: str) -> AsyncIterator[asyncio.Event]:
    """An event that is set whenever somebody rings: asks for a change, say, or brings a notice."""
    rung = asyncio.Event()
    url = plain_address(engine.url.render_as_string(hide_password=False))
    connection = await asyncpg.connect(url)
    try:
        await connection.add_listener(channel, lambda *said: rung.set())
        yield rung
    finally:
        await connection.close()
