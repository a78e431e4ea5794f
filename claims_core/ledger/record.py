"""A batch of snapshots into claims and case events: the one way in which what a back office says becomes a fact."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import promises
from claims_core.changes import changes_between, first_facts
from claims_core.db import driver_connection
from claims_core.ids import new_id
from claims_core.ledger import rows
from claims_core.ledger.known import Key, Known, Standing, key_of, read_known, standing
from claims_core.ledger.people import write_people
from claims_core.ledger.staging import Row, Target, add, merge, stage
from claims_core.promises import Calendar
from claims_core.snapshot import Change, ClaimSnapshot

log = logging.getLogger(__name__)

# Another writer may insert the same claim or person between our look and our COPY: look again, this often.
TRIES = 3
CLAIM_ID = rows.CLAIM.columns.index("id")
VANISHED = {
    rows.PAYMENT: """delete from payment p where claim_id = any($1) and state = 'prepared' and not exists
        (select from staged_payment s where s.claim_id = p.claim_id and s.payment_ref = p.payment_ref)""",
    rows.DOCUMENT: """delete from document_request d where claim_id = any($1) and state in ('asked', 'rejected')
        and not exists (select from staged_document_request s
            where s.claim_id = d.claim_id and s.request_ref = d.request_ref)""",
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a batch did. Of the events, those of a first load are told to nobody."""

    new: int = 0
    changed: int = 0
    stale: int = 0
    events: int = 0
    stage_changes: int = 0

    def __add__(self, other: "Recorded") -> "Recorded":
        return Recorded(
            self.new + other.new,
            self.changed + other.changed,
            self.stale + other.stale,
            self.events + other.events,
            self.stage_changes + other.stage_changes,
        )


