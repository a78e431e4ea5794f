"""One run over a source: page, translate, hand over, move the cursor; page, rejects and cursor in one transaction."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.mapping import Mapping, Rejected
from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import CaseSource, Unreadable
from backoffice_adapter.sync import book
from backoffice_adapter.sync.known import LedgerKnown
from backoffice_adapter.sync.memory import search_garbage_rarely
from backoffice_adapter.sync.pages import TranslatedPage, read_ahead, translated_pages
from backoffice_adapter.sync.recording import record_halving
from backoffice_adapter.tables import RunState, SyncRun
from claims_core.db import advisory_key, session_scope
from claims_core.errors import ClaimsError, Refused, SourceRefused
from claims_core.failpoints import failpoint, register

log = logging.getLogger(__name__)
register("sync.before_commit", "sync.after_commit")

Clock = Callable[[], datetime]
FLOOD = 1_000


@dataclass(slots=True)
class Counts:
    """What a run did so far."""

    seen: int = 0
    unchanged: int = 0
    new: int = 0
    changed: int = 0
    stale: int = 0
    rejected: int = 0
    unmapped: int = 0
    left_out: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended."""

    source: str
    run_id: UUID
    full: bool
    first_load: bool
    state: RunState
    counts: Counts
    seconds: float
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        counts = asdict(self.counts)
        return {
            "source": self.source,
            "state": self.state.value,
            **counts,
            "seconds": self.seconds,
            "problem": self.problem,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run works with; `full` reads everything again, `first_load` tells nobody."""

    engine: AsyncEngine
    config: SourceConfig
    mapping: Mapping
    source: CaseSource
    clock: Clock
    settle: timedelta
    full: bool = False
    on_page: Callable[[Counts], None] = lambda counts: None


@dataclass(slots=True)
class _Run:
    """A run under way."""

    plan: Plan
    row: SyncRun
    version: int
    cursor: dict[str, Any] | None
    first_load: bool
    open_rejects: bool
    counts: Counts
    seen_since: int = 0
    rejected_since: int = 0


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
        source=plan.config.name, run_id=run.row.id, full=run.row.full, first_load=run.first_load, state=state,
        counts=run.counts, seconds=seconds, problem=problem,
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
        last = await book.read_cursor(session, name)
        # What a new mapping makes of the old cases is known only after all of them were read again.
        full = plan.full or (last is not None and last.complete_at is not None and last.mapping_version != version)
        row = await book.start_run(session, name, full=full, now=now)
        first = last is None or last.complete_at is None
        rejects = await book.has_rejected(session, name)
    return _Run(
        plan, row, version, None if full or last is None else last.cursor, first or plan.full, rejects, Counts()
    )  # fmt: skip


async def _read(run: _Run) -> None:
    plan = run.plan
    known = LedgerKnown(plan.engine, plan.config.name, full=run.row.full)
    translate = plan.mapping.translator(source=plan.config.name, mapping_version=run.version)
    pages = translated_pages(plan.engine, plan.source, run.cursor, known=known, translate=translate, now=plan.clock())
    async with aclosing(pages), aclosing(read_ahead(pages)) as ahead:
        async for page in ahead:
            flood = await _write(run, page)
            plan.on_page(run.counts)
            if flood is not None:
                raise SourceRefused(flood)


async def _write(run: _Run, page: TranslatedPage) -> str | None:
    """One transaction: the page, its rejects, its cursor. A page with too many rejects leaves the cursor behind."""
    now = run.plan.clock()
    async with session_scope(run.plan.engine) as session:
        rejected = await _record(session, run, page, now)
        flood = _flood(run, page, rejected)
        if flood is None:
            await _move(session, run, page, now)
        counts = run.counts
        await book.note_run(
            session, run.row, seen=counts.seen, unchanged=counts.unchanged, changed=counts.new + counts.changed,
            rejected=counts.rejected, unmapped=counts.unmapped,
        )  # fmt: skip
        failpoint("sync.before_commit")
    failpoint("sync.after_commit")
    return flood


async def _record(session: AsyncSession, run: _Run, page: TranslatedPage, now: datetime) -> list[Rejected | Unreadable]:
    name, counts = run.plan.config.name, run.counts
    done, refused = await record_halving(
        session, page.snapshots, now=now, settle=run.plan.settle, first_load=run.first_load
    )
    rejected: list[Rejected | Unreadable] = [*page.rejected, *page.page.unreadable]
    rejected += [Rejected(page.records[snapshot.source_hash], reason) for snapshot, reason in refused]
    await book.quarantine(session, name, rejected, version=run.version, now=now)
    await book.count_unmapped(session, name, page.unmapped, now=now)
    await book.count_rules(session, name, page.fired, version=run.version, now=now)
    if run.open_rejects and page.snapshots:
        bad = {snapshot.source_ref for snapshot, _ in refused}
        good = [snapshot.source_ref for snapshot in page.snapshots if snapshot.source_ref not in bad]
        await book.settle_rejected(session, name, good, now=now)
    run.open_rejects = run.open_rejects or bool(rejected)
    counts.seen += page.seen
    counts.unchanged += page.unchanged
    counts.new, counts.changed = counts.new + done.new, counts.changed + done.changed
    counts.stale, counts.events = counts.stale + done.stale, counts.events + done.events
    counts.rejected, counts.unmapped = counts.rejected + len(rejected), counts.unmapped + len(page.unmapped)
    counts.left_out += page.left_out
    return rejected


async def _move(session: AsyncSession, run: _Run, page: TranslatedPage, now: datetime) -> None:
    name = run.plan.config.name
    await book.keep_marks(session, name, page.page.marks)
    if page.page.file is not None:
        await book.keep_file(session, name, page.page.file, now=now)
    if page.page.cursor is not None or page.page.complete:
        await book.move_cursor(
            session, name, page.page.cursor, version=run.version, complete=page.page.complete, now=now
        )


def _flood(run: _Run, page: TranslatedPage, rejected: list[Rejected | Unreadable]) -> str | None:
    """Too many rejects say that the mapping or the delivery is wrong: nothing may be ticked off as read."""
    run.seen_since += page.seen
    run.rejected_since += len(rejected)
    moves = page.page.cursor is not None or page.page.file is not None or page.page.complete
    config, fewest = run.plan.config, run.plan.config.fewest_rejected if moves else FLOOD
    if run.rejected_since >= fewest and run.rejected_since > config.most_rejected * run.seen_since:
        first = f", the last because of {rejected[-1].reason}" if rejected else ""
        return f"{run.rejected_since} of {run.seen_since} cases cannot be read{first}"
    if moves:
        run.seen_since = run.rejected_since = 0
    return None


async def _end(run: _Run, state: RunState, problem: str | None) -> None:
    now = run.plan.clock()
    async with session_scope(run.plan.engine) as session:
        await book.note_run(session, run.row, state=state, finished_at=now, problem=problem)
