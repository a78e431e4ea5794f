"""A message of ours with its link, as a policyholder has it on their telephone."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.keyed import keyed_hash
from claims_core.tables import Claim
from notifier.states import CauseKind, ChannelName, DeliveryState, Importance, NotificationState
from notifier.tables import MESSAGE_LINK, Delivery, Notification
from tests.portal.portal import SECRET

TOKEN = "k7Q2mX9d"


async def a_link(engine: AsyncEngine, claim: Claim, *, now: datetime, token: str = TOKEN) -> UUID:
    """A sent message with the link `token`; returns the notification's id."""
    async with session_scope(engine) as session:
        told = Notification(
            cause_kind=CauseKind.CASE_EVENT,
            cause_id=new_id(),
            template="awaiting",
            recipient_id=claim.policyholder_id,
            claim_id=claim.id,
            importance=Importance.PROGRESS,
            channel=ChannelName.SMS,
            state=NotificationState.SENT,
            not_before=now,
            send_by=now + timedelta(days=1),
        )
        session.add(told)
        await session.flush()
        session.add(handed_over(told, token, key=SECRET, now=now))
        return told.id


def handed_over(told: Notification, token: str, *, key: SecretStr, now: datetime) -> Delivery:
    """The delivery of `told` whose text has the link `token`."""
    return Delivery(
        notification_id=told.id,
        attempt=1,
        token_hash=new_id().bytes,
        link_hash=keyed_hash(key, MESSAGE_LINK, token),
        channel=ChannelName.SMS,
        provider="twilio",
        address="+79990000000",
        text="",
        state=DeliveryState.DELIVERED,
        worker="test",
        started_at=now,
        send_by=now + timedelta(days=1),
    )
