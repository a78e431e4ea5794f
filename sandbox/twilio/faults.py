"""Scripted faults: what goes wrong with the next calls and receipts, by name (pure, but for its own queue)."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class CallFault(StrEnum):
    """What a create call meets."""

    OK = "ok"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_500 = "accept_then_500"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    TOO_MANY = "429"
    UNAVAILABLE = "503"
    UNAUTHORISED = "401"
    REFUSED = "400"
    SLOW = "slow"


class ReceiptFault(StrEnum):
    """What happens to the status callbacks of a message."""

    OK = "ok"
    NONE = "none"
    TWICE = "twice"
    REORDERED = "reordered"
    LATE = "late"
    BEFORE_RESPONSE = "before_response"
    WRONG_SID = "wrong_sid"
    BAD_SIGNATURE = "bad_signature"
    UNSIGNED = "unsigned"
    UNDELIVERED = "undelivered"
    UNDELIVERED_THEN_DELIVERED = "undelivered_then_delivered"
    # Of calls alone.
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    MACHINE = "machine"


@dataclass(frozen=True)
class Planned:
    """One scripted fault: for a recipient, or for whoever comes next. `number` is seconds or an error code."""

    fault: str
    to: str | None = None
    number: int | None = None


@dataclass
class Script:
    """Faults to come, used up in order. Nothing planned means everything goes well."""

    calls: deque[Planned] = field(default_factory=deque)
    receipts: deque[Planned] = field(default_factory=deque)
    # In seconds: how long the network takes to bring a message to a telephone.
    delivery_seconds: float = 0.3

    def next_call(self, to: str) -> Planned:
        """The fault that this create call meets."""
        return _next(self.calls, to, CallFault.OK)

    def next_receipt(self, to: str) -> Planned:
        """The fault that this message's callbacks meet."""
        return _next(self.receipts, to, ReceiptFault.OK)


def _next(queue: deque[Planned], to: str, otherwise: str) -> Planned:
    for planned in queue:
        if planned.to in (None, to):
            queue.remove(planned)
            return planned
    return Planned(otherwise)
