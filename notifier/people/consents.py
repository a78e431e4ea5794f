"""The ledger of consents: who agreed to what, when, how and in which words; a withdrawal is a date on the row."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import rows_of_person
from notifier.tables import Consent


async def give_consent(
    session: AsyncSession, policyholder_id: UUID, *, purpose: str, wording_version: str, how: str, now: datetime
) -> Consent:
    """Record that a person agreed: to what, when, how, and in which words."""
    consent = Consent(
        policyholder_id=policyholder_id, purpose=purpose, wording_version=wording_version, given_at=now, given_how=how
    )
    session.add(consent)
    await session.flush()
    return consent


async def withdraw_consent(
    session: AsyncSession, policyholder_id: UUID, *, purpose: str, how: str, now: datetime
) -> None:
    """The person takes it back. The row stays, with the date."""
    await session.exec(
        update(Consent)
        .where(
            col(Consent.policyholder_id).in_(await rows_of_person(session, policyholder_id)),
            col(Consent.purpose) == purpose,
            col(Consent.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now, withdrawn_how=how)
    )
