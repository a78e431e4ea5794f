"""What a batch of snapshots will write, decided before anything is written (pure)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from claims_core import promises
from claims_core.changes import changes_between, first_facts
from claims_core.ids import new_id
from claims_core.ledger import rows
from claims_core.ledger.known import Key, Known, key_of, source_word
from claims_core.ledger.staging import Row, Target
from claims_core.promises import Calendar, PromiseRow
from claims_core.snapshot import Change, ClaimSnapshot, page_state_of
from claims_core.stages import PageState

# What a handler may change, and what comes with it.
HANDLED = ("stage", "situation", "outcome", "mover", "reason", "approved", "decision_reasons")


@dataclass(slots=True)
class Batch:
    """The rows of claims not there yet, and the rows of claims that changed; each claim once.

    `silent` are the claims of a first load: what is recorded about them is history. `whole_of` says of a claimant's
    side which claim it is part of; `untold` are those whose handler told nobody.
    """

    now: datetime
    settle: timedelta
    silent: set[Key] = field(default_factory=set)
    run_id: UUID | None = None
    whole_of: dict[Key, UUID] = field(default_factory=dict)
    untold: set[Key] = field(default_factory=set)
    told: bool = False
    stale: int = 0
    stage_changes: int = 0
    fresh: dict[Target, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[Target, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def first_sight(self, snapshot: ClaimSnapshot, policyholder_id: UUID) -> UUID:
        """A claim that we have never seen; its id. Of what is so already, one fact at most is told."""
        claim_id, shown, fresh = new_id(), page_state_of(snapshot), self.fresh
        since = min(snapshot.changed_at or snapshot.reported_at, self.now)
        if snapshot.payments:
            fresh[rows.PAYMENT].extend(rows.payment_rows(snapshot, claim_id))
        if snapshot.documents:
            fresh[rows.DOCUMENT].extend(rows.document_rows(snapshot, claim_id, moment=since))
        promised: tuple[PromiseRow, ...] = ()
        if promises.is_undecided(snapshot):
            calendar = Calendar.of(snapshot, claim_id, moment=since, now=self.now)
            promised = tuple(promises.first_promises(snapshot, calendar))
            fresh[rows.PROMISE].extend(promised)
            if shown is PageState.DOCS_NEEDED:
                fresh[rows.PAUSE].append(promises.first_pause(calendar))
        fresh[rows.CLAIM].append(
            rows.claim_row(
                snapshot,
                claim_id,
                policyholder_id,
                shown,
                observed_at=self.now,
                stage_since=since,
                situation_since=since,
                part_of=self.whole_of.get(key_of(snapshot)) if self.whole_of else None,
                has_claimants=bool(snapshot.claimants),
                is_dated=promises.is_dated(promised),
            )
        )
        facts, silent = first_facts(snapshot), self._is_silent(snapshot)
        for fact in facts:
            # One message at first sight: of the decision, say, and not that the claim was registered long ago.
            at, historic = snapshot.reported_at if fact is facts[0] else since, silent or fact is not facts[-1]
            fresh[rows.EVENT].append(self._event(fact, snapshot, claim_id, shown, at, historic))
        return claim_id

    def change(self, known: Known, snapshot: ClaimSnapshot, policyholder_id: UUID, *, own: str | None = None) -> None:
        """A claim that changed. `own` names a change whose record is our ledger and no source."""
        before, moment = known.snapshot, self._moment(snapshot, own)
        calendar = Calendar.of(snapshot, known.id, moment=moment, now=self.now)
        promised = promises.promised_date(known.promises)
        snapshot = promises.with_new_date(before, snapshot, promised, calendar)
        name = own or (None if snapshot.changed_at or snapshot.source_version else self.now.isoformat())
        shown, hangs = page_state_of(snapshot), self._parts(known, snapshot, calendar)
        changes = changes_between(before, snapshot, promised=promised, moment=name)
        self.changed[rows.CLAIM].append(
            rows.claim_row(
                snapshot,
                known.id,
                policyholder_id,
                shown,
                version=known.version + (bool(changes) or snapshot.merged_into != before.merged_into),
                observed_at=self.now,
                stage_since=known.stage_since if snapshot.stage is before.stage else moment,
                situation_since=known.situation_since if snapshot.situation is before.situation else moment,
                part_of=known.part_of,
                has_claimants=bool(snapshot.claimants) or (own is not None and known.has_claimants),
                is_dated=promises.is_dated(hangs),
            )
        )
        silent, untold = self._is_silent(snapshot), known.untold or key_of(snapshot) in self.untold
        # Of what is told to nobody, nobody need be asked whether it is too much.
        self.stage_changes += snapshot.stage is not before.stage and not silent
        stands = snapshot, known.id, shown, moment, silent
        self.changed[rows.EVENT].extend(self._event(change, *stands, untold=untold) for change in changes)

    def _is_silent(self, snapshot: ClaimSnapshot) -> bool:
        """Is what is recorded history? Of a claim that goes on in another one, all is told there."""
        return key_of(snapshot) in self.silent or snapshot.merged_into is not None

    def _parts(self, known: Known, snapshot: ClaimSnapshot, calendar: Calendar) -> list[PromiseRow]:
        self.changed[rows.PAYMENT].extend(rows.payment_rows(snapshot, known.id))
        papers = rows.document_rows(snapshot, known.id, moment=calendar.moment, settled=known.settled)
        self.changed[rows.DOCUMENT].extend(papers)
        moved = {row.id: row for row in promises.next_pauses(snapshot, known.pauses, calendar)}
        away = list(({row.id: row for row in known.pauses} | moved).values())
        self.changed[rows.PAUSE].extend(moved.values())
        promised = {p.id: p for p in promises.next_promises(known.snapshot, snapshot, known.promises, away, calendar)}
        self.changed[rows.PROMISE].extend(promised.values())
        if snapshot.claim_number != known.snapshot.claim_number:
            self.changed[rows.NUMBER].append((known.id, known.snapshot.claim_number, self.now))
        return list(({p.id: p for p in known.promises} | promised).values())

    def _event(
        self,
        change: Change,
        snapshot: ClaimSnapshot,
        claim_id: UUID,
        shown: PageState,
        at: datetime,
        historic: bool,
        *,
        untold: bool = False,
    ) -> Row:
        self.told = self.told or not historic
        times = (min(at, self.now), self.now, self.now + self.settle, historic, self.run_id)
        return rows.EventRow.of(change, snapshot, claim_id, shown, times, untold=untold)

    def _moment(self, snapshot: ClaimSnapshot, own: str | None) -> datetime:
        """When it changed, as far as the back office says so; never in the future."""
        return self.now if own or snapshot.changed_at is None else min(snapshot.changed_at, self.now)


def with_our_word(known: Known, snapshot: ClaimSnapshot) -> ClaimSnapshot:
    """`snapshot` with what handlers did here, while the source only repeats what it had said before that."""
    if known.source_word is None or known.source_word != source_word(snapshot):
        return snapshot
    ours, changes = known.snapshot, known.own_changes
    return snapshot.model_copy(
        update={
            **{name: getattr(ours, name) for name in HANDLED},
            "payments": snapshot.payments + tuple(paid for paid in ours.payments if paid.ref in changes),
            "documents": snapshot.documents
            + tuple(paper for paper in ours.documents if paper.ref.partition(":")[0] in changes),
        }
    )
