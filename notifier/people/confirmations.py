"""The text that says how often we write from here on: once for a choice, and few a day."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id
from claims_core.stages import ClaimStage
from claims_core.tables import Claim, ContactPoint
from notifier.planning.rulebook import longest_silence
from notifier.rendering import has_message
from notifier.states import PRIORITY, Cadence, CauseKind, ChannelName, Importance
from notifier.tables import Notification

WITHIN = timedelta(hours=24)
# A choice is made by whoever has a link of ours too; nobody is texted more often than this for it.
MOST_A_DAY = 3
OFTEN, RARELY = "optin_often", "optin_rare"


async def say_how_often(
    session: AsyncSession,
    phone: ContactPoint,
    rows: list[UUID],
    *,
    cadence: Cadence,
    chosen: ChannelName | None,
    language: str,
    now: datetime,
) -> None:
    """Say it where the person with these rows chose to read, if it can be said there, else to this number."""
    if await _said(session, rows, since=now - timedelta(days=1)) >= MOST_A_DAY:
        return
    template = RARELY if cadence is Cadence.ESSENTIAL else OFTEN
    channel = chosen if chosen and has_message(template, chosen) else ChannelName.SMS
    session.add(
        Notification(
            cause_kind=CauseKind.PREFERENCE,
            cause_id=new_id(),
            template=template,
            recipient_id=phone.policyholder_id,
            claim_id=await _newest_claim(session, rows),
            importance=Importance.ANSWER,
            priority=PRIORITY[Importance.ANSWER],
            channel=channel,
            contact_point_id=phone.id,
            sender=channel,
            language=language,
            values={"days": await longest_silence(session, cadence)},
            cadence=cadence,
            planned_at=now,
            not_before=now,
            send_by=now + WITHIN,
        )
    )


async def _newest_claim(session: AsyncSession, rows: list[UUID]) -> UUID | None:
    """An open one if there is one."""
    claims = select(Claim.id).where(col(Claim.policyholder_id).in_(rows))
    newest = claims.order_by(col(Claim.stage) == ClaimStage.CLOSED, col(Claim.reported_at).desc()).limit(1)
    return (await session.exec(newest)).first()


async def _said(session: AsyncSession, rows: list[UUID], *, since: datetime) -> int:
    said = select(func.count()).where(
        col(Notification.recipient_id).in_(rows),
        col(Notification.template).in_((OFTEN, RARELY)),
        col(Notification.planned_at) > since,
    )
    return (await session.exec(said)).one()
