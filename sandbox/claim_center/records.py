"""The claims of the emulated ClaimCenter: each with its parts, its checksum, and the transactions it has seen."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from claims_core.clock import utc_now

PARTS = ("contacts", "exposures", "activities", "checks", "payments", "documents")
Attributes = dict[str, Any]


class UnknownClaim(KeyError):
    """There is no such claim, or the caller may not see it: the same 404."""


class OldChecksum(Exception):
    """Somebody changed the claim since; the two checksums, supplied and current."""

    def __init__(self, supplied: str, current: str) -> None:
        super().__init__(f"checksum mismatch: supplied {supplied}, current {current}")


class AlreadyExecuted(Exception):
    """This transaction id has committed before; a second commit fails."""


@dataclass
class Case:
    """A claim and its parts. The checksum is the claim's own version, a short opaque text."""

    claim: Attributes
    parts: dict[str, list[Attributes]]
    version: int = 0
    hidden: bool = False
    archived: bool = False

    @property
    def checksum(self) -> str:
        """As the resource shows it."""
        return str(self.version)


@dataclass
class Records:
    """All cases, in memory. Every change moves `updateTime`, never backwards and never twice the same."""

    clock: Callable[[], datetime] = utc_now
    cases: dict[str, Case] = field(default_factory=dict)
    transactions: set[str] = field(default_factory=set)
    _last: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    _made: int = 0

    def add(self, claim: Attributes, **parts: list[Attributes]) -> str:
        """A new case; returns its id."""
        case = Case({"updateTime": self._tick(), **claim}, {name: list(parts.get(name, [])) for name in PARTS})
        self.cases[claim["id"]] = case
        return str(claim["id"])

    def new_id(self, prefix: str = "cc") -> str:
        """An id as ClaimCenter gives them, `cc:1001`."""
        self._made += 1
        return f"{prefix}:{100_000 + self._made}"

    def case(self, ref: str) -> Case:
        """The case; raises `UnknownClaim` when it is absent or hidden."""
        found = self.cases.get(ref)
        if found is None or found.hidden:
            raise UnknownClaim(ref)
        return found

    def visible(self) -> Iterator[Case]:
        """The cases that the caller may see."""
        return (case for case in self.cases.values() if not case.hidden)

    def change(self, ref: str, **attributes: Any) -> None:
        """The back office itself changes a claim; None takes a field away."""
        case = self.cases[ref]
        for name, value in attributes.items():
            if value is None:
                case.claim.pop(name, None)
            else:
                case.claim[name] = value
        self._touch(case)

    def archive(self, ref: str) -> None:
        """The back office puts a closed claim away."""
        self.cases[ref].archived = True
        self.change(ref, state={"code": "archived", "name": "Archived"})

    def put(self, ref: str, part: str, item: Attributes) -> None:
        """Add or replace an element of a part, by its id."""
        items = self.cases[ref].parts[part]
        items[:] = [one for one in items if one["id"] != item["id"]] + [item]
        self._touch(self.cases[ref])

    def finish_activities(self, ref: str, *patterns: str) -> None:
        """Complete the open activities, all or those of these patterns."""
        for activity in self.cases[ref].parts["activities"]:
            if activity["status"]["code"] == "open" and (
                not patterns or activity["activityPattern"]["code"] in patterns
            ):
                activity["status"] = {"code": "complete", "name": "Complete"}
        self._touch(self.cases[ref])

    def commit(self, ref: str, *, attributes: Mapping[str, Any], checksum: str | None, transaction: str | None) -> Case:
        """A caller's PATCH. Without a checksum the last write wins."""
        case = self._open(ref, checksum=checksum, transaction=transaction)
        case.claim.update(copy.deepcopy(dict(attributes)))
        return self._done(case, transaction)

    def add_activity(self, ref: str, attributes: Attributes, *, transaction: str | None) -> Attributes:
        """A caller's new activity, open."""
        case = self._open(ref, checksum=None, transaction=transaction)
        activity = {"id": self.new_id(), "status": {"code": "open", "name": "Open"}, **attributes}
        case.parts["activities"].append({**activity, "createTime": self._tick()})
        self._done(case, transaction)
        return case.parts["activities"][-1]

    def close(self, ref: str, attributes: Attributes, *, checksum: str | None, transaction: str | None) -> Case:
        """A caller closes the claim."""
        case = self._open(ref, checksum=checksum, transaction=transaction)
        case.claim.update(attributes)
        case.claim["state"] = {"code": "closed", "name": "Closed"}
        return self._done(case, transaction)

    def tried(self, ref: str, write: Callable[[], Any]) -> Any:
        """What `write` comes to, without keeping it: nothing of the claim, and no transaction id, has moved."""
        case, transactions, made = copy.deepcopy(self.case(ref)), set(self.transactions), self._made
        try:
            return copy.deepcopy(write())
        finally:
            self.cases[ref], self.transactions, self._made = case, transactions, made

    def _open(self, ref: str, *, checksum: str | None, transaction: str | None) -> Case:
        case = self.case(ref)
        if transaction is not None and transaction in self.transactions:
            raise AlreadyExecuted(transaction)
        if checksum is not None and checksum != case.checksum:
            raise OldChecksum(checksum, case.checksum)
        return case

    def _done(self, case: Case, transaction: str | None) -> Case:
        if transaction is not None:
            self.transactions.add(transaction)
        self._touch(case)
        return case

    def _touch(self, case: Case) -> None:
        case.version += 1
        case.claim["updateTime"] = self._tick()

    def _tick(self) -> str:
        self._last = max(self.clock(), self._last + timedelta(milliseconds=1))
        return moment(self._last)


def moment(value: datetime) -> str:
    """As ClaimCenter writes a timestamp: UTC, to the millisecond."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03}Z"
