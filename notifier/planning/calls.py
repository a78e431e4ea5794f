"""Who must be called, because a fact that must be known has reached nobody; and what came of the call."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, text
from sqlmodel import col, func, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import Conflict, NotFound
from notifier.deciding.must_know import Ended
from notifier.planning.addresses import NOTE_HOLDS
from notifier.tables import UnheardFact

log = logging.getLogger(__name__)

AT_MOST = 100
AGAIN_AFTER = timedelta(days=1)
_OPEN = text("""
select u.id, u.claim_id, c.claim_number, p.name, ev.kind, ev.occurred_at, u.call_since, u.calls,
  p.contact_prohibited, point.address as phone,
  array(select t.channel || ' ' || coalesce(t.reason, (select d.state from delivery d where d.notification_id = t.id
      order by d.attempt desc limit 1), t.state)
    from notification t where t.cause_kind = 'case_event' and t.cause_id = u.case_event_id and t.template = u.template
    and t.recipient_id = u.recipient_id order by t.step) as tried
from unheard_fact u join claim c on c.id = u.claim_id join policyholder p on p.id = u.recipient_id
join case_event ev on ev.id = u.case_event_id
left join lateral (select i.address from contact_point i where i.policyholder_id = p.id and i.kind = 'phone'
  and i.on_file order by i.place, i.id limit 1) point on true
where u.ended_at is null and u.call_since is not null
  and (cast(:claim as uuid) is null and u.call_after <= cast(:now as timestamptz) or u.claim_id = cast(:claim as uuid))
order by u.call_since, u.id limit :most
""")


class Outcome(StrEnum):
    """What came of a call. Nobody answered: it is asked for again a day later."""

    TOLD = "told"
    POSTED = "posted"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Call:
    """One person to call: about which fact, since when, what was tried (`channel word`), how often nobody answered."""

    id: UUID
    claim_id: UUID
    claim_number: str
    name: str
    kind: str
    occurred_at: datetime
    since: datetime
    calls: int
    is_prohibited: bool
    phone: str | None
    tried: tuple[tuple[str, str], ...]


async def open_calls(session: AsyncSession, *, now: datetime) -> Sequence[Call]:
    """Whom to call now, the longest waiting first."""
    return await _read(session, {"claim": None, "now": now, "most": AT_MOST})


async def calls_of(session: AsyncSession, claim_id: UUID) -> Sequence[Call]:
    """Whom to call about this claim, those who did not answer today too."""
    return await _read(session, {"claim": claim_id, "now": None, "most": AT_MOST})


async def _read(session: AsyncSession, values: dict[str, Any]) -> Sequence[Call]:
    rows = await (await session.connection()).execute(_OPEN, values)
    return [
        Call(
            id=row.id,
            claim_id=row.claim_id,
            claim_number=row.claim_number,
            name=row.name,
            kind=row.kind,
            occurred_at=row.occurred_at,
            since=row.call_since,
            calls=row.calls,
            is_prohibited=row.contact_prohibited,
            phone=row.phone,
            tried=tuple((each.split(" ", 1)[0], each.split(" ", 1)[1]) for each in row.tried),
        )
        for row in rows
    ]


_REACHED = text(f"""
select h.contact_prohibited or not exists (select from contact_point i where i.policyholder_id = h.id and i.on_file
  and not exists (select from address_note a where a.address = i.address
    and a.noted_at > cast(:now as timestamptz) - interval '{NOTE_HOLDS.days} days'
    and a.channel = case i.kind when 'email' then 'email' else 'sms' end))
from policyholder h where h.id = :id
""")  # noqa: S608  (pieces of our own)


async def is_unreachable(session: AsyncSession, policyholder_id: UUID, *, now: datetime) -> bool:
    """May nothing be written to this person, or would nothing arrive at any address on file?"""
    asked = await (await session.connection()).execute(_REACHED, {"id": policyholder_id, "now": now})
    return bool(asked.scalar_one())


async def how_many(session: AsyncSession, *, now: datetime) -> int:
    """How many people are to be called now."""
    waits = select(func.count()).select_from(UnheardFact).where(*_is_open(), col(UnheardFact.call_after) <= now)
    return (await session.exec(waits)).one()


async def record(
    session: AsyncSession, call_id: UUID, *, claim_id: UUID, outcome: Outcome, by: str, now: datetime
) -> None:
    """What came of a call about this claim, in the caller's transaction; it is in the audit.

    Raises `NotFound` if there is none, `Conflict` if it is over: somebody else has called, or it became known.
    """
    row = await session.get(UnheardFact, call_id)
    if row is None or row.claim_id != claim_id or row.call_since is None:
        raise NotFound
    if outcome is Outcome.NO_ANSWER:
        changes: dict[str, Any] = {"calls": col(UnheardFact.calls) + 1, "call_after": now + AGAIN_AFTER}
    else:
        changes = {"ended_at": now, "ended_how": Ended(outcome.value), "ended_by": by}
    # Two who press at once have called twice: both calls count, the first word about the end stays.
    done = await session.exec(update(UnheardFact).where(col(UnheardFact.id) == call_id, *_is_open()).values(**changes))
    if not done.rowcount:
        raise Conflict("this is over already")
    detail = {"claim_id": str(claim_id), "outcome": outcome.value}
    await ledger.audit(session, actor=by, action="called", subject=f"unheard_fact:{call_id}", detail=detail, now=now)
    log.info("call_recorded", extra={"claim_id": claim_id, "outcome": outcome})


def _is_open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(UnheardFact.ended_at).is_(None), col(UnheardFact.call_since).is_not(None)
