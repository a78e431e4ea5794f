"""Prints messages instead of sending them: for a first look without a provider."""

import sys
from datetime import datetime
from typing import TextIO

from notifier.channels.base import Accepted, Capabilities, Content, WithoutList
from notifier.states import ChannelName, DeliveryState

PRINTED = Capabilities(receipts=False, lookup=False, replies=False)


class ConsoleChannel(WithoutList):
    """Stands in for any channel; every message is delivered the moment it is printed."""

    provider = "console"
    capabilities = PRINTED

    def __init__(self, name: ChannelName = ChannelName.CONSOLE, out: TextIO | None = None) -> None:
        self.name = name
        self._out = out or sys.stdout

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
        """Print it."""
        print(f"{self.name} to {address}: {text}", file=self._out, flush=True)
        return Accepted(provider_ref=token, provider_status="printed", state=DeliveryState.DELIVERED)

    async def close(self) -> None:
        """Nothing to let go of."""
