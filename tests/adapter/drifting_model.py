"""What a ledger should be, computed in the simplest way from what a back office has shown (pure)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backoffice_adapter.source import Record, content_hash
from backoffice_adapter.sync.sightings import APART, GONE_AFTER

STAGES = {"new": "registered", "done": "closed"}


@dataclass(slots=True)
class Told:
    """A claim as the back office's word makes it, and its facts: which, and whether they are history."""

    record: Record
    facts: dict[str, bool] = field(default_factory=dict)
    gone: bool = False

    @property
    def version(self) -> int:
        """The back office's own number."""
        return int(self.record.version or 0)

    def shown(self, ref: str) -> tuple[Any, ...]:
        """As `CLAIMS` reads it."""
        body = self.record.body
        money = body["sum"].replace(",", ".")
        return ref, self.record.version, body["number"], STAGES[body["state"]], money, self.gone


@dataclass(slots=True)
class Model:
    """What should be there: claims, what nobody could read, and which claims the nights have missed since when."""

    claims: dict[str, Told] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    missed: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def read(self, page: list[Record], *, first_load: bool) -> None:
        """A page, in its order. All of a first load is history."""
        for record in page:
            known, body = self.claims.get(record.ref), record.body
            if body["state"] not in STAGES:
                continue
            if not body["name"]:
                self.rejected.add(kept_as(record))
            elif known is None:
                self._first(record, historic=first_load)
            elif (int(record.version or 0), record.hash) > (known.version, known.record.hash):
                self._change(known, record, historic=first_load)

    def night(self, shown: set[str], *, now: datetime) -> None:
        """Everything was read again: what two such nights did not show is gone, and none else."""
        unseen = self.claims.keys() - shown
        self.missed = {ref: self.missed.get(ref, (now, 0)) for ref in unseen}
        self.missed = {ref: (since, times + 1) for ref, (since, times) in self.missed.items()}
        for ref, claim in self.claims.items():
            since, times = self.missed.get(ref, (now, 0))
            claim.gone = times >= GONE_AFTER and since <= now - APART

    def _first(self, record: Record, *, historic: bool) -> None:
        done = record.body["state"] == "done"
        facts = {"registered": historic or done}
        if done:
            facts[f"decision_made:approved:{record.version}"] = historic
        self.claims[record.ref] = Told(record, facts)

    def _change(self, known: Told, record: Record, *, historic: bool) -> None:
        before, after = known.record.body, record.body
        found = []
        if before["state"] != after["state"]:
            found.append("decision_made:approved" if after["state"] == "done" else "stage_corrected")
        if found != ["decision_made:approved"]:
            found += ["money_changed"] * (before["sum"] != after["sum"])
            found += ["facts_changed"] * (before["number"] != after["number"])
        for fact in found:
            known.facts.setdefault(f"{fact}:{record.version}", historic)
        known.record, known.gone = record, False


def kept_as(record: Record) -> str:
    """The key under which quarantine counts a content."""
    return content_hash(record.raw, b"").hex()
