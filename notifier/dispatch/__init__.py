"""Dispatch: from a due notification to a message at the provider. The notification row is the queue.

Take (`taking`) → look once more, render, commit the delivery (`readying`) → call (`sender`) → write (`outcomes`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import asyncpg

from notifier.channels.base import Channel
from notifier.channels.roads import roads_over, senders_over
from notifier.channels.ways import settings_over
from notifier.dispatch.rates import open_sender
from notifier.dispatch.sender import Sender
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

__all__ = ["Sender", "dispatch_once", "open_senders", "run"]


def open_senders(
    pool: asyncpg.Pool,
    channels: Mapping[ChannelName, Channel],
    settings: NotifierSettings,
    *,
    worker: str,
    clock: Callable[[], datetime],
    instance_id: str | None = None,
) -> list[Sender]:
    """One sender a channel and provider, so that a slow one holds up nobody else.

    The sender is named as its channel; those of further roads name their provider, too.
    """
    senders = []
    for name, channel in channels.items():
        roads = roads_over(channel)
        names = senders_over(name, roads)
        for own, road in zip(names, roads, strict=True):
            others = tuple(other for other in names if other != own)
            over, rated = {**channels, name: road}, settings_over(road.provider, settings)
            sender = Sender(own, pool, over, rated, worker, clock, instance_id=instance_id, others=others)
            senders.append(sender)
    return senders


async def run(senders: Sequence[Sender], stop: asyncio.Event) -> None:
    """Send until `stop`; returns when all calls have ended and are written."""

    async def wake() -> None:
        await stop.wait()
        for sender in senders:
            sender.bell.set()

    await asyncio.gather(wake(), *(sender.run(stop) for sender in senders))


async def dispatch_once(
    pool: asyncpg.Pool,
    channels: Mapping[ChannelName, Channel],
    settings: NotifierSettings,
    *,
    now: datetime,
    most: int = 256,
    worker: str = "once",
    instance_id: str | None = None,
) -> int:
    """One pass over every channel, to the end of its calls. How many notifications were taken."""
    taken = 0
    senders = open_senders(pool, channels, settings, worker=worker, clock=lambda: now, instance_id=instance_id)
    for sender in senders:
        await open_sender(pool, sender.name, per_second=sender.settings.notifier_rate_per_second, now=now)
    for sender in senders:
        count, _ = await sender.take_and_call(most)
        await sender.settle_calls()
        taken += count
    return taken
