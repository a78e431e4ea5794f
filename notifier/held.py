"""The word of a person about messages that are held: let them go, or let them be. Each word is in the audit."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from notifier.plans import BELL
from notifier.states import Importance, NotificationState, Reason, step
from notifier.tables import Notification

log = logging.getLogger(__name__)

# What a person's word makes of a held message. Whatever is let go is looked at once more when it is taken.
RELEASED = step(NotificationState.HELD, NotificationState.PLANNED)
DROPPED = step(NotificationState.HELD, NotificationState.SUPPRESSED)

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


async def release_all(session: AsyncSession, reason: Reason, *, by: str, now: datetime) -> int:
    """Let all that is held for `reason` go; they leave in the order of their lanes, at the senders' rate. How many."""
    all_of_them = col(Notification.reason) == reason
    return await _decide(session, all_of_them, RELEASED, subject=f"held:{reason}", by=by, now=now)


async def drop_all(session: AsyncSession, reason: Reason, *, by: str, now: datetime) -> int:
    """Decide that nothing that is held for `reason` is sent. How many."""
    all_of_them = col(Notification.reason) == reason
    return await _decide(session, all_of_them, DROPPED, subject=f"held:{reason}", by=by, now=now)


async def what_is_held(session: AsyncSession) -> Sequence[Row[Any]]:
    """What waits for a person, a row for each `reason` and `template`: `messages`, `oldest` planned, `ends` first."""
    return (await (await session.connection()).execute(_HELD)).all()


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
    await (await session.connection()).execute(text("select pg_notify(:bell, '')"), {"bell": BELL})
    log.info("held_decided", extra={"action": action, "subject": subject, "messages": decided})
    return decided
