"""What any way to reach a person must offer us, and the outcomes of a hand-over."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from claims_core.errors import PermanentChannelFailure, TemporaryChannelFailure
from notifier.states import ChannelName, DeliveryState

_CODE = re.compile(r"(?<!\d)\d(?:(?:, | )?\d){5}(?!\d)")


def without_code(text: str) -> str:
    """`text` with every run of six digits hidden, also those said one by one: what we keep of a message with a code."""
    return _CODE.sub("••••••", text)


def hash_of_token(token: str) -> bytes:
    """What we store of the token in a provider's callback address. It has 128 bits, so that no key is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Verdict(StrEnum):
    """What a provider's code means for us, whether it came as an answer or in a receipt."""

    LATER = "later"  # nothing was taken; worth another attempt
    AGAIN = "again"  # nobody was there: worth another attempt a while later
    STOP_SENDER = "stop_sender"  # an operator must mend something; nothing over this sender until then
    BAD_ADDRESS = "bad_address"  # never again to this address over this channel
    OPTED_OUT = "opted_out"  # the person has said no to the carrier
    NEVER = "never"  # not this message; the address is not to blame


class SenderStopped(TemporaryChannelFailure):
    """Credentials, account or sender are refused: an operator must act. One probe a minute goes on."""


class AddressBusy(TemporaryChannelFailure):
    """Not now at this address; the sender is not to blame, and others may go on."""


class AddressRefused(PermanentChannelFailure):
    """The address cannot be reached over this channel, ever."""


class RecipientOptedOut(PermanentChannelFailure):
    """The recipient has opted out with the carrier; we record it as our own opt-out."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do for us besides taking a message."""

    receipts: bool
    lookup: bool
    replies: bool
    buttons: bool = False
    idempotency: bool = False  # the same hand-over twice is one message, by a key of the provider's
    cost: Decimal = Decimal(0)  # of one part, in the currency of the settings
    listing_lag: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Content:
    """A text that the provider knows already (an approved template) with the values to put in."""

    template: str
    language: str
    values: Mapping[str, str] = field(default_factory=dict)
    heard_at: datetime | None = None  # when the person last wrote over this channel, if within a day


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message. `provider_status` is its own word, kept for the desk."""

    provider_ref: str
    provider_status: str
    state: DeliveryState = DeliveryState.ACCEPTED


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider knows about a message."""

    provider_ref: str
    provider_status: str
    state: DeliveryState
    error_code: str | None = None
    read: bool = False
    verdict: Verdict | None = None
    billed: Decimal | None = None  # what it cost, if the provider says so
    billed_currency: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a provider reports about one message: in our words, and `raw` as it came."""

    provider_ref: str
    provider_status: str
    error_code: str | None
    state: DeliveryState | None
    verdict: Verdict | None
    raw: Mapping[str, str]
    read: bool = False


class WithoutList:
    """A provider that keeps no list of what it took and answers no question about it: there is nothing to be found."""

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """Nothing."""
        return None

    async def fetch(self, provider_ref: str) -> Found | None:
        """Nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Written:
    """A message to us, as the provider's own list has it."""

    provider_ref: str
    address: str
    body: str
    at: datetime


@runtime_checkable
class KeepsWhatCame(Protocol):
    """A provider that keeps a list of what people wrote to us, and need not be at our door to bring it."""

    async def written_since(self, moment: datetime) -> Sequence[Written]:
        """What was written to us after `moment`, the newest first; `TemporaryChannelFailure` when it cannot tell."""


class Channel(Protocol):
    """One way to reach a person. Implementations keep no state between messages but their connections."""

    name: ChannelName
    provider: str
    capabilities: Capabilities

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
        """Hand over once. Raises `TemporaryChannelFailure`, `PermanentChannelFailure` or `AmbiguousHandOver`.

        `token` names this handing over, `key` the notification: a repeat has another token and the same key.
        """

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """What was taken for `address` with `text` in the window, apart from the refs in `known`.

        None: the provider has looked and there is nothing. Raises `TemporaryChannelFailure` when it cannot tell.
        """

    async def fetch(self, provider_ref: str) -> Found | None:
        """What became of a message; None when the provider does not know it."""

    async def close(self) -> None:
        """Let go of the connections."""
