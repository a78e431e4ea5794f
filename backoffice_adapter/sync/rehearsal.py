"""What a run would change, found by doing it and taking it back: the same code, the same facts, nothing kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.sync import book
from backoffice_adapter.sync.known import LedgerKnown
from backoffice_adapter.sync.pages import TranslatedPage, differing_pages, translate_page
from backoffice_adapter.sync.recording import record_halving
from backoffice_adapter.sync.run import Plan
from backoffice_adapter.sync.writing import Counts, counts_of
from claims_core.db import session_scope
from claims_core.ledger import Recorded
from claims_core.tables import CaseEvent, Claim

# Called inside the page's transaction, while the facts are there: what would be told of them can be looked at.
Look = Callable[[AsyncSession, Sequence[CaseEvent]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A fact that a run would record. `historic` ones are told to nobody."""

    claim_number: str
    kind: str
    stage: str
    situation: str | None
    historic: bool
    detail: dict[str, Any]


@dataclass(slots=True)
class Rehearsal:
    """What a run would do."""

    counts: Counts = field(default_factory=Counts)
    facts: list[Foreseen] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)


class _TakenBack(Exception):
    """Ends the transaction without keeping anything."""


async def nothing_more(session: AsyncSession, events: Sequence[CaseEvent]) -> None:
    """Look at nothing."""


async def rehearse(plan: Plan, *, look: Look = nothing_more) -> Rehearsal:
    """Read the source as a run would, and say what it would change. Cursor, ledger and quarantine stay as they are."""
    name, done = plan.config.name, Rehearsal()
    async with session_scope(plan.engine) as session:
        last = await book.read_cursor(session, name)
    first = last is None or last.complete_at is None
    version = 1 if last is None or last.mapping_version is None else last.mapping_version
    translate = plan.mapping.translator(source=name, mapping_version=version)
    known = LedgerKnown(plan.engine, name, full=plan.full)
    cursor = None if plan.full or last is None else last.cursor
    pages = differing_pages(plan.engine, plan.source, cursor, known)
    async with aclosing(pages):
        async for page in pages:
            translated = await asyncio.to_thread(translate_page, page, translate, plan.clock())
            done.codes += [one.code for one in translated.unmapped]
            reasons = [one.reason for one in translated.rejected] + [one.reason for one in page.unreadable]
            recorded, refused = await _try_page(plan, translated, done, first_load=first, look=look)
            done.reasons += [*reasons, *refused]
            done.counts += counts_of(translated, recorded, [*reasons, *refused])
    return done


async def _try_page(
    plan: Plan, page: TranslatedPage, done: Rehearsal, *, first_load: bool, look: Look
) -> tuple[Recorded, list[str]]:
    """What the page would do, and why the database refuses some of it; its facts go to `done`."""
    now, recorded, reasons = plan.clock(), Recorded(), list[str]()
    if not page.snapshots:
        return recorded, reasons
    try:
        async with session_scope(plan.engine) as session:
            before = (await session.exec(select(func.max(CaseEvent.seq)))).one() or 0
            recorded, refused = await record_halving(
                session, page.snapshots, now=now, settle=plan.settle, first_load=first_load, catching_up=plan.full
            )
            reasons = [reason for _, reason in refused]
            events = await _events(session, plan.config.name, after=before, now=now)
            recorded = replace(recorded, events=len(events))
            await look(session, [event for event, _ in events])
            done.facts += [_foreseen(event, number) for event, number in events]
            raise _TakenBack
    except _TakenBack:
        return recorded, reasons


async def _events(session: AsyncSession, source: str, *, after: int, now: datetime) -> list[tuple[CaseEvent, str]]:
    """The facts of this transaction: newer than what was there, at exactly our moment."""
    found = await session.exec(
        select(CaseEvent, Claim.claim_number)
        .join(Claim, col(Claim.id) == CaseEvent.claim_id)
        .where(Claim.source == source, col(CaseEvent.seq) > after, CaseEvent.recorded_at == now)
        .order_by(col(CaseEvent.seq))
    )
    return [(event, number) for event, number in found]


def _foreseen(event: CaseEvent, number: str) -> Foreseen:
    situation = event.situation.value if event.situation else None
    return Foreseen(number, event.kind.value, event.stage.value, situation, event.historic, dict(event.detail))
