"""Several providers of one channel: which comes first, and which of them took a message."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from notifier.channels.base import Accepted, Channel, Content, Found
from notifier.states import ChannelName


class Roads:
    """The providers of one channel, the preferred one first. Whoever asks for the channel alone gets that one."""

    def __init__(self, roads: Sequence[Channel]) -> None:
        first = roads[0]
        self.roads = tuple(roads)
        self.name, self.provider, self.capabilities = first.name, first.provider, first.capabilities

    async def send(
        self,
        address: str,
        text: str,
        *,
        token: str,
        send_by: datetime,
        now: datetime,
        callback_url: str,
        content: Content | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Hand over, over the preferred road."""
        send = self.roads[0].send
        names = {"token": token, "callback_url": callback_url}
        return await send(address, text, **names, send_by=send_by, now=now, content=content, key=key)

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """Ask the provider of the preferred road."""
        return await self.roads[0].find(address, text, started_at=started_at, until=until, known=known)

    async def fetch(self, provider_ref: str) -> Found | None:
        """Ask the provider of the preferred road."""
        return await self.roads[0].fetch(provider_ref)

    async def close(self) -> None:
        """Let go of all of them."""
        for road in self.roads:
            await road.close()


def roads_over(channel: Channel) -> tuple[Channel, ...]:
    """The providers of a channel, the preferred one first."""
    return channel.roads if isinstance(channel, Roads) else (channel,)


def road_of(channels: Mapping[ChannelName, Channel], name: str, provider: str) -> Channel | None:
    """The road over which a message went: nobody else can say what became of it. None if it is not open here."""
    channel = channels.get(ChannelName(name))
    return next((each for each in roads_over(channel) if each.provider == provider), None) if channel else None


def senders_over(name: ChannelName, roads: Sequence[Channel]) -> list[str]:
    """What the senders of a channel's roads are called: the preferred one as the channel, others with a provider."""
    return [name.value, *(f"{name}/{road.provider}" for road in roads[1:])]


def channel_of(sender: str) -> str:
    """The channel that a sender hands over for."""
    return sender.partition("/")[0]


def is_preferred(sender: str) -> bool:
    """Is this the sender of a channel's first road?"""
    return sender == channel_of(sender)
