"""What a PBX reports of a call: kept once however often it comes, in whichever order, and given to somebody to answer.

A call has no state but its moments, and each report adds one: the earliest stays. So reports commute, and one that
comes twice changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from claims_portal.phone.known import handlers_of
from claims_portal.staff.sessions import IDLE_AFTER

# A call of which nothing is heard any more is over by then; a telephone that nobody picks up rings no longer.
LASTS_AT_MOST = timedelta(hours=2)
RINGS_AT_MOST = timedelta(minutes=3)


class Event(StrEnum):
    """What happened to a call. A recording may be reported with any of them, or alone once it is ready."""

    RINGING = "ringing"
    ANSWERED = "answered"
    ENDED = "ended"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Report:
    """One report: `source` is the PBX, `call_ref` the call in its words, `number` the caller's in E.164 if shown."""

    source: str
    call_ref: str
    event: Event
    number: str | None = None
    recording_url: str | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """The call as we know it, and at which extension it should ring; None leaves that to the PBX."""

    call_id: UUID
    extension: str | None


_KEEP = text("""
insert into phone_call as c (id, source, call_ref, number, started_at, answered_at, ended_at, recording_url,
  had_to_repeat, note)
values (:id, :source, :call_ref, :number, :now, :answered_at, :ended_at, :recording_url, false, '')
on conflict (source, call_ref) do update set
  number = coalesce(c.number, excluded.number), started_at = least(c.started_at, excluded.started_at),
  answered_at = least(c.answered_at, excluded.answered_at), ended_at = least(c.ended_at, excluded.ended_at),
  recording_url = coalesce(c.recording_url, excluded.recording_url)
returning c.id, c.number, c.routed_to, c.taken_by, c.ended_at
""")
# Locked while it is given away: two calls that ring at once go to two people.
_FREE = text("""
select s.id, s.extension from staff s
where s.takes_calls and s.disabled_at is null and s.role in ('handler', 'agent', 'supervisor')
  and exists (select from staff_session o where o.staff_id = s.id and o.ends_at > :now and o.seen_at > :left_at)
  and not exists (select from phone_call b where coalesce(b.taken_by, b.routed_to) = s.id and b.ended_at is null
    and b.started_at > :old and (b.answered_at is not null or b.taken_by is not null or b.started_at > :rang_out))
order by (s.login = any(:handlers)) desc, (s.role = 'agent') desc,
  (select max(b.started_at) from phone_call b where b.routed_to = s.id) nulls first, s.id
limit 1 for update of s skip locked
""")
_GIVE = text("update phone_call set routed_to = :staff where id = :id and routed_to is null")
_EXTENSION = text("select extension from staff where id = :id")


async def record_report(session: AsyncSession, report: Report, *, now: datetime) -> Routed:
    """Keep it in the caller's transaction; a call that rings for the first time is given to somebody who is free."""
    connection = await session.connection()
    values: dict[str, Any] = {
        "id": new_id(),
        "source": report.source,
        "call_ref": report.call_ref,
        "number": report.number,
        "recording_url": report.recording_url,
        "now": now,
        "answered_at": now if report.event is Event.ANSWERED else None,
        "ended_at": now if report.event is Event.ENDED else None,
    }
    call = (await connection.execute(_KEEP, values)).one()
    if call.routed_to is not None:
        given = (await connection.execute(_EXTENSION, {"id": call.routed_to})).scalar_one_or_none()
        return Routed(call.id, given)
    if report.event is not Event.RINGING or call.taken_by is not None or call.ended_at is not None:
        return Routed(call.id, None)
    return Routed(call.id, await _give(session, call.id, call.number, now=now))


async def _give(session: AsyncSession, call_id: UUID, number: str | None, *, now: datetime) -> str | None:
    """To whoever answers for the caller's claim, if they are free; else to an agent who waits longest."""
    moments = {"left_at": now - IDLE_AFTER, "old": now - LASTS_AT_MOST, "rang_out": now - RINGS_AT_MOST}
    handlers = await handlers_of(session, number) if number else []
    connection = await session.connection()
    free = (await connection.execute(_FREE, {"now": now, "handlers": handlers, **moments})).first()
    if free is None:
        return None
    await connection.execute(_GIVE, {"id": call_id, "staff": free.id})
    extension: str | None = free.extension
    return extension
