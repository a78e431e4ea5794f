"""A pilot as a test needs it: planned and started long ago, whatever the plan may forbid."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.tables import Claim
from notifier.states import Arm
from notifier.tables import Pilot, PilotArm

TWO = (Arm.ESSENTIAL, Arm.FREQUENT)


async def a_pilot(
    session: AsyncSession, *, starts_at: datetime, ends_at: datetime, arms: tuple[Arm, ...] = TWO, **overrides: Any
) -> Pilot:
    """A pilot of these arms, that runs from the one moment to the other."""
    values = {"name": "autumn", "question": "Do frequent texts spare calls?", "wording_version": "pilot-1"}
    days = max(1, (ends_at - starts_at).days)
    pilot = Pilot(**values | overrides, days=days, starts_at=starts_at, planned_end=ends_at, ends_at=ends_at)
    session.add(pilot)
    await session.flush()
    session.add_all(PilotArm(pilot_id=pilot.id, arm=arm, place=place) for place, arm in enumerate(arms))
    await session.flush()
    return pilot


async def a_claim_of(session: AsyncSession, policyholder_id: UUID) -> UUID:
    """The id of a claim of this person."""
    found = await session.exec(select(Claim.id).where(Claim.policyholder_id == policyholder_id).limit(1))
    return found.one()
