"""Messages by call or WhatsApp instead of texts: who may choose it here, who has, and what choosing it changes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import rows_of_person
from notifier.channels.ways import WAYS, standing
from notifier.people import preferences
from notifier.people.consents import give_consent, withdraw_consent
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Importance, NotificationState
from notifier.tables import Consent, Notification, Preference
from notifier.wording.chat_words import newest_wording

CALL, WHATSAPP = ChannelName.VOICE, ChannelName.WHATSAPP
_WAITING = (NotificationState.PLANNED, NotificationState.HELD)


def is_offered(settings: NotifierSettings, over: ChannelName = CALL) -> bool:
    """Does this installation call people, or write `over` this, and does the market's law allow it?"""
    ways = (each for each in standing(settings, WAYS) if each.way.name is over)
    return any(each.allowed and each.why_not is None for each in ways)


async def since(session: AsyncSession, policyholder_id: UUID, over: ChannelName = CALL) -> datetime | None:
    """Since when the person wants it so; None if they do not."""
    theirs = col(Consent.policyholder_id).in_(await rows_of_person(session, policyholder_id))
    stands = select(Consent.given_at).where(theirs, Consent.purpose == over, col(Consent.withdrawn_at).is_(None))
    return (await session.exec(stands.order_by(col(Consent.given_at)).limit(1))).first()


async def begin(session: AsyncSession, policyholder_id: UUID, *, now: datetime, over: ChannelName = CALL) -> None:
    """Call, or write `over` this, from here on, with the consent that was shown. Twice is once."""
    if await since(session, policyholder_id, over) is None:
        wording = newest_wording(over)
        await give_consent(session, policyholder_id, purpose=over, wording_version=wording, how="page", now=now)
    await preferences.choose(session, policyholder_id, channel=over, how="page", now=now)


async def end(session: AsyncSession, policyholder_id: UUID, *, now: datetime, over: ChannelName = CALL) -> None:
    """Back to texts, what is planned too; a code that is about to be read out stays a call."""
    rows = await rows_of_person(session, policyholder_id)
    await withdraw_consent(session, policyholder_id, purpose=over, how="page", now=now)
    chosen = update(Preference).where(col(Preference.policyholder_id).in_(rows), col(Preference.channel) == over)
    await session.exec(chosen.values(channel=None))
    waits = update(Notification).where(
        col(Notification.recipient_id).in_(rows),
        col(Notification.channel) == over,
        col(Notification.state).in_(_WAITING),
        col(Notification.importance) != Importance.CODE,
    )
    await session.exec(waits.values(channel=ChannelName.SMS, sender=ChannelName.SMS))
