"""People who asked to be called and have proved nothing: whom to call now, and what came of a call."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, text, update
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import Conflict
from claims_portal.tables import UnprovenRequest

AT_MOST = 100
AGAIN_AFTER = timedelta(days=1)
# The number in the file beside the one that was given: who calls compares them.
_OPEN = text("""
select r.id, r.reference, r.kind, r.name, r.contact, r.text, r.created_at, r.due_at, r.why_call, r.calls,
  r.asked_numbers, r.claim_id, c.claim_number, h.name as policyholder, h.contact_prohibited,
  (select i.address from contact_point i where i.policyholder_id = c.policyholder_id and i.kind = 'phone' and i.on_file
   order by i.place, i.id limit 1) as on_file
from unproven_request r left join claim c on c.id = r.claim_id left join policyholder h on h.id = c.policyholder_id
where r.needs_call and r.ended_at is null and r.call_after <= :now
order by r.due_at, r.id limit :most
""")


class Outcome(StrEnum):
    """What came of a call. Nobody answered: it is asked for again a day later."""

    REACHED = "reached"
    STRANGER = "stranger"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Request:
    """One person to call: what they gave, the claim it fits if any, and what the file says."""

    id: UUID
    reference: str
    kind: str
    name: str
    contact: str
    text: str
    created_at: datetime
    due_at: datetime
    why_call: str
    calls: int
    asked_numbers: list[str]
    claim_id: UUID | None
    claim_number: str | None
    policyholder: str | None
    contact_prohibited: bool | None
    on_file: str | None


async def open_requests(session: AsyncSession, *, now: datetime) -> list[Request]:
    """Whom to call now, the nearest promise first; at most `AT_MOST`."""
    rows = await (await session.connection()).execute(_OPEN, {"now": now, "most": AT_MOST})
    return [Request(*row) for row in rows]


async def how_many(session: AsyncSession, *, now: datetime) -> int:
    """How many of them are to be called now."""
    waits = select(func.count()).select_from(UnprovenRequest)
    return (await session.exec(waits.where(*_is_open(), col(UnprovenRequest.call_after) <= now))).one()


async def record_call(session: AsyncSession, request_id: UUID, *, outcome: Outcome, by: str, now: datetime) -> None:
    """What came of a call, in the caller's transaction; it is in the audit. Raises `Conflict` if it is over."""
    if outcome is Outcome.NO_ANSWER:
        changes: dict[str, Any] = {"calls": col(UnprovenRequest.calls) + 1, "call_after": now + AGAIN_AFTER}
    else:
        changes = {"ended_at": now, "ended_how": outcome.value, "ended_by": by}
    mine = col(UnprovenRequest.id) == request_id
    done = await session.exec(update(UnprovenRequest).where(mine, *_is_open()).values(**changes))
    if not done.rowcount:
        raise Conflict("this is over already")
    subject, detail = f"unproven_request:{request_id}", {"outcome": outcome.value}
    await ledger.audit(session, actor=by, action="called_unproven", subject=subject, detail=detail, now=now)


def _is_open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(UnprovenRequest.needs_call).is_(True), col(UnprovenRequest.ended_at).is_(None)
