"""The text that says how often we write from here on: once for a choice, and few a day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from claims_core.stages import ClaimStage
from claims_core.tables import Claim, ContactPoint
from notifier.rulebook import longest_silence
from notifier.states import PRIORITY, Cadence, CauseKind, ChannelName, Importance
from notifier.tables import Notification

WITHIN = timedelta(hours=24)
# A choice is made by whoever has a link of ours too; nobody is texted more often than this for it.
MOST_A_DAY = 3
OFTEN, RARELY = "optin_often", "optin_rare"


async def say_how_often(
    session: AsyncSession, phone: ContactPoint, rows: list[UUID], *, cadence: Cadence, language: str, now: datetime
) -> None:
    """Say it to the person with these rows, at this number. Whether it may leave is looked at when it is taken."""
    if await _said(session, rows, since=now - timedelta(days=1)) >= MOST_A_DAY:
        return
    claims = select(Claim.id).where(col(Claim.policyholder_id).in_(rows))
    newest = claims.order_by(col(Claim.stage) == ClaimStage.CLOSED, col(Claim.reported_at).desc()).limit(1)
    session.add(
        Notification(
            cause_kind=CauseKind.PREFERENCE,
            cause_id=new_id(),
            template=RARELY if cadence is Cadence.ESSENTIAL else OFTEN,
            recipient_id=phone.policyholder_id,
            claim_id=(await session.exec(newest)).first(),
            importance=Importance.ANSWER,
            priority=PRIORITY[Importance.ANSWER],
            channel=ChannelName.SMS,
            contact_point_id=phone.id,
            sender=ChannelName.SMS,
            language=language,
            values={"days": await longest_silence(session, cadence)},
            cadence=cadence,
            planned_at=now,
            not_before=now,
            send_by=now + WITHIN,
        )
    )


async def _said(session: AsyncSession, rows: list[UUID], *, since: datetime) -> int:
    said = select(func.count()).where(
        col(Notification.recipient_id).in_(rows),
        col(Notification.template).in_((OFTEN, RARELY)),
        col(Notification.planned_at) > since,
    )
    return (await session.exec(said)).one()
