"""One message to one person about something that is no fact of a claim: decided, and written, in one call."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from notifier.deciding.decisions import planned, reach
from notifier.planning.facts import background_for
from notifier.planning.plans import Cause, write_plans
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, ChannelName, Importance


async def tell_person(
    connection: asyncpg.Connection,
    template: str,
    importance: Importance,
    cause: Cause,
    *,
    policyholder_id: UUID,
    claim_id: UUID | None,
    settings: NotifierSettings,
    now: datetime,
    values: dict[str, Any] | None = None,
    channels: tuple[ChannelName, ...] = ALL_CHANNELS,
) -> None:
    """Plan the message in the caller's transaction, or note why it does not go. Once for each cause and template."""
    stands = await background_for(connection, policyholder_id, claim_id=claim_id, now=now)
    channel, reason = reach(channels, stands, settings)
    plan = planned(template, importance, channel, stands, settings=settings, now=now, reason=reason)
    await write_plans(connection, [(cause, None, stands, plan, values or {})], now=now)
