"""What back offices told us by themselves, worked off: in the order it came, each with its facts in one transaction."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter import freshness
from backoffice_adapter.mapping import Translate
from backoffice_adapter.source import Bell, CaseSource, Page, Record, Shown, Telling, Unreadable
from backoffice_adapter.sync import book
from backoffice_adapter.sync.mass import judge_pushes, pushes
from backoffice_adapter.sync.pages import translate_page
from backoffice_adapter.sync.run import only_one
from backoffice_adapter.sync.writing import Counts, Ground, write_page
from backoffice_adapter.tables import SourceNotice, SyncRun
from claims_core.db import session_scope
from claims_core.errors import Refused, SourceRefused, SourceUnavailable
from claims_core.failpoints import failpoint, register

log = logging.getLogger(__name__)
register("notices.taken", "notices.before_commit", "notices.after_commit")

BATCH = 100


@dataclass(slots=True)
class Ear:
    """One source with what it takes to understand its notices. `away`: it does not answer in this pass.

    `share`: more of its claims than that changing stage within an hour are looked at before anybody is told.
    """

    engine: AsyncEngine
    source: CaseSource
    telling: Telling
    translate: Translate
    version: int
    clock: Callable[[], datetime]
    settle: timedelta
    share: float
    away: bool = False


@dataclass(frozen=True, slots=True)
class _Understood:
    """A notice and what it shows: None when there is nothing to see."""

    seq: int
    received_at: datetime
    shown: Shown | None


async def work_off(ear: Ear) -> Counts:
    """Work off every notice that waits, in its order; one process at a time.

    A notice that only rings while the source is away stays, and with it the later ones of the same claim.
    """
    counts, after, waiting = Counts(), 0, set[str]()
    ear.away = False
    try:
        async with only_one(ear.engine, f"notices:{ear.source.name}"):
            while rows := await _waiting(ear, after):
                after = rows[-1].seq or after
                counts += await _work_off(ear, rows, waiting)
    except Refused:
        return counts  # another process is at it
    return counts


async def _waiting(ear: Ear, after: int) -> Sequence[SourceNotice]:
    seq = col(SourceNotice.seq)
    wanted = select(SourceNotice).where(SourceNotice.source == ear.source.name, seq > after).order_by(seq).limit(BATCH)
    async with session_scope(ear.engine) as session:
        return (await session.exec(wanted)).all()


async def _work_off(ear: Ear, rows: Sequence[SourceNotice], waiting: set[str]) -> Counts:
    understood = []
    for row in rows:
        if (one := await _understand(ear, row, waiting)) is not None:
            understood.append(one)
    failpoint("notices.taken")
    return await _write(ear, understood) if understood else Counts()


async def _understand(ear: Ear, row: SourceNotice, waiting: set[str]) -> _Understood | None:
    """None: it cannot be worked off now."""
    assert row.seq is not None, "it was read from the table"
    heard = ear.telling.hear(row.body)
    if heard.ref in waiting:
        return None
    if not isinstance(heard, Bell):
        return _Understood(row.seq, row.received_at, heard)
    try:
        if ear.away:
            raise SourceUnavailable("it did not answer a moment ago")
        return _Understood(row.seq, row.received_at, await ear.source.get(heard.ref))
    except SourceUnavailable as problem:
        if not ear.away:
            log.warning("notices_wait", extra={"source": ear.source.name, "reason": str(problem)})
        ear.away = True
        waiting.add(heard.ref)
        return None
    except SourceRefused as problem:
        return _Understood(row.seq, row.received_at, Unreadable(row.body, str(problem), ref=heard.ref))


async def _write(ear: Ear, understood: Sequence[_Understood]) -> Counts:
    """One transaction: what the notices say, what of them cannot be read, and that they are worked off."""
    now, name = ear.clock(), ear.source.name
    shown = [one.shown for one in understood]
    page = Page(
        records=[one for one in shown if isinstance(one, Record)],
        cursor=None,
        unreadable=[one for one in shown if isinstance(one, Unreadable)],
    )
    translated = translate_page(page, ear.translate, now)
    async with session_scope(ear.engine) as session:
        last, run = await book.read_cursor(session, name), await pushes(session, name, now=now)
        first_load = last is None or last.complete_at is None
        ground = Ground(name, ear.version, ear.settle, first_load=first_load, run_id=run.id)
        written = await write_page(session, ground, translated, settle_rejects=True, now=now)
        await _note(session, ear, run, written.counts, now)
        if (at := _heard_at(ear, understood)) is not None:
            await freshness.heard(session, name, at=at)
        done = [one.seq for one in understood]
        await session.exec(delete(SourceNotice).where(col(SourceNotice.seq).in_(done)))
        failpoint("notices.before_commit")
    failpoint("notices.after_commit")
    log.info("notices_worked_off", extra={"source": name, "notices": len(done), "facts": written.counts.events})
    return written.counts


async def _note(session: AsyncSession, ear: Ear, run: SyncRun, counts: Counts, now: datetime) -> None:
    """Count what was pushed as a reading counts its pages, so that too much of it is held."""
    verdict = await judge_pushes(session, run, run.moved + counts.moved, share=ear.share, now=now)
    await book.note_run(
        session, run, page_at=now, finished_at=now, **verdict, seen=run.seen + counts.seen,
        changed=run.changed + counts.new + counts.changed, rejected=run.rejected + counts.rejected,
        unmapped=run.unmapped + counts.unmapped,
    )  # fmt: skip


def _heard_at(ear: Ear, understood: Sequence[_Understood]) -> datetime | None:
    """Up to when we know by its notices how the source stands; None while one of them waits for it to answer."""
    said = [one.received_at for one in understood if isinstance(one.shown, Record)]
    return None if ear.away else max(said, default=None)
