"""What the notifier promises, in plain dictionaries: no SQL, and nothing of the product's own code.

The model is told what happens and what the provider took. It says which facts must have been decided on, and of
each message that was taken whether it was allowed to leave just then.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

# What is told of a claim that moves there: the message, and whether it is required whatever somebody's cadence.
TOLD = {
    "assess": ("assessment", False),
    "decide": ("awaiting", False),
    "docs": ("docs_needed", True),
    "extended": ("extended", True),
    "approved": ("approved", True),
}
OPTIONAL = ("progress", "heartbeat")
AT_NIGHT = ("code", "answer")
AFTER_STOP = ("optout", "kw_help")
MOST_A_CLAIM = 10
EVERY_WORD = {"queued": 1, "sent": 2, "undelivered": 3, "delivered": 4}
STATE_OF = {"queued": "accepted", "sent": "on_its_way", "undelivered": "undelivered", "delivered": "delivered"}
ENDED = ("settled", "suppressed", "superseded", "expired", "failed")


@dataclass
class Person:
    """One number, and what whoever has it wants."""

    zone: ZoneInfo
    stopped_since: int | None = None
    ever_stopped: bool = False
    heard: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, the notification, the provider's ref


@dataclass(frozen=True)
class Said:
    """What the books say of a message that the provider took."""

    notification: str
    claim: str | None
    importance: str
    template: str
    event: int | None
    send_by: datetime


class Broken(AssertionError):
    """A promise that was not kept."""


class Model:
    """Claims, people, what was reported, and the rules of leaving."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.owner: dict[str, str] = {}
        self.facts: defaultdict[str, list[str]] = defaultdict(list)
        self.reports: defaultdict[str, set[str]] = defaultdict(set)
        self.cap, self.quiet, self.stopped_since, self.codes_too = 1, True, None, False
        self.ended: dict[str, str] = {}
        self._last_event: dict[tuple[str, str], int] = {}
        self._times: Counter[str] = Counter()
        self._optional: defaultdict[str, set[str]] = defaultdict(set)

    def opens(self, claim: str, address: str, zone: str) -> None:
        """A claim of whoever has this number is seen for the first time: nobody is told."""
        self.people.setdefault(address, Person(ZoneInfo(zone)))
        self.owner[claim] = address

    def moves(self, claim: str, to: str) -> None:
        """The claim has moved: one fact, one message."""
        self.facts[claim].append(TOLD[to][0])

    def says(self, address: str, word: str, *, step: int) -> None:
        """Somebody writes to us."""
        person = self.people[address]
        if word == "STOP":
            person.stopped_since, person.ever_stopped = step, True
        if word == "START":
            person.stopped_since = None

    def is_switched(self, *, stopped: bool, codes_too: bool, step: int) -> None:
        """A person stops sending, or lets it go on."""
        self.stopped_since, self.codes_too = (step, codes_too) if stopped else (None, False)

    def takes(self, said: Said, address: str, ref: str, *, at: datetime, step: int) -> None:
        """The provider took it: was it allowed to leave? Raises `Broken`, with the promise."""
        person = self.people[address]
        self._must(at < said.send_by, "nothing leaves after its moment", said)
        stopped = person.stopped_since is not None and person.stopped_since < step and said.importance != "code"
        self._must(not stopped or said.template in AFTER_STOP, "nothing leaves after a STOP", said)
        by_hand = self.stopped_since is not None and self.stopped_since < step
        self._must(not by_hand or (said.importance == "code" and not self.codes_too), "the switch holds", said)
        hour = at.astimezone(person.zone).hour
        self._must(not self.quiet or said.importance in AT_NIGHT or 9 <= hour < 21, "the night is quiet", said)
        if said.importance in OPTIONAL:
            self._within_caps(person, said, at)
            person.heard.append((at, said.notification, ref))
        if said.event is not None and said.claim is not None:
            before = self._last_event.get((said.claim, address), 0)
            self._must(said.event >= before, "facts of a claim leave in their order", said)
            self._last_event[said.claim, address] = said.event
        self._times[said.notification] += 1

    def _within_caps(self, person: Person, said: Said, at: datetime) -> None:
        day = _day(at, person.zone)
        arrived = [one for when, one, ref in person.heard if _day(when, person.zone) == day and not self._lost(ref)]
        self._must(not self.cap or len(arrived) < self.cap, "not more a day than the cap", said)
        assert said.claim is not None
        self._optional[said.claim].add(said.notification)
        self._must(len(self._optional[said.claim]) <= MOST_A_CLAIM, "ten of a claim at most", said)

    def _lost(self, ref: str) -> bool:
        return "undelivered" in self.reports[ref] and "delivered" not in self.reports[ref]

    def repeated(self) -> dict[str, int]:
        """The messages that were taken more than once, and how often."""
        return {key: times for key, times in self._times.items() if times > 1}

    def state_of(self, ref: str) -> str:
        """What the provider's words about a message come to, in whichever order they came."""
        return STATE_OF[max(self.reports[ref] | {"queued"}, key=EVERY_WORD.__getitem__)]

    def justifies(self, reason: str | None, *, claim: str | None, address: str) -> bool:
        """May this be why something was not sent?"""
        person = self.people[address]
        if reason == "opted_out":
            return person.ever_stopped
        if reason in ("later_stage", "no_longer_true", "duplicate_content"):
            return claim is not None and len(self.facts[claim]) > 1
        if reason == "daily_cap":
            return bool(person.heard)
        return True

    def ends(self, notification: str, state: str) -> None:
        """What has ended stays so, but for a message that is known to have been taken after all."""
        before = self.ended.setdefault(notification, state)
        if before != state:
            raise Broken(f"{notification} was {before} and is {state}")

    def _must(self, kept: bool, promise: str, said: Said) -> None:
        if not kept:
            raise Broken(f"{promise}: {said}")


def _day(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()
