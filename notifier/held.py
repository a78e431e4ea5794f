"""The word of a person about messages: put aside, let go, or let be. Each word is in the audit."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, func, text, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import insert_once
from claims_core.errors import Conflict, NotFound
from claims_core.tables import CaseEvent
from notifier.planning.plans import PLANNER_ALONE, wake_senders
from notifier.states import Importance, NotificationState, Reason, step
from notifier.tables import HoldDecision, Notification

log = logging.getLogger(__name__)

# What a person's word makes of a held message. Whatever is let go is looked at once more when it is taken.
RELEASED = step(NotificationState.HELD, NotificationState.PLANNED)
DROPPED = step(NotificationState.HELD, NotificationState.SUPPRESSED)

_IS_HELD = text("select id from sync_run where id = :run and held_at is not null")
_UNDECIDED = text("""
select id from sync_run r where held_at is not null
and not exists (select from hold_decision h where h.run_id = r.id) order by held_at, id
""")
_HELD = text("""
select reason, template, count(*) as messages, min(planned_at) as oldest, min(send_by) as ends
from notification where state = 'held' group by 1, 2 order by 1, 2
""")


async def release(session: AsyncSession, notification_id: UUID, *, by: str, now: datetime) -> bool:
    """Let one held message go, in the caller's transaction. False: it is held no more, or too late to be sent."""
    one = col(Notification.id) == notification_id
    return await _decide(session, one, RELEASED, subject=f"notification:{notification_id}", by=by, now=now) == 1


async def drop(session: AsyncSession, notification_id: UUID, *, by: str, now: datetime) -> bool:
    """Decide that one held message is not sent. False: it is held no more."""
    one = col(Notification.id) == notification_id
    return await _decide(session, one, DROPPED, subject=f"notification:{notification_id}", by=by, now=now) == 1


async def hold(
    session: AsyncSession,
    *,
    notification_id: UUID | None,
    claim_ids: Sequence[UUID] = (),
    why: str,
    by: str,
    now: datetime,
) -> int:
    """Put one notification aside, or all of these claims, that has not been taken; how many. A code is never held.

    It waits for `release` or `drop`, and ends by itself when it is too late. What is planned later is not held.
    """
    which = col(Notification.id) == notification_id if notification_id else col(Notification.claim_id).in_(claim_ids)
    may = (col(Notification.state) == NotificationState.PLANNED, col(Notification.importance) != Importance.CODE)
    changes = {"state": step(NotificationState.PLANNED, NotificationState.HELD), "reason": Reason.BY_HAND}
    count = int((await session.exec(update(Notification).where(which, *may).values(**changes))).rowcount)
    if count:
        subject = f"notification:{notification_id}" if notification_id else f"claim:{','.join(map(str, claim_ids))}"
        detail = {"messages": count, "why": why}
        await ledger.audit(session, actor=by, action="message_held", subject=subject, detail=detail, now=now)
        log.warning("held_by_hand", extra={"subject": subject, "messages": count})
    return count


async def release_all(session: AsyncSession, reason: Reason, *, by: str, now: datetime) -> int:
    """Let all that is held for `reason` go; they leave in the order of their lanes, at the senders' rate. How many.

    For a mass change this is the decision on every run that waits for one, as if each were decided on the desk.
    """
    return await _decide_all(session, reason, told=True, by=by, now=now)


async def drop_all(session: AsyncSession, reason: Reason, *, by: str, now: datetime) -> int:
    """Decide that nothing that is held for `reason` is sent; of a mass change, once and for all. How many."""
    return await _decide_all(session, reason, told=False, by=by, now=now)


async def decide_run(session: AsyncSession, run_id: UUID, *, told: bool, by: str, now: datetime) -> int:
    """Let the messages of a run that moved too many claims go, or not, once and for all; how many wait now.

    It also holds for what the planner has not decided on yet. Raises `NotFound` when the run is not held, `Conflict`
    when somebody has decided already.
    """
    connection = await _without_planner(session)
    if (await connection.execute(_IS_HELD, {"run": run_id})).first() is None:
        raise NotFound("this run is not held")
    decision = HoldDecision(run_id=run_id, told=told, decided_by=by, decided_at=now)
    if not await insert_once(session, decision, unique=("run_id",)):
        raise Conflict("somebody has decided already")
    its = (col(Notification.cause_id) == col(CaseEvent.id)) & (col(CaseEvent.run_id) == run_id)
    which = (col(Notification.reason) == Reason.MASS_CHANGE) & exists().where(its)
    return await _decide(session, which, RELEASED if told else DROPPED, subject=f"sync_run:{run_id}", by=by, now=now)


async def what_is_held(session: AsyncSession) -> Sequence[Row[Any]]:
    """What waits for a person, a row for each `reason` and `template`: `messages`, `oldest` planned, `ends` first."""
    return (await (await session.connection()).execute(_HELD)).all()


async def _decide_all(session: AsyncSession, reason: Reason, *, told: bool, by: str, now: datetime) -> int:
    decided = 0
    if reason is Reason.MASS_CHANGE:
        runs = (await (await _without_planner(session)).execute(_UNDECIDED)).scalars().all()
        for run_id in runs:
            decided += await decide_run(session, run_id, told=told, by=by, now=now)
    which, after = col(Notification.reason) == reason, RELEASED if told else DROPPED
    return decided + await _decide(session, which, after, subject=f"held:{reason}", by=by, now=now)


async def _without_planner(session: AsyncSession) -> AsyncConnection:
    """A planner at work has looked for decisions already; what it is writing must be there before we change it."""
    connection = await session.connection()
    await connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": PLANNER_ALONE})
    return connection


async def _decide(
    session: AsyncSession, which: ColumnElement[bool], after: NotificationState, *, subject: str, by: str, now: datetime
) -> int:
    goes = after is NotificationState.PLANNED
    changes = {
        "state": after,
        "reason": None if goes else Reason.HANDLER_SAID_NO,
        "not_before": func.greatest(Notification.not_before, now) if goes else Notification.not_before,
        "finished_at": None if goes else now,
    }
    # A code is asked for again, never let go later.
    may = (col(Notification.importance) != Importance.CODE, col(Notification.send_by) > now) if goes else ()
    held = update(Notification).where(which, col(Notification.state) == NotificationState.HELD, *may)
    decided = int((await session.exec(held.values(**changes))).rowcount)
    if not decided:
        return 0
    action = "message_released" if goes else "message_dropped"
    await ledger.audit(session, actor=by, action=action, subject=subject, detail={"messages": decided}, now=now)
    await wake_senders(session)
    log.info("held_decided", extra={"action": action, "subject": subject, "messages": decided})
    return decided
