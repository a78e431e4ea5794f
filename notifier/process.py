"""The notifier's process: it plans, sends, and does its timed work until it is told to stop."""

import asyncio
import contextlib
import gc
import logging
import os
import socket
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import DATABASE_AWAY, make_engine, open_pool, plain_address
from claims_core.installation import bind_database
from claims_core.shared_clock import SharedClock
from claims_core.ticks import make_scheduler
from notifier.channels.base import Channel
from notifier.channels.ways import open_channels
from notifier.dispatch import Sender, open_senders, run
from notifier.dispatch.failover import adopt
from notifier.incoming.carriers import taking_deliveries
from notifier.incoming.chat_answers import BELL as CHAT_BELL
from notifier.incoming.chat_answers import answer_chats
from notifier.planning.planner import plan_batch
from notifier.prices import note_prices
from notifier.reports.bounces import taking_bounces
from notifier.scheduler import JOBS, Tools
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.sweeps import health, hold_backlog, hold_foreign_copy, is_foreign
from notifier.switch import watch
from notifier.versions.template_versions import refresh
from notifier.versions.template_versions import watch as watch_texts

log = logging.getLogger(__name__)

HEALTH_EVERY = LOOK_EVERY = 60.0  # seconds
CLOCKS_APART = 2.0  # seconds; beyond that somebody should look at the machine's time service
PLAN_BELL, SEND_BELL = "case_event", "notification"


@dataclass(frozen=True, slots=True)
class Bells:
    """What wakes the loops between two polls."""

    plan: asyncio.Event
    senders: list[Sender]
    chats: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self, name: str) -> None:
        """Wake whoever listens to `name`."""
        if name == PLAN_BELL:
            self.plan.set()
        if name == CHAT_BELL:
            self.chats.set()
        for sender in self.senders if name == SEND_BELL else ():
            sender.bell.set()


def collect_seldom() -> None:
    """Let the collector of cycles look seldom, and not at what was there from the start: a fifth of a sender's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


async def open_sending_pool(url: str) -> asyncpg.Pool:
    """The connections of the senders: nothing is set on them, and what is taken and written is found by its key."""
    return await open_pool(url, size=8, stateless=True, plan_once=True)


async def serve(
    url: str,
    settings: NotifierSettings,
    stop: asyncio.Event,
    *,
    console: bool = False,
    instance_id: str | None = None,
) -> None:
    """Work until `stop`. Whatever else falls over, the open calls are ended and written (15 s at most)."""
    worker, clock = f"{socket.gethostname()}:{os.getpid()}", SharedClock()
    async with _opened(url, settings, clock, console=console) as (engine, pool, channels):
        await _compare(clock, pool)
        await refresh(pool)
        await _put_aside(engine, pool, instance_id, clock())
        senders = open_senders(pool, channels, settings, worker=worker, clock=clock, instance_id=instance_id)
        await adopt(pool, [sender.name for sender in senders])
        await note_prices(pool, channels, settings, now=clock())
        bells = Bells(asyncio.Event(), senders)
        tools = Tools(settings, pool, channels, instance_id)
        scheduler = make_scheduler(engine, JOBS, settings=tools, clock=clock)
        scheduler.start()
        log.info("notifier_started", extra={"worker": worker, "channels": sorted(channels)})
        others = [asyncio.create_task(loop) for loop in _beside(url, engine, tools, bells, clock)]
        try:
            await run(senders, stop)
        finally:
            scheduler.shutdown(wait=False)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        log.info("notifier_stopped", extra={"worker": worker})


def _beside(
    url: str, engine: AsyncEngine, tools: Tools, bells: Bells, clock: SharedClock
) -> tuple[Coroutine[Any, Any, None], ...]:
    """What goes on beside the senders, for ever."""
    return (
        _plan(engine, tools.settings, bells.plan, clock),
        _answer_chats(tools, bells.chats, clock),
        _listen(url, bells),
        _report(tools.pool, tools.instance_id, clock),
        _agree(clock, tools.pool),
        watch(tools.pool, bells.senders),
        watch_texts(tools.pool),
    )


async def _put_aside(engine: AsyncEngine, pool: asyncpg.Pool, instance_id: str | None, now: datetime) -> None:
    """Before anything leaves: what is not ours to send, and what waited too long while nobody sent."""
    problem = await bind_database(engine, instance_id=instance_id, now=now)
    if problem is not None:
        held = await hold_foreign_copy(pool, instance_id=instance_id)
        log.error("foreign_database", extra={"why": problem, "held": held})
    if waited := await hold_backlog(pool, now=now):
        log.error("backlog_held", extra={"messages": waited})


async def _compare(clock: SharedClock, pool: asyncpg.Pool) -> None:
    ahead = (await clock.look(pool)).total_seconds()
    if abs(ahead) > CLOCKS_APART:
        log.warning("clocks_differ", extra={"machine_ahead_seconds": round(ahead, 1)})


async def _agree(clock: SharedClock, pool: asyncpg.Pool) -> None:
    """Leases and moments are the database's: ask it once a minute what time it is."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        with contextlib.suppress(*DATABASE_AWAY):
            await _compare(clock, pool)


