"""Who is in a pilot: whom it is offered, the draw, and that they leave whenever they want."""

from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once
from claims_core.errors import Refused
from claims_core.ids import new_id
from claims_core.same_person import rows_of, rows_of_person
from claims_core.tables import Claim
from notifier.deciding.pilot import Weighed, draw_arm
from notifier.people.consents import withdraw_consent
from notifier.people.pilots import arms_of, eligible_of, running
from notifier.planning.trials import TRIAL
from notifier.states import Arm, Cadence
from notifier.tables import Pilot, PilotEnrolment

_STANDS = text(f"""
select trial.arm, trial.cadence from policyholder p cross join lateral (select {rows_of("p")} as ids offset 0) kin
{TRIAL.replace("$1", ":now")} where p.id = :person
""")  # noqa: S608  (pieces of our own)


async def offered(session: AsyncSession, claim_id: UUID, now: datetime) -> Pilot | None:
    """The pilot that whoever has this claim is asked about; None if none fits, or an arm of it is stopped."""
    pilot = await running(session, now)
    claim = await session.get(Claim, claim_id)
    if pilot is None or claim is None or claim.part_of is not None:
        return None
    if any(arm.stopped_at for arm in await arms_of(session, pilot.id)):
        return None
    fits = eligible_of(pilot).fits(claim.line_of_business, claim.country, claim.stage, claim.source)
    return pilot if fits else None


async def enrol(
    session: AsyncSession, policyholder_id: UUID, claim_id: UUID, pilot_id: UUID, *, now: datetime, key: SecretStr
) -> tuple[PilotEnrolment, bool]:
    """The person's enrolment, the first if two of their rows have one, and whether it is new.

    Raises `Refused` for a pilot that is over or does not ask about this claim; whoever was in it may always come back.
    """
    rows = await rows_of_person(session, policyholder_id)
    theirs = select(PilotEnrolment).where(col(PilotEnrolment.policyholder_id).in_(rows))
    first = theirs.where(PilotEnrolment.pilot_id == pilot_id).order_by(col(PilotEnrolment.consented_at)).limit(1)
    if (before := (await session.exec(first)).first()) is not None:
        if (pilot := await running(session, now)) is None or pilot.id != pilot_id:
            raise Refused("this pilot does not run now")
        return before, False
    pilot, claim = await offered(session, claim_id, now), await session.get_one(Claim, claim_id)
    if pilot is None or pilot.id != pilot_id or claim.policyholder_id not in rows:
        raise Refused("this pilot does not run now, or not for this claim")
    arms = [Weighed(Arm(each.arm), each.weight) for each in await arms_of(session, pilot_id)]
    line = claim.line_of_business
    row = PilotEnrolment(
        id=new_id(),
        pilot_id=pilot_id,
        policyholder_id=policyholder_id,
        arm=draw_arm(pilot_id, policyholder_id, arms, block=line.value, key=key),
        line=line,
        consented_at=now,
    )
    new = await insert_once(session, row, unique=("pilot_id", "policyholder_id"))
    return (await session.exec(first)).one(), new


async def enrolment_of(session: AsyncSession, policyholder_id: UUID) -> PilotEnrolment | None:
    """The pilot a person is in and has not left, the latest."""
    rows = await rows_of_person(session, policyholder_id)
    mine = select(PilotEnrolment).where(col(PilotEnrolment.policyholder_id).in_(rows))
    mine = mine.where(col(PilotEnrolment.left_at).is_(None))
    return (await session.exec(mine.order_by(col(PilotEnrolment.consented_at).desc()).limit(1))).first()


async def trial_of(session: AsyncSession, policyholder_id: UUID, now: datetime) -> tuple[Arm | None, Cadence | None]:
    """The arm that a person is in now, and how often a pilot has them hear from us: its own, or what follows it."""
    found = (await (await session.connection()).execute(_STANDS, {"person": policyholder_id, "now": now})).first()
    arm, cadence = found or (None, None)
    return Arm(arm) if arm else None, Cadence(cadence) if cadence else None


async def leave_pilot(session: AsyncSession, policyholder_id: UUID, *, now: datetime, how: str = "page") -> None:
    """Leave whatever pilot one is in. Nothing else changes, and nobody asks why."""
    # Two, if two rows of one person took part before they were joined.
    while (enrolment := await enrolment_of(session, policyholder_id)) is not None:
        pilot = await session.get_one(Pilot, enrolment.pilot_id)
        enrolment.left_at = now
        await withdraw_consent(session, policyholder_id, purpose=purpose_of(pilot), how=how, now=now)
        await session.flush()


def purpose_of(pilot: Pilot) -> str:
    """What the consent to a pilot is for."""
    return f"pilot:{pilot.name}"
