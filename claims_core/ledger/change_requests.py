"""What handlers asked for, on its way into the back office and back as a fact."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, update
from sqlalchemy.orm import aliased
from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.claimants import goes_with, going_with
from claims_core.db import driver_connection
from claims_core.errors import Conflict, NotFound
from claims_core.foreseen import foreseen
from claims_core.ids import new_id
from claims_core.ledger.audit import audit
from claims_core.ledger.known import Known, known_claim, source_word
from claims_core.ledger.record import record, record_own
from claims_core.requested import ChangeAction, asked_for
from claims_core.snapshot import ClaimSnapshot
from claims_core.tables import ChangeRequest, ChangeState, Claim

OPEN = (ChangeState.WAITING, ChangeState.APPLYING)
# Whoever took a change and said nothing for so long has died; the next one asks the back office what it knows.
TAKEN_FOR = timedelta(minutes=2)


async def request_change(
    session: AsyncSession,
    *,
    claim_id: UUID,
    claim_version: int,
    action: ChangeAction,
    values: dict[str, Any],
    note: str | None,
    told: bool,
    untold_reason: str | None,
    by: str,
    now: datetime,
    undo_for: timedelta,
    batch_id: UUID | None = None,
) -> ChangeRequest:
    """Ask for a change, applied when `undo_for` is over. Raises pydantic's `ValidationError` for values of another
    action, `Conflict` when the claim is no longer as the handler saw it or another change of it is on its way.
    """
    asked_for(action, values)
    await _lock_as_seen(session, claim_id, claim_version)
    change = ChangeRequest(
        claim_id=claim_id,
        action=action,
        values=values,
        note=note,
        told=told,
        untold_reason=untold_reason,
        requested_by=by,
        requested_at=now,
        not_before=now + undo_for,
        claim_version=claim_version,
        batch_id=batch_id,
    )
    await _announce(session, change, now)
    return change


async def request_changes(
    session: AsyncSession,
    wanted: Mapping[UUID, int],
    *,
    action: ChangeAction,
    values: dict[str, Any],
    note: str | None,
    by: str,
    now: datetime,
    undo_for: timedelta,
) -> UUID:
    """Ask for the same change of several claims, each with the version that was looked at; returns the batch's id.

    All or none: raises `Conflict` when one of them is not as it was seen, or is being written this very moment.
    """
    # Nobody is waited for while other claims are locked: two who want the same claims cannot stand in a circle.
    free = select(Claim.id).where(col(Claim.id).in_(list(wanted))).with_for_update(skip_locked=True)
    if len((await session.exec(free)).all()) != len(wanted):
        raise Conflict("one of the claims is being written by somebody else")
    batch_id = new_id()
    change: dict[str, Any] = {"action": action, "values": values, "note": note, "told": True, "untold_reason": None}
    asked: dict[str, Any] = {"by": by, "now": now, "undo_for": undo_for, "batch_id": batch_id}
    for claim_id, version in wanted.items():
        await request_change(session, claim_id=claim_id, claim_version=version, **change, **asked)
    return batch_id


async def _announce(session: AsyncSession, change: ChangeRequest, now: datetime) -> None:
    session.add(change)
    detail = {
        "change_request_id": str(change.id),
        "action": change.action.value,
        "told": change.told,
        "reason": change.untold_reason,
    }
    subject = f"claim:{change.claim_id}"
    await audit(session, actor=change.requested_by, action="change_requested", subject=subject, detail=detail, now=now)
    await session.exec(select(func.pg_notify("change_request", str(change.id))))


async def _lock_as_seen(session: AsyncSession, claim_id: UUID, version: int) -> None:
    claim = (await session.exec(select(Claim).where(Claim.id == claim_id).with_for_update())).one_or_none()
    if claim is None:
        raise NotFound("there is no such claim")
    if claim.version != version:
        raise Conflict("the claim has changed since the page was opened")
    under_way = select(ChangeRequest).where(ChangeRequest.claim_id == claim_id, col(ChangeRequest.state).in_(OPEN))
    if (await session.exec(under_way)).first():
        raise Conflict("another change of this claim is being saved")


async def undo_change(session: AsyncSession, change_id: UUID, *, by: str, now: datetime) -> bool:
    """Take a change back while its minute runs. False when it is too late or was never there."""
    gone = await session.exec(
        delete(ChangeRequest)
        .where(
            col(ChangeRequest.id) == change_id,
            col(ChangeRequest.state) == ChangeState.WAITING,
            col(ChangeRequest.not_before) > now,
        )
        .returning(col(ChangeRequest.claim_id))
    )
    claim_id = gone.scalar_one_or_none()
    if claim_id is None:
        return False
    detail = {"change_request_id": str(change_id)}
    await audit(session, actor=by, action="change_undone", subject=f"claim:{claim_id}", detail=detail, now=now)
    return True


async def undo_changes(session: AsyncSession, batch_id: UUID, *, by: str, now: datetime) -> int:
    """Take a whole batch back while its minute runs; how many were taken back (0: too late, or never there)."""
    ours = col(ChangeRequest.batch_id) == batch_id
    undone = 0
    for change_id in (await session.exec(select(ChangeRequest.id).where(ours))).all():
        undone += await undo_change(session, change_id, by=by, now=now)
    return undone


async def take_change(session: AsyncSession, *, source: str, now: datetime) -> ChangeRequest | None:
    """Win the oldest change of a source that is due; None when there is none. Exactly one caller gets it.

    A change whose taker died is handed out again: applying must be safe to repeat.
    """
    due = or_(
        (col(ChangeRequest.state) == ChangeState.WAITING) & (col(ChangeRequest.not_before) <= now),
        (col(ChangeRequest.state) == ChangeState.APPLYING) & (col(ChangeRequest.taken_at) <= now - TAKEN_FOR),
    )
    earlier = aliased(ChangeRequest)
    first = ~exists().where(
        col(earlier.claim_id) == ChangeRequest.claim_id,
        col(earlier.state).in_(OPEN),
        col(earlier.requested_at) < ChangeRequest.requested_at,
    )
    found = await session.exec(
        select(ChangeRequest)
        .join(Claim, col(Claim.id) == ChangeRequest.claim_id)
        .where(Claim.source == source, due, first)
        .order_by(col(ChangeRequest.requested_at), col(ChangeRequest.id))
        .limit(1)
        .with_for_update(of=ChangeRequest, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    change = found.one_or_none()
    if change is not None:
        change.state, change.taken_at = ChangeState.APPLYING, now
        await session.flush()
    return change


async def finish_change(
    session: AsyncSession, change_id: UUID, *, snapshot: ClaimSnapshot | None, now: datetime
) -> None:
    """The back office said yes: the fact and the end of the request, in one transaction. Safe to repeat.

    `snapshot` is the claim as the back office has it now. Without one the source takes no changes: our ledger is
    the record, and what was asked for becomes so. Raises `Conflict` when the change is not being applied.
    """
    change = await _locked(session, change_id)
    if change.state is ChangeState.APPLIED:
        return
    if change.state is not ChangeState.APPLYING:
        raise Conflict(f"a change that is {change.state} cannot be finished")
    if snapshot is not None:
        await record(session, [snapshot], now=now, settle=timedelta(0))
    else:
        change.source_word = await _make_so(session, change, now)
    change.state, change.finished_at = ChangeState.APPLIED, now
    await session.flush()


async def _make_so(session: AsyncSession, change: ChangeRequest, now: datetime) -> dict[str, Any]:
    """Apply the change to our own record; what the source had said before, to know later whether it says anew."""
    known = await known_claim(await driver_connection(session), change.claim_id, lock=True)
    after = foreseen(known.snapshot, asked_for(change.action, change.values), change_ref=str(change.id))
    await record_own(session, known, after, own=str(change.id), now=now)
    if known.has_claimants:
        await _make_so_beside(session, known, after, own=str(change.id), now=now)
    return dict(known.source_word or source_word(known.snapshot))


async def _make_so_beside(
    session: AsyncSession, whole: Known, after: ClaimSnapshot, *, own: str, now: datetime
) -> None:
    """Take along the claimants who go with the claim; told, or not, as it is."""
    sides = select(Claim.id).where(Claim.part_of == whole.id, col(Claim.gone_at).is_(None))
    for side_id in (await session.exec(sides.order_by(col(Claim.source_ref)))).all():
        side = await known_claim(await driver_connection(session), side_id, lock=True)
        if goes_with(side.snapshot, whole.snapshot):
            progress = going_with(after, side.snapshot.payments, side.snapshot.documents)
            moved = side.snapshot.model_copy(update=progress)
            await record_own(session, replace(side, untold=whole.untold), moved, own=own, now=now)


async def refuse_change(session: AsyncSession, change_id: UUID, *, problem: str, now: datetime) -> None:
    """The back office said no, in words a handler can read. Nothing became a fact and nothing is told."""
    refused = await session.exec(
        update(ChangeRequest)
        .where(col(ChangeRequest.id) == change_id, col(ChangeRequest.state) == ChangeState.APPLYING)
        .values(state=ChangeState.REFUSED, problem=problem, finished_at=now)
    )
    if refused.rowcount != 1:
        raise Conflict("the change is not being applied")


async def _locked(session: AsyncSession, change_id: UUID) -> ChangeRequest:
    found = await session.exec(
        select(ChangeRequest)
        .where(ChangeRequest.id == change_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    change = found.one_or_none()
    if change is None:
        raise NotFound("there is no such change")
    return change