@dataclass(slots=True)
class Batch:
    """What one wave will write: rows of claims not there yet, and rows of claims that changed."""

    now: datetime
    settle: timedelta
    first_load: bool
    silent: set[Key]
    told: bool = False
    stale: int = 0
    stage_changes: int = 0
    fresh: dict[Target, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changed: dict[Target, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def tell(
        self,
        into: dict[Target, list[Row]],
        change: Change,
        snapshot: ClaimSnapshot,
        claim_id: UUID,
        *,
        at: datetime,
        historic: bool = False,
    ) -> None:
        """Add a case event, to be told after the settle window unless it is history."""
        historic = historic or key_of(snapshot) in self.silent
        self.told = self.told or not historic
        into[rows.EVENT].append(
            rows.event_row(
                change, snapshot, claim_id, at=min(at, self.now), now=self.now, settle=self.settle, historic=historic
            )
        )

    def moment(self, snapshot: ClaimSnapshot) -> datetime:
        """When the back office changed it, as far as it says so; never in the future."""
        return min(snapshot.changed_at or self.now, self.now)


async def record(
    session: AsyncSession,
    snapshots: Sequence[ClaimSnapshot],
    *,
    now: datetime,
    settle: timedelta,
    first_load: bool = False,
) -> Recorded:
    """Write what is new in `snapshots`; in the caller's transaction, safe to repeat and to run beside others.

    A snapshot equal to what we know, or older, has no effect. Several snapshots of one claim are applied in their
    order. With `first_load`, what is told of claims never seen before is historic: it is told to nobody.
    """
    connection = await driver_connection(session)
    done, silent = Recorded(), set[Key]()
    for wave in _waves(snapshots):
        done += await _retried(connection, wave, now=now, settle=settle, first_load=first_load, silent=silent)
    return done


def _waves(snapshots: Sequence[ClaimSnapshot]) -> Iterable[list[ClaimSnapshot]]:
    """The snapshots in runs that hold each claim once, in the order they came."""
    left = list(snapshots)
    while left:
        wave: dict[Key, ClaimSnapshot] = {}
        rest = []
        for snapshot in left:
            if wave.setdefault(key_of(snapshot), snapshot) is not snapshot:
                rest.append(snapshot)
        # Two writers that lock in one order never wait for each other in a circle.
        yield [wave[key] for key in sorted(wave)]
        left = rest


async def _retried(
    connection: asyncpg.Connection,
    wave: list[ClaimSnapshot],
    *,
    now: datetime,
    settle: timedelta,
    first_load: bool,
    silent: set[Key],
) -> Recorded:
    for tries_left in reversed(range(TRIES)):
        try:
            async with connection.transaction():
                return await _write(connection, wave, Batch(now, settle, first_load, silent))
        except asyncpg.UniqueViolationError:
            if not tries_left:
                raise
    raise AssertionError("the last try returns or raises")


async def _write(connection: asyncpg.Connection, wave: list[ClaimSnapshot], batch: Batch) -> Recorded:
    same, known = await read_known(connection, wave)
    news = [shot for shot in wave if key_of(shot) not in same and _is_news(known.get(key_of(shot)), shot, batch)]
    people = await write_people(connection, news)
    for snapshot in news:
        policyholder_id = people[snapshot.source, snapshot.policyholder.ref]
        before = known.get(key_of(snapshot))
        if before is None:
            _plan_first_sight(batch, snapshot, policyholder_id)
        else:
            _plan_change(batch, before, snapshot, policyholder_id)
    return await _flush(connection, batch)


def _is_news(known: Known | None, snapshot: ClaimSnapshot, batch: Batch) -> bool:
    if known is None:
        return True
    if known.snapshot.source_hash == snapshot.source_hash:
        return False  # another writer recorded it while we waited for the row
    found = standing(known.snapshot, snapshot)
    if found is Standing.TIE_LOST:
        log.warning("same_version_other_content", extra={"claim_id": known.id, "source": snapshot.source})
    batch.stale += found is not Standing.NEWER
    return found is Standing.NEWER


def _plan_first_sight(batch: Batch, snapshot: ClaimSnapshot, policyholder_id: UUID) -> None:
    claim_id, since = new_id(), min(snapshot.changed_at or snapshot.reported_at, batch.now)
    batch.fresh[rows.CLAIM].append(
        rows.claim_row(
            snapshot,
            claim_id=claim_id,
            policyholder_id=policyholder_id,
            version=1,
            observed_at=batch.now,
            stage_since=since,
            situation_since=since,
        )
    )
    batch.fresh[rows.PAYMENT].extend(rows.payment_rows(snapshot, claim_id))
    batch.fresh[rows.DOCUMENT].extend(rows.document_rows(snapshot, claim_id, moment=since, settled={}))
    if batch.first_load:
        batch.silent.add(key_of(snapshot))
    calendar = Calendar.of(snapshot, claim_id, moment=since, now=batch.now)
    batch.fresh[rows.PROMISE].extend(promises.first_promises(snapshot, calendar))
    batch.fresh[rows.PAUSE].extend(promises.first_pauses(snapshot, calendar))
    registered, *news = first_facts(snapshot)
    # One message at first sight: of the decision, say, and not that the claim was registered long ago.
    batch.tell(batch.fresh, registered, snapshot, claim_id, at=snapshot.reported_at, historic=bool(news))
    for change in news:
        batch.tell(batch.fresh, change, snapshot, claim_id, at=since)


def _plan_change(batch: Batch, known: Known, snapshot: ClaimSnapshot, policyholder_id: UUID) -> None:
    before, moment = known.snapshot, batch.moment(snapshot)
    calendar = Calendar.of(snapshot, known.id, moment=moment, now=batch.now)
    promised = promises.promised_date(known.promises)
    snapshot = promises.with_new_date(before, snapshot, promised, calendar)
    changes = changes_between(before, snapshot, promised=promised, seen_at=batch.now)
    batch.changed[rows.CLAIM].append(
        rows.claim_row(
            snapshot,
            claim_id=known.id,
            policyholder_id=policyholder_id,
            version=known.version + bool(changes),
            observed_at=batch.now,
            stage_since=known.stage_since if snapshot.stage is before.stage else moment,
            situation_since=known.situation_since if snapshot.situation is before.situation else moment,
        )
    )
    batch.changed[rows.PAYMENT].extend(rows.payment_rows(snapshot, known.id))
    batch.changed[rows.DOCUMENT].extend(rows.document_rows(snapshot, known.id, moment=moment, settled=known.settled))
    pauses = {row.id: row for row in (*known.pauses, *promises.next_pauses(snapshot, known.pauses, calendar))}
    batch.changed[rows.PAUSE].extend(row for row in pauses.values() if row not in known.pauses)
    moved = promises.next_promises(before, snapshot, known.promises, list(pauses.values()), calendar)
    batch.changed[rows.PROMISE].extend(moved)
    if snapshot.claim_number != before.claim_number:
        batch.changed[rows.NUMBER].append((known.id, before.claim_number, batch.now))
    batch.stage_changes += snapshot.stage is not before.stage
    for change in changes:
        batch.tell(batch.changed, change, snapshot, known.id, at=moment)


async def _flush(connection: asyncpg.Connection, batch: Batch) -> Recorded:
    for target, new in batch.fresh.items():
        await add(connection, target, new)
    ids = [row[CLAIM_ID] for row in batch.changed.get(rows.CLAIM, ())]
    events = len(batch.fresh.get(rows.EVENT, ()))
    for target, changed in batch.changed.items():
        if target in VANISHED:
            await stage(connection, target, changed)
            await connection.execute(VANISHED[target], ids)
        written = await merge(connection, target, changed)
        events += written if target is rows.EVENT else 0
    if batch.told:
        await connection.execute("select pg_notify('case_event', '')")
    return Recorded(
        new=len(batch.fresh.get(rows.CLAIM, ())),
        changed=len(ids),
        stale=batch.stale,
        events=events,
        stage_changes=batch.stage_changes,
    )
