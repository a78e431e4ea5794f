"""Messages to us that never reached our door: the provider keeps a list, and what is not in our books is done now.

A provider posts a message once and waits for seconds; a STOP that was written while the portal was away must not be
lost (F13 of the fault model).
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.errors import TemporaryChannelFailure
from claims_core.tables import JobSlot
from notifier.channels.base import Channel, KeepsWhatCame, Written
from notifier.channels.roads import roads_over
from notifier.incoming import inbound
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.tables import Inbound

log = logging.getLogger(__name__)

JOB = "take_missed_messages"
OVERLAP = timedelta(minutes=10)  # a list may show late what it has taken
AT_FIRST = timedelta(days=1)


async def take_missed(
    engine: AsyncEngine, channels: Mapping[ChannelName, Channel], *, settings: NotifierSettings, now: datetime
) -> int:
    """Do what was written to us since the last look and is not in our books; how many messages. May run anywhere.

    Raises `TemporaryChannelFailure` when a provider cannot tell, after the others were asked: the next look then begins
    where this one did.
    """
    since = await _looked_until(engine, now) - OVERLAP
    missed, cannot_tell = 0, None
    for name, channel in channels.items():
        for road in roads_over(channel):
            if not isinstance(road, KeepsWhatCame) or not road.capabilities.replies:
                continue
            try:
                listed = await road.written_since(since)
            except TemporaryChannelFailure as problem:
                cannot_tell = problem
                continue
            # Moments are whole seconds, and the newest comes first: of two in one second the later stays the later.
            oldest_first = listed[::-1]
            written = sorted(oldest_first, key=lambda each: each.at)
            missed += await _take(engine, name, road.provider, written, settings=settings, now=now)
    if cannot_tell is not None:
        raise cannot_tell
    return missed


async def _take(
    engine: AsyncEngine,
    name: ChannelName,
    provider: str,
    written: list[Written],
    *,
    settings: NotifierSettings,
    now: datetime,
) -> int:
    async with session_scope(engine) as session:
        known = await _known(session, provider, [each.provider_ref for each in written])
    unknown = [each for each in written if each.provider_ref not in known]
    for each in unknown:
        async with session_scope(engine) as session:
            await inbound.receive(
                session,
                provider=provider,
                provider_ref=each.provider_ref,
                channel=name,
                address=each.address,
                body=each.body,
                now=now,
                settings=settings,
                written_at=min(each.at, now),
            )
        log.warning("missed_message_taken", extra={"provider": provider, "provider_ref": each.provider_ref})
    return len(unknown)


async def _known(session: AsyncSession, provider: str, refs: list[str]) -> set[str]:
    ours = select(Inbound.provider_ref).where(Inbound.provider == provider, col(Inbound.provider_ref).in_(refs))
    return set((await session.exec(ours)).all())


async def _looked_until(engine: AsyncEngine, now: datetime) -> datetime:
    """When the last look that came to its end began."""
    failed = func.coalesce(JobSlot.result, "").startswith("failed")
    looks = select(func.max(JobSlot.started_at)).where(JobSlot.job == JOB, col(JobSlot.finished_at).is_not(None))
    async with session_scope(engine) as session:
        last = (await session.exec(looks.where(~failed))).one()
    return last if last is not None else now - AT_FIRST
