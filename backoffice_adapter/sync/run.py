"""One run over a source: page, translate, hand over, move the cursor; page, rejects and cursor in one transaction."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.freshness import freshen, publish, tells_all
from backoffice_adapter.mapping import Mapping, Translate
from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import CaseSource, Page
from backoffice_adapter.sync import book
from backoffice_adapter.sync.known import LedgerKnown
from backoffice_adapter.sync.lanes import Lanes, Task
from backoffice_adapter.sync.mass import judge, judge_dead
from backoffice_adapter.sync.memory import search_garbage_rarely
from backoffice_adapter.sync.pages import TranslatedPage, differing_pages, read_ahead, translate_page
from backoffice_adapter.sync.sightings import Sightings, about_to_go, settle_missing
from backoffice_adapter.sync.vanishing import still_there
from backoffice_adapter.sync.writing import Counts, Ground, Written, write_page
from backoffice_adapter.tables import RunState, SyncRun
from claims_core.db import advisory_key, session_scope
from claims_core.errors import ClaimsError, Refused, SourceRefused
from claims_core.failpoints import failpoint, register, told

log = logging.getLogger(__name__)
register("sync.before_commit", "sync.after_commit")

Clock = Callable[[], datetime]
FLOOD = 1_000


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended. `held_of`: so many claims changed stage, of so many, that a person decides who is told."""

    source: str
    run_id: UUID
    full: bool
    first_load: bool
    state: RunState
    counts: Counts
    seconds: float
    problem: str | None = None
    held_of: int | None = None
    gone: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        counts = asdict(self.counts)
        return {
            "source": self.source,
            "state": self.state.value,
            **counts,
            "held_of": self.held_of,
            "gone": self.gone,
            "seconds": self.seconds,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run works with. `full` reads everything again and takes what it never saw for history; `again` reads
    everything, too, and what it finds is news like any other.
    """

    engine: AsyncEngine
    config: SourceConfig
    mapping: Mapping
    source: CaseSource
    clock: Clock
    settle: timedelta
    full: bool = False
    again: bool = False
    on_page: Callable[[Counts], None] = lambda counts: None


@dataclass(slots=True)
class _Run:
    """A run under way. `seen_since` and `rejected_since` count from the last page that moved the cursor."""

    plan: Plan
    row: SyncRun
    ground: Ground
    cursor: dict[str, Any] | None
    open_rejects: bool
    counts: Counts = field(default_factory=Counts)
    seen_since: int = 0
    rejected_since: int = 0
    reason: str | None = None
    complete: bool = False
    sightings: Sightings | None = None

    def add(self, written: Written) -> None:
        """Take a page into account."""
        more = written.counts
        self.counts += more
        self.seen_since += more.seen
        self.rejected_since += more.rejected
        self.open_rejects = self.open_rejects or bool(more.rejected)
        self.reason = written.reason or self.reason

    def flood(self, *, moves: bool) -> str | None:
        """Too many rejects say that the mapping or the delivery is wrong: nothing may be ticked off as read."""
        config, fewest = self.plan.config, self.plan.config.fewest_rejected if moves else FLOOD
        if self.rejected_since >= fewest and self.rejected_since > config.most_rejected * self.seen_since:
            first = f", the last because of {self.reason}" if self.reason else ""
            return f"{self.rejected_since} of {self.seen_since} cases cannot be read{first}"
        if moves:
            self.seen_since = self.rejected_since = 0
        return None


async def sync_once(plan: Plan) -> Summary:
    """Read `plan.source` once. A source that fails ends the run as failed, with the reason; a bug is raised."""
    started = plan.clock()
    search_garbage_rarely()
    async with only_one(plan.engine, f"sync:{plan.config.name}"):
        run = await _start(plan, started)
        state, problem = RunState.DONE, None
        try:
            await _read(run)
        except ClaimsError as error:
            state, problem = RunState.FAILED, str(error)
            log.error(
                "sync_run_failed", extra={"source": plan.config.name, "sync_run_id": run.row.id, "reason": problem}
            )
        except BaseException as error:
            stopped = isinstance(error, asyncio.CancelledError | KeyboardInterrupt)
            await _end(run, RunState.FAILED, "stopped" if stopped else f"{type(error).__name__}: a mistake of ours")
            raise
        await _end(run, state, problem)
    seconds = round((plan.clock() - started).total_seconds(), 3)
    return Summary(
        source=plan.config.name, run_id=run.row.id, full=run.row.full, first_load=run.ground.first_load, state=state,
        counts=run.counts, seconds=seconds, problem=problem, held_of=run.row.claims if run.row.held_at else None,
        gone=run.row.gone,
    )  # fmt: skip


@asynccontextmanager
async def only_one(engine: AsyncEngine, name: str) -> AsyncIterator[None]:
    """The advisory lock `name`, on a connection of its own. Raises `Refused` when somebody has it."""
    key = advisory_key(name)
    async with engine.connect() as connection:
        # Outside of a transaction: a lock held for an hour must not hold back the vacuum.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": key}):
            raise Refused(f"{name}: another process is at it")
        try:
            yield
        finally:
            await connection.execute(text("select pg_advisory_unlock(:key)"), {"key": key})


async def version_of(engine: AsyncEngine, source: str, mapping: Mapping, *, now: datetime) -> int:
    """The number of this mapping, made now if it is new; what a handler may do is published with it."""
    async with session_scope(engine) as session:
        return await book.take_in(session, source, mapping, now=now)


async def _start(plan: Plan, now: datetime) -> _Run:
    name = plan.config.name
    async with session_scope(plan.engine) as session:
        version = await book.take_in(session, name, plan.mapping, now=now)
        await publish(session, plan.config)
        last = await book.read_cursor(session, name)
        # What a new mapping makes of the old cases is known only after all of them were read again.
        remapped = last is not None and last.complete_at is not None and last.mapping_version != version
        full = plan.full or plan.again or remapped
        await book.forget_erased(session, name, now=now)
        await judge_dead(session, name, share=plan.config.most_moved, now=now)
        row = await book.start_run(session, name, full=full, again=plan.again, now=now)
        first = last is None or last.complete_at is None
        rejects = await book.has_rejected(session, name)
    ground = Ground(name, version, plan.settle, first_load=first, catching_up=plan.full, run_id=row.id)
    sightings = Sightings(archives=plan.config.may_archive) if plan.again and plan.config.shows_every_claim else None
    return _Run(plan, row, ground, None if full or last is None else last.cursor, rejects, sightings=sightings)


async def _read(run: _Run) -> None:
    plan = run.plan
    known = LedgerKnown(plan.engine, plan.config.name, full=run.row.full, sightings=run.sightings)
    translate = plan.mapping.translator(source=run.ground.source, mapping_version=run.ground.version)
    pages = differing_pages(plan.engine, plan.source, run.cursor, known, sightings=run.sightings)
    async with aclosing(pages), aclosing(read_ahead(pages)) as ahead, _lanes(run) as lanes:
        async for page in ahead:
            if lanes.wants(page):
                await _count(run, await lanes.put(page, settle_rejects=run.open_rejects, now=plan.clock()))
                continue
            await _count(run, await lanes.drain())
            translated = await asyncio.to_thread(translate_page, page, translate, plan.clock())
            _stop_at(await _write(run, translated))
            plan.on_page(run.counts)
    if run.sightings is not None and run.complete:
        await _ask_for_missing(run, run.sightings, translate)


async def _ask_for_missing(run: _Run, sightings: Sightings, translate: Translate) -> None:
    plan = run.plan
    async with session_scope(plan.engine) as session:
        refs = await about_to_go(session, plan.config.name, sightings, now=plan.clock())
    async with aclosing(still_there(plan.source, refs)) as pages:
        async for page in pages:
            sightings.add(page)
            _stop_at(await _write(run, translate_page(page, translate, plan.clock())))


def _lanes(run: _Run) -> Lanes:
    plan = run.plan
    address = plan.engine.url.render_as_string(hide_password=False)
    task = Task(address, run.ground, plan.mapping.text, log.getEffectiveLevel(), told())
    return Lanes(task, plan.config.lanes)


async def _count(run: _Run, written: list[Written]) -> None:
    """What came out of the lanes."""
    for one in written:
        run.add(one)
        run.plan.on_page(run.counts)
    if written:
        async with session_scope(run.plan.engine) as session:
            await _note(session, run, run.plan.clock())
        _stop_at(run.flood(moves=False))


def _stop_at(flood: str | None) -> None:
    if flood is not None:
        raise SourceRefused(flood)


async def _write(run: _Run, page: TranslatedPage) -> str | None:
    """One transaction: the page, its rejects, its cursor. A page with too many rejects leaves the cursor behind."""
    now = run.plan.clock()
    async with session_scope(run.plan.engine) as session:
        run.add(await write_page(session, run.ground, page, settle_rejects=run.open_rejects, now=now))
        flood = run.flood(moves=page.page.moves)
        if flood is None:
            await _move(session, run, page.page, now)
        await _note(session, run, now)
        failpoint("sync.before_commit")
    failpoint("sync.after_commit")
    return flood


async def _note(session: AsyncSession, run: _Run, now: datetime) -> None:
    counts = run.counts
    verdict = await judge(session, run.row, counts.moved, share=run.plan.config.most_moved, now=now)
    await book.note_run(
        session, run.row, page_at=now, **verdict, seen=counts.seen, unchanged=counts.unchanged,
        changed=counts.new + counts.changed, rejected=counts.rejected, unmapped=counts.unmapped,
    )  # fmt: skip


async def _move(session: AsyncSession, run: _Run, page: Page, now: datetime) -> None:
    name = run.ground.source
    run.complete = run.complete or page.complete
    # Of a source that has never shown a claim we do not know yet what is old there and what is news.
    complete = page.complete and (
        not run.ground.first_load or run.counts.seen > 0 or await book.has_claims(session, name)
    )
    await book.keep_marks(session, name, page.marks)
    if tells_all(run.plan.config, page):
        await freshen(session, run.plan.config, now=now)
    if page.file is not None:
        await book.keep_file(session, name, page.file, now=now)
    if page.cursor is not None or page.complete:
        await book.move_cursor(session, name, page.cursor, version=run.ground.version, complete=complete, now=now)


async def _end(run: _Run, state: RunState, problem: str | None) -> None:
    now = run.plan.clock()
    async with session_scope(run.plan.engine) as session:
        if run.row.full and run.complete and state is RunState.DONE:
            await book.settle_vanished(session, run.row)
            if run.sightings is not None:
                run.row.gone = await settle_missing(session, run.row, run.sightings, now=now)
        await book.note_run(session, run.row, state=state, finished_at=now, problem=problem, gone=run.row.gone)
