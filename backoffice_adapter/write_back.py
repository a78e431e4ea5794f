"""A handler's change into the back office, once: the attempt is committed before the call, the fact after the yes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.mapping import Mapping, Translate
from backoffice_adapter.source import CaseSource, Order, readable
from backoffice_adapter.tables import WriteBack
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import SourceConflict, SourceRefused, SourceUnavailable
from claims_core.failpoints import failpoint, register
from claims_core.snapshot import CaseEventKind, ClaimSnapshot
from claims_core.tables import CaseEvent, ChangeAction, ChangeRequest, Claim

log = logging.getLogger(__name__)
register("write_back.after_attempt_commit", "write_back.after_call", "write_back.before_commit")

# What changes beside the road of a claim is no reason to send a handler back.
SILENT = (CaseEventKind.HANDLER_CHANGED, CaseEventKind.MONEY_CHANGED, CaseEventKind.FACTS_CHANGED)


@dataclass(frozen=True, slots=True)
class Desk:
    """One source with what it takes to write to it."""

    engine: AsyncEngine
    name: str
    mapping: Mapping
    source: CaseSource
    translate: Translate
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A change that is ours to apply. `attempts` above 1: an earlier call may have arrived.

    `seen` is the source's own version of the claim: what moved since is not overwritten.
    """

    change: ChangeRequest
    claim: Claim
    attempts: int
    moved: CaseEvent | None
    seen: str | None


async def apply_waiting(desk: Desk) -> int:
    """Apply every change that is due, oldest first; how many came to an end. Stops when the source is away."""
    done = 0
    while (taken := await _take(desk)) is not None:
        failpoint("write_back.after_attempt_commit")
        if not await _apply(desk, taken):
            break
        done += 1
    return done


async def _take(desk: Desk) -> _Taken | None:
    now = desk.clock()
    async with session_scope(desk.engine) as session:
        change = await ledger.take_change(session, source=desk.name, now=now)
        if change is None:
            return None
        claim = (await session.exec(select(Claim).where(Claim.id == change.claim_id))).one()
        moved = await _moved_since(session, change)
        row = await session.get(WriteBack, change.id)
        if row is None:
            row = WriteBack(change_request_id=change.id, transaction_ref=transaction_ref(change), started_at=now)
            session.add(row)
        else:
            row.attempts += 1
        row.their_checksum = claim.source_version
        return _Taken(change, claim, row.attempts, moved, claim.source_version)


def transaction_ref(change: ChangeRequest) -> str:
    """The id that makes a call happen once at the back office, made of the change alone, unique for ever."""
    return f"claims-status-{change.id}"


async def _moved_since(session: AsyncSession, change: ChangeRequest) -> CaseEvent | None:
    """The newest fact of the claim that the handler had not seen."""
    found = await session.exec(
        select(CaseEvent)
        .where(
            CaseEvent.claim_id == change.claim_id,
            col(CaseEvent.recorded_at) > change.requested_at,
            col(CaseEvent.kind).not_in(SILENT),
        )
        .order_by(col(CaseEvent.seq).desc())
        .limit(1)
    )
    return found.first()


async def _apply(desk: Desk, taken: _Taken) -> bool:
    """True when the change came to an end, one way or the other."""
    change = taken.change
    try:
        orders = _orders(desk, taken)
        if orders and taken.seen is None:
            taken = await _seen_anew(desk, taken)
        if taken.moved is not None and taken.attempts == 1:
            raise SourceConflict("it moved before the change could be saved")
        for number, order in enumerate(orders):
            await _call(desk, taken, order, number)
            failpoint("write_back.after_call")
        await _finish(desk, taken, recorded_here=not orders)
    except SourceUnavailable as problem:
        await _note(desk, taken, problem=str(problem), ended=False)
        log.warning("write_back_waits", extra={"source": desk.name, "change_request_id": change.id})
        return False
    except SourceConflict as problem:
        await _refuse(desk, taken, str(problem), reread=True)
    except SourceRefused as problem:
        await _refuse(desk, taken, str(problem), reread=False)
    return True


async def _seen_anew(desk: Desk, taken: _Taken) -> _Taken:
    """A claim last heard of without its version has nothing to lock by: it is read first, and may have moved."""
    record = readable(await desk.source.get(taken.claim.source_ref))
    said: Any = None if record is None else desk.translate(record, desk.clock())
    if record is None or not isinstance(said, ClaimSnapshot) or taken.attempts > 1:
        return taken if record is None else replace(taken, seen=record.version)
    async with session_scope(desk.engine) as session:
        await ledger.record(session, [said], now=desk.clock(), settle=timedelta(0))
        return replace(taken, seen=record.version, moved=await _moved_since(session, taken.change))


