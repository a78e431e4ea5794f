"""What can go wrong with a letter, by its name, and what a script has planned for the next ones."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class MailFault(StrEnum):
    """`number` of a planned one is the answer's code, or the seconds of a wait."""

    OK = "ok"
    ACCEPT_THEN_TIMEOUT = "accept_then_timeout"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_THEN_GARBAGE = "accept_then_garbage"
    RESET_BEFORE_ACCEPT = "reset_before_accept"
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    LETTER_REFUSED = "letter_refused"
    SLOW = "slow"
    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    BOUNCED_TWICE = "bounced_twice"
    DELAYED = "delayed"


# What a server says with a code: the enhanced one belongs to it.
SAID = {
    421: "4.3.2 closing for a while",
    450: "4.2.1 come back later",
    452: "4.2.2 the mailbox is full",
    530: "5.7.0 sign in first",
    550: "5.1.1 no such mailbox",
    551: "no such person here",
    552: "5.2.2 the mailbox is full",
    554: "5.7.1 not wanted here",
}


@dataclass(frozen=True)
class Planned:
    """The fault that the next letter meets, to anybody or to one address."""

    fault: MailFault = MailFault.OK
    to: str | None = None
    number: float | None = None


class Script:
    """What shall happen, in this order; nothing planned means that all goes well."""

    def __init__(self) -> None:
        self.planned: deque[Planned] = deque()

    def plan(self, fault: MailFault, *, to: str | None = None, number: float | None = None, times: int = 1) -> None:
        """Let the next `times` letters meet this."""
        self.planned.extend([Planned(fault, to, number)] * times)

    def next_for(self, to: str) -> Planned:
        """What this letter meets."""
        for each in self.planned:
            if each.to in (None, to):
                self.planned.remove(each)
                return each
        return Planned()
