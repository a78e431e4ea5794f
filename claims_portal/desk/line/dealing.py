"""What a person of the desk does with a call: takes it, finds whose it is, has a code read back, says how it ended."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import language_or_default
from claims_core.tables import Policyholder
from claims_portal.auth.codes import CALL, Known, Redeemed, Wrong, ask_for_code, redeem_code
from claims_portal.desk.access import Staffed
from claims_portal.phone.known import matches
from claims_portal.tables import PhoneCall

LONGEST_NOTE = 1000


class Outcome(StrEnum):
    """What came of a call."""

    ANSWERED = "answered"
    CALL_BACK = "call_back"
    NOT_PROVED = "not_proved"
    WRONG_PERSON = "wrong_person"
    CUT_OFF = "cut_off"


# Somebody came to us about their claim: with these it counts, also for whether they come less often.
A_CONTACT = frozenset({Outcome.ANSWERED, Outcome.CALL_BACK, Outcome.NOT_PROVED, Outcome.CUT_OFF})
_BY_TYPED = text("""
select c.id, c.policyholder_id from claim c
where (c.claim_number = any(:numbers) or c.policy_number = any(:numbers)
   or c.id in (select n.claim_id from claim_number n where n.number = any(:numbers)))
  and c.merged_into is null and c.erased_at is null
order by (c.claim_number = any(:numbers)) desc, (c.stage = 'closed'), c.part_of is not null, c.reported_at desc, c.id
limit 1
""")


async def call_of(session: AsyncSession, call_id: UUID) -> PhoneCall:
    """The call as it is. Raises NotFound."""
    found = await session.get(PhoneCall, call_id)
    if found is None:
        raise NotFound
    session.expunge(found)
    return found


async def take(session: AsyncSession, call_id: UUID, viewer: Staffed, *, now: datetime) -> None:
    """It is theirs. Raises `Conflict` when a colleague was quicker, or it is done."""
    free = update(PhoneCall).where(
        col(PhoneCall.id) == call_id, col(PhoneCall.taken_by).is_(None), col(PhoneCall.outcome).is_(None)
    )
    taken = await session.exec(free.values(taken_by=viewer.id, taken_at=now))
    if taken.rowcount == 1:
        await ledger.audit(
            session, actor=viewer.actor, action="call_taken", subject=f"phone_call:{call_id}", detail={}, now=now
        )
    elif (await call_of(session, call_id)).taken_by != viewer.id:
        raise Conflict("a colleague has this call")


async def _change(session: AsyncSession, call_id: UUID, viewer: Staffed, **values: Any) -> None:
    """Only by who has the call, and only while it is not done. Raises `Conflict` otherwise."""
    mine = update(PhoneCall).where(
        col(PhoneCall.id) == call_id, col(PhoneCall.taken_by) == viewer.id, col(PhoneCall.outcome).is_(None)
    )
    if (await session.exec(mine.values(**values))).rowcount != 1:
        raise Conflict("somebody else has this call, or it is done")


async def choose(session: AsyncSession, call: PhoneCall, viewer: Staffed, claim_id: UUID) -> None:
    """It is about this claim of somebody with the caller's number. Raises `NotFound` for any other claim."""
    one = next((one for one in await matches(session, call.number) if one.claim_id == claim_id), None)
    if one is None:
        raise NotFound
    await _about(session, call, viewer, one.claim_id, one.policyholder_id)


async def find(session: AsyncSession, call: PhoneCall, viewer: Staffed, numbers: tuple[str, ...]) -> bool:
    """It is about the claim with the number that the caller says; False when there is none."""
    row = (await (await session.connection()).execute(_BY_TYPED, {"numbers": list(numbers)})).first()
    if row is not None:
        await _about(session, call, viewer, row.id, row.policyholder_id)
    return row is not None


async def _about(session: AsyncSession, call: PhoneCall, viewer: Staffed, claim_id: UUID, person: UUID) -> None:
    # Whoever proved to be somebody has not proved to be somebody else.
    values: dict[str, Any] = {"claim_id": claim_id, "policyholder_id": person}
    if person != call.policyholder_id:
        values |= {"challenge": None, "verified_at": None}
    await _change(session, call.id, viewer, **values)


async def send_code(session: AsyncSession, call: PhoneCall, viewer: Staffed, *, now: datetime) -> None:
    """A code goes to the telephone on file, never to the one that calls; an earlier one is worth nothing any more."""
    if call.policyholder_id is None:
        raise Conflict("nobody knows yet whose call it is")
    person = await session.get_one(Policyholder, call.policyholder_id)
    whose, language = Known(person.id, call.claim_id, CALL), language_or_default(person.language)
    challenge = await ask_for_code(session, whose, language=language, now=now)
    await _change(session, call.id, viewer, challenge=challenge, verified_at=None)
    subject = f"phone_call:{call.id}"
    await ledger.audit(session, actor=viewer.actor, action="call_code_sent", subject=subject, detail={}, now=now)


async def prove(
    session: AsyncSession, call: PhoneCall, viewer: Staffed, code: str, *, secret: SecretStr, now: datetime
) -> Wrong | None:
    """Try the code that the caller reads back; None when it was right. Each try counts, whatever comes after it."""
    if call.challenge is None or call.taken_by != viewer.id:
        raise Conflict("no code was sent, or somebody else has this call")
    tried = await redeem_code(session, call.challenge, code, secret=secret, now=now)
    if isinstance(tried, Redeemed) and tried.policyholder_id == call.policyholder_id:
        await _change(session, call.id, viewer, challenge=None, verified_at=now)
        subject = f"phone_call:{call.id}"
        await ledger.audit(session, actor=viewer.actor, action="caller_proved", subject=subject, detail={}, now=now)
        return None
    return tried if isinstance(tried, Wrong) else Wrong(0)


@dataclass(frozen=True, slots=True)
class Ending:
    """What came of a call, in the words of who had it."""

    outcome: Outcome
    had_to_repeat: bool
    note: str


async def finish(session: AsyncSession, call: PhoneCall, viewer: Staffed, ending: Ending, *, now: datetime) -> None:
    """It is done: kept with its note, audited, and a contact of the person whose claim it is about."""
    values = {"outcome": ending.outcome.value, "outcome_at": now, "had_to_repeat": ending.had_to_repeat}
    await _change(session, call.id, viewer, note=ending.note, challenge=None, **values)
    if call.policyholder_id is not None and ending.outcome in A_CONTACT:
        await ledger.record_contact(
            session, claim_id=call.claim_id, policyholder_id=call.policyholder_id, kind="call", now=call.started_at
        )
    detail = {"outcome": ending.outcome.value, "had_to_repeat": ending.had_to_repeat}
    subject = f"phone_call:{call.id}"
    await ledger.audit(session, actor=viewer.actor, action="call_ended", subject=subject, detail=detail, now=now)