def _orders(desk: Desk, taken: _Taken) -> tuple[Order, ...]:
    change, claim = taken.change, taken.claim
    if claim.part_of is not None and not desk.mapping.recorded_here(change.action):
        raise SourceRefused("this is a claimant's side; ask for it on the claim itself")
    about = {"currency": claim.currency, "ref": claim.source_ref, "decision": _decision(change, claim)}
    return desk.mapping.orders(change.action, values=change.values, claim=about)


def _decision(change: ChangeRequest, claim: Claim) -> str | None:
    """`approved_partly` when less than the assessed sum is approved; as the preview said (`claims_core.foreseen`)."""
    if change.action is not ChangeAction.APPROVE:
        return None
    full = None if claim.assessed is None else claim.assessed - (claim.deductible or 0)
    return "approved_partly" if full is not None and Decimal(str(change.values["amount"])) < full else "approved"


async def _call(desk: Desk, taken: _Taken, order: Order, number: int) -> None:
    """One call; each of several has a transaction id of its own, and only the first can check what was seen."""
    reference = transaction_ref(taken.change)
    await desk.source.apply(
        taken.claim.source_ref,
        order,
        checksum=taken.seen if number == 0 else None,
        transaction_ref=reference if number == 0 else f"{reference}-{number}",
        again=taken.attempts > 1,
    )


async def _finish(desk: Desk, taken: _Taken, *, recorded_here: bool) -> None:
    snapshot = None if recorded_here else await _read_back(desk, taken)
    now = desk.clock()
    async with session_scope(desk.engine) as session:
        await ledger.finish_change(session, taken.change.id, snapshot=snapshot, now=now)
        await _note_row(session, taken, problem=None, finished_at=now)
        failpoint("write_back.before_commit")
    log.info("change_applied", extra={"source": desk.name, "change_request_id": taken.change.id})


async def _read_back(desk: Desk, taken: _Taken) -> ClaimSnapshot | None:
    """The claim as the back office has it now; None when it cannot be read, and then what was asked for holds."""
    record = readable(await desk.source.get(taken.claim.source_ref))
    said: Any = None if record is None else desk.translate(record, desk.clock())
    if isinstance(said, ClaimSnapshot):
        return said
    log.error("claim_not_read_back", extra={"source": desk.name, "change_request_id": taken.change.id})
    return None


async def _refuse(desk: Desk, taken: _Taken, problem: str, *, reread: bool) -> None:
    """Back to the handler with both sides: what was asked, and where the claim stands in the claims system now."""
    fresh = await _fresh(desk, taken) if reread else None
    now = desk.clock()
    async with session_scope(desk.engine) as session:
        if fresh is not None:
            await ledger.record(session, [fresh], now=now, settle=timedelta(0))
            claim = (await session.exec(select(Claim).where(Claim.id == taken.claim.id))).one()
            await session.refresh(claim)
            problem = f"{problem}. The claims system says: {_stands(claim)}. You asked for: {taken.change.action.value}"
        await ledger.refuse_change(session, taken.change.id, problem=problem[:1000], now=now)
        await _note_row(session, taken, problem=problem[:1000], finished_at=now)
    log.warning("change_refused", extra={"source": desk.name, "change_request_id": taken.change.id})


async def _fresh(desk: Desk, taken: _Taken) -> ClaimSnapshot | None:
    try:
        record = readable(await desk.source.get(taken.claim.source_ref))
    except (SourceUnavailable, SourceRefused):
        return None
    said = None if record is None else desk.translate(record, desk.clock())
    return said if isinstance(said, ClaimSnapshot) else None


def _stands(claim: Claim) -> str:
    return ", ".join(word.value for word in (claim.stage, claim.situation, claim.outcome) if word is not None)


async def _note(desk: Desk, taken: _Taken, *, problem: str, ended: bool) -> None:
    async with session_scope(desk.engine) as session:
        await _note_row(session, taken, problem=problem, finished_at=desk.clock() if ended else None)


async def _note_row(session: AsyncSession, taken: _Taken, *, problem: str | None, finished_at: datetime | None) -> None:
    row = await session.get(WriteBack, taken.change.id)
    assert row is not None, "the attempt was committed before the call"
    row.problem, row.finished_at = problem, finished_at
