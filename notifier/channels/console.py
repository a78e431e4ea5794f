"""Prints messages instead of sending them: for a first look without a provider."""

import sys
from datetime import datetime
from typing import TextIO

from notifier.channels.base import Accepted, Capabilities, Content, Found
from notifier.states import ChannelName, DeliveryState

PRINTED = Capabilities(receipts=False, lookup=False, replies=False)


class ConsoleChannel:
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

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """Nothing: a console keeps no list."""
        return None

    async def fetch(self, provider_ref: str) -> Found | None:
        """Nothing: a console keeps no list."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""
