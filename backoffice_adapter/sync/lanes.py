"""Lanes: processes that translate and write large pages side by side, while this one reads on.

Only pages that move no cursor and tick off no file go through a lane; each is a transaction of its own, in any order.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import wait
from typing import Any, ClassVar

from backoffice_adapter.mapping import parse
from backoffice_adapter.source import Page, Record
from backoffice_adapter.sync.memory import search_garbage_rarely
from backoffice_adapter.sync.pages import translate_page
from backoffice_adapter.sync.writing import Ground, Written, write_page
from claims_core import logs
from claims_core.db import make_engine, session_scope
from claims_core.errors import SourceUnavailable
from claims_core.failpoints import failpoint, follow
from claims_core.quick_codecs import write_moments_quickly

# A page with fewer cases is written here: handing it over costs more than it saves.
WORTH_A_LANE = 1_000
# The large page with which they are opened: a second's work, which a run of one page would wait for in vain.
OPENED_BY = 2
# Whoever waits for a page of the portal goes first where both are on one machine; alone, a lane is no slower.
POLITE = 10


@dataclass(frozen=True, slots=True)
class Task:
    """What a lane works with: everything in it travels to another process."""

    address: str = field(repr=False)
    ground: Ground
    mapping: str = field(repr=False)
    level: int
    failpoints: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A page as it travels to a lane: its cases as plain tuples, which are pickled in a third of the time."""

    page: Page
    cases: list[tuple[Any, ...]]

    @classmethod
    def of(cls, page: Page) -> "Parcel":
        """The page, packed."""
        return cls(replace(page, records=[]), [tuple(case) for case in page.records])

    def opened(self) -> Page:
        """The page, as it was packed."""
        return replace(self.page, records=[Record(*case) for case in self.cases])


class Lanes:
    """At most `count` processes, started when a second page is worth one, ended with this context."""

    def __init__(self, task: Task, count: int) -> None:
        self._task, self._count = task, count
        self._large = 0  # so many pages were worth a lane
        self._opening: asyncio.Task[ProcessPoolExecutor] | None = None
        self._under_way: dict[asyncio.Future[Written], frozenset[str]] = {}

    async def __aenter__(self) -> "Lanes":
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._opening is not None:
            pool = await self._opening
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def wants(self, page: Page) -> bool:
        """Is the page large, does nothing that is ticked off depend on it, and is it the third such page?

        One large page is not worth lanes. The second has them opened beside the reader, who writes it meanwhile.
        """
        if self._count == 1 or len(page.records) < WORTH_A_LANE or page.moves:
            return False
        self._large += 1
        if self._large == OPENED_BY:
            self._opening = asyncio.create_task(asyncio.to_thread(self._opened))
        return self._large > OPENED_BY

    async def put(self, page: Page, *, settle_rejects: bool, now: datetime) -> list[Written]:
        """Have a page that is wanted written; what came of earlier ones meanwhile.

        A case that is still being written waits.
        """
        assert self._opening is not None
        pool, refs = await self._opening, frozenset(record.ref for record in page.records)
        done = []
        while len(self._under_way) > self._count or any(not refs.isdisjoint(busy) for busy in self._under_way.values()):
            done += await self._ended(asyncio.FIRST_COMPLETED)
        try:
            job = asyncio.get_running_loop().run_in_executor(pool, write, Parcel.of(page), settle_rejects, now)
        except BrokenProcessPool as problem:  # one has died between two pages
            raise self._died() from problem
        self._under_way[job] = refs
        return done

    async def drain(self) -> list[Written]:
        """Wait until all is written."""
        return await self._ended(asyncio.ALL_COMPLETED) if self._under_way else []

    async def _ended(self, when: str) -> list[Written]:
        ended, _ = await asyncio.wait(self._under_way, return_when=when)
        for job in ended:
            del self._under_way[job]
        problem = next((job.exception() for job in ended if job.exception()), None)
        if isinstance(problem, BrokenProcessPool):
            raise self._died() from problem
        if problem is not None:
            raise problem
        return [job.result() for job in ended]

    def _died(self) -> SourceUnavailable:
        said = f"{self._task.ground.source}: a process that writes claims has died; the next run does its part"
        return SourceUnavailable(said)

    def _opened(self) -> ProcessPoolExecutor:
        # Forks of one fresh interpreter, which stays for the next run: a fork of ours would share our connections and
        # threads, and an interpreter each would read a second's worth of modules each.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=Lane.open, initargs=(self._task,))
        for _ in range(self._count):
            pool.submit(stand_by)
        return pool


class Lane:
    """One of the processes: its engine and its translator, held between pages."""

    here: ClassVar["Lane"]

    def __init__(self, task: Task) -> None:
        ground = task.ground
        self.ground, self.engine = ground, make_engine(task.address, pool_size=1)
        write_moments_quickly(self.engine)
        self.translate = parse(task.mapping).translator(source=ground.source, mapping_version=ground.version)
        self.runner = asyncio.Runner()

    @classmethod
    def open(cls, task: Task) -> None:
        """The first thing in a new process. Ctrl-C is the reader's: it ends us when our page is done."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        logs.set_up(level=logging.getLevelName(task.level))
        search_garbage_rarely()
        if hasattr(os, "nice"):
            os.nice(POLITE)
        follow(task.failpoints)
        cls.here = cls(task)

    async def write(self, page: Page, settle_rejects: bool, now: datetime) -> Written:
        """One page, one transaction."""
        translated = translate_page(page, self.translate, now)
        async with session_scope(self.engine) as session:
            done = await write_page(session, self.ground, translated, settle_rejects=settle_rejects, now=now)
            failpoint("sync.before_commit")
        failpoint("sync.after_commit")
        return done


def stand_by() -> None:
    """In a lane: nothing, but that it is there, for a pool starts no process before it has work for it."""


def write(parcel: Parcel, settle_rejects: bool, now: datetime) -> Written:
    """In a lane: write one page."""
    return Lane.here.runner.run(Lane.here.write(parcel.opened(), settle_rejects, now))


def _end_with_parent() -> None:
    """Nobody waits for our answer any more: what is not committed is taken back by the database."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
