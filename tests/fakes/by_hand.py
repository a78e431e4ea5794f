"""A provider in the same process whose every answer a test chooses, and which shows by when its list is up to date."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from claims_core.errors import AmbiguousHandOver, TemporaryChannelFailure
from notifier.channels.base import Accepted, AddressRefused, Capabilities, Content, Found
from notifier.states import ChannelName, DeliveryState

# What may become of a hand-over: taken; taken, and the answer is lost; lost before it came; not now; never there.
OUTCOMES = ("ok", "drop_after_accept", "drop_before", "busy", "refuse")
LISTED_AFTER = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Message:
    """What the provider has taken, and in which step of the test."""

    ref: str
    token: str
    address: str
    text: str
    at: datetime
    step: int


@dataclass
class ByHand:
    """`script` says what happens to the next hand-overs, `ok` when it is empty; `is_deaf` to those who ask it."""

    clock: Callable[[], datetime]
    step: Callable[[], int]
    script: list[str] = field(default_factory=list)
    taken: list[Message] = field(default_factory=list)
    is_deaf: bool = False
    name: ChannelName = ChannelName.SMS
    provider: str = "twilio"
    capabilities: Capabilities = field(
        default=Capabilities(receipts=True, lookup=True, replies=True, listing_lag=LISTED_AFTER)
    )

    def __post_init__(self) -> None:
        self._numbers = count(1)

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
        """What the script says."""
        outcome = self.script.pop(0) if self.script else "ok"
        if outcome == "busy":
            raise TemporaryChannelFailure("later", code="20429", retry_after=30.0)
        if outcome == "refuse":
            raise AddressRefused("nobody there", code="21614")
        if outcome == "drop_before":
            raise AmbiguousHandOver("the line went dead")
        message = Message(f"SM{next(self._numbers):032x}", token, address, text, self.clock(), self.step())
        self.taken.append(message)
        if outcome == "drop_after_accept":
            raise AmbiguousHandOver("the line went dead")
        return Accepted(message.ref, "queued")

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """What is listed by now of what went to `address` with this text."""
        if self.is_deaf:
            raise TemporaryChannelFailure("later", code="503")
        listed = self.clock() - LISTED_AFTER
        for message in self.taken:
            is_it = message.address == address and message.text == text and started_at <= message.at <= listed
            if is_it and message.ref not in known:
                return Found(message.ref, "queued", DeliveryState.ACCEPTED)
        return None

    async def fetch(self, provider_ref: str) -> Found | None:
        """What is known of a message: that it was taken."""
        taken = any(message.ref == provider_ref for message in self.taken)
        return Found(provider_ref, "queued", DeliveryState.ACCEPTED) if taken else None

    async def close(self) -> None:
        """Nothing is open."""