@asynccontextmanager
async def _opened(
    url: str, settings: NotifierSettings, clock: SharedClock, *, console: bool
) -> AsyncIterator[tuple[AsyncEngine, asyncpg.Pool, Mapping[ChannelName, Channel]]]:
    engine, channels = make_engine(url), open_channels(settings, console=console)
    pool = await open_sending_pool(url)
    try:
        async with taking_bounces(pool, settings, clock), taking_deliveries(engine, pool, channels, settings, clock):
            yield engine, pool, channels
    finally:
        for channel in channels.values():
            await channel.close()
        await pool.close()
        await engine.dispose()


async def _plan(engine: AsyncEngine, settings: NotifierSettings, bell: asyncio.Event, clock: SharedClock) -> None:
    """Decide on facts as they come."""
    while True:
        try:
            if await plan_batch(engine, now=clock(), settings=settings):
                continue
        except DATABASE_AWAY as problem:
            log.warning("database_away", extra={"why": type(problem).__name__})
        await _rung(bell, settings.notifier_poll.total_seconds())


async def _answer_chats(tools: Tools, bell: asyncio.Event, clock: SharedClock) -> None:
    """Say at once what chats are to read that are nobody's."""
    while True:
        with contextlib.suppress(*DATABASE_AWAY):
            if await answer_chats(tools.pool, tools.channels, now=clock(), instance_id=tools.instance_id):
                continue
        await _rung(bell, tools.settings.notifier_poll.total_seconds())


async def _rung(bell: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()
    bell.clear()


async def _listen(url: str, bells: Bells) -> None:
    """Hear the bells of the database. While the line is down the polls do the work."""
    plain = plain_address(url)
    while True:
        lost = asyncio.Event()
        try:
            line = await asyncpg.connect(plain)
            try:
                line.add_termination_listener(lambda _, lost=lost: lost.set())
                for name in (PLAN_BELL, SEND_BELL, CHAT_BELL):
                    await line.add_listener(name, lambda _line, _pid, channel, _text: bells.ring(channel))
                    bells.ring(name)
                await lost.wait()
            finally:
                await line.close()
        except DATABASE_AWAY as problem:
            log.warning("bell_line_down", extra={"why": type(problem).__name__})
        await asyncio.sleep(1)


async def _report(pool: asyncpg.Pool, instance_id: str | None, clock: SharedClock) -> None:
    """One line a minute: what is under way, whether all of it has an owner, and whether it may leave at all."""
    while True:
        await asyncio.sleep(HEALTH_EVERY)
        try:
            seen = await health(pool, now=clock())
            foreign = await is_foreign(pool, instance_id=instance_id)
        except DATABASE_AWAY:
            continue
        fields: dict[str, int | bool] = {state.value: count for state, count in seen.open.items()}
        fields |= {"waited_seconds": int(seen.waited.total_seconds()), "ownerless": seen.ownerless}
        fields |= {"foreign_database": foreign}
        log.log(logging.ERROR if seen.ownerless or foreign else logging.INFO, "notifier_health", extra=fields)
