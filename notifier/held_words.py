"""What a held message would say, were it let go now, and a handler's own sentence in the place of our words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import driver_connection
from claims_core.ledger import Holder
from claims_core.tables import Claim
from notifier.deciding.heartbeats import SENTENCE
from notifier.held import release
from notifier.planning.facts import Ready, ready_for
from notifier.rendering import RenderingFailed
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, NotificationState, Reason
from notifier.tables import Notification
from notifier.versions.template_versions import refresh_for
from notifier.wording.links import SAMPLE_LINK, address_of
from notifier.wording.texts import SAID


@dataclass(frozen=True, slots=True)
class HeldText:
    """A held message as it would be read now; `why_not` it would not go although somebody lets it."""

    language: str
    text: str
    why_not: Reason | None = None


async def texts_of(
    session: AsyncSession, held: Sequence[Notification], *, settings: NotifierSettings, now: datetime
) -> dict[UUID, HeldText]:
    """The words of each, by the sender's own look at it. Nothing is written; the link is one of its length."""
    if not held:
        return {}
    await refresh_for(session)
    connection = await driver_connection(session)
    ready = await ready_for(connection, [row.id for row in held], settings=settings, now=now)
    return {row.id: _read(ready[row.id], row.channel, settings) for row in held if row.id in ready}


def _read(ready: Ready, channel: ChannelName, settings: NotifierSettings) -> HeldText:
    try:
        text = ready.text.say(channel, ready.values | {"link": address_of(SAMPLE_LINK, settings)})
    except RenderingFailed:
        return HeldText(ready.language, "", Reason.RENDER)
    return HeldText(ready.language, text, ready.verdict if isinstance(ready.verdict, Reason) else None)


async def say_instead(
    session: AsyncSession, notification_id: UUID, sentence: str, *, by: Holder, now: datetime
) -> bool:
    """Let a heartbeat that waits for a look go with this sentence, which the ledger keeps. False: it waits no more.

    In the caller's transaction; whether it may be said is asked before (`sentences.look_at`).
    """
    row = await session.get(Notification, notification_id, with_for_update=True, populate_existing=True)
    waits = row and row.state is NotificationState.HELD and row.reason is Reason.APPROVAL and row.send_by > now
    if not waits or row is None or row.claim_id is None:
        return False
    claim = await session.get_one(Claim, row.claim_id)
    values: dict[str, Any] = {"page_state": claim.page_state, SAID: sentence, "agent": by.name}
    one = col(Notification.id) == notification_id
    await session.exec(update(Notification).where(one).values(template=SENTENCE, values=values))
    await ledger.write_sentence(session, row.claim_id, text=sentence, by=by, now=now)
    return await release(session, notification_id, by=by.actor, now=now)
