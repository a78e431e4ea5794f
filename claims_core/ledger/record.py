"""A batch of snapshots into claims and case events: the one way in which what a back office says becomes a fact."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.claimants import policyholders_side
from claims_core.db import driver_connection
from claims_core.ledger import rows
from claims_core.ledger.batch import Batch, with_our_word
from claims_core.ledger.erased import without_erased
from claims_core.ledger.known import Key, Known, Standing, are_new, key_of, read_known, standing
from claims_core.ledger.parts import Whole, parts_beside
from claims_core.ledger.people import write_people
from claims_core.ledger.staging import add, merge
from claims_core.snapshot import ClaimSnapshot

log = logging.getLogger(__name__)

# Another writer may insert the same claim or person between our look and our COPY, or hold what we want while we hold
# what it wants: look again, this often.
TRIES = 3
CLAIM_ID = rows.CLAIM.columns.index("id")
# What the back office no longer lists and nobody has been told of, or must no longer wait for.
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
        return Recorded(*map(sum, zip(astuple(self), astuple(other), strict=True)))


async def record(
    session: AsyncSession,
    snapshots: Sequence[ClaimSnapshot],
    *,
    now: datetime,
    settle: timedelta,
    first_load: bool = False,
    catching_up: bool = False,
    run_id: UUID | None = None,
) -> Recorded:
    """Write what is new in `snapshots`; in the caller's transaction, safe to repeat and to run beside others.

    A snapshot equal to what we know, or older, has no effect. Several snapshots of one claim are applied in their
    order. With `first_load` all that is recorded is historic: it is told to nobody. With `catching_up` that of claims
    never seen before is. `run_id` is kept with each fact.
    """
    connection, done, silent = await driver_connection(session), Recorded(), set[Key]()
    for wave in _waves(snapshots):
        # Of a first load nearly every page is all new: what is not, the database refuses, and then we look.
        blindly = first_load and await are_new(connection, wave)
        for tries_left in reversed(range(TRIES + blindly)):
            batch = Batch(now, settle, silent, run_id)
            how = {"first_load": first_load, "catching_up": catching_up, "looks": tries_left < TRIES}
            try:
                async with connection.transaction():
                    done += await _write(connection, wave, batch, **how)
                break
            except (asyncpg.UniqueViolationError, asyncpg.DeadlockDetectedError):
                if not tries_left:
                    raise
    return done


async def record_own(session: AsyncSession, known: Known, after: ClaimSnapshot, *, own: str, now: datetime) -> None:
    """Write a change that our ledger is the record of. `known` is locked; `own` names the change."""
    batch = Batch(now, timedelta(0))
    batch.change(known, after, known.policyholder_id, own=own)
    await _flush(await driver_connection(session), batch)


def _waves(snapshots: Sequence[ClaimSnapshot]) -> Iterator[list[ClaimSnapshot]]:
    """The snapshots in runs that hold each claim once, in the order they came."""
    left = list(snapshots)
    while left:
        wave: dict[Key, ClaimSnapshot] = {}
        rest = [shot for shot in left if wave.setdefault(key_of(shot), shot) is not shot]
        # Two writers that lock in one order never wait for each other in a circle.
        yield [wave[key] for key in sorted(wave)]
        left = rest


async def _write(
    connection: asyncpg.Connection,
    wave: list[ClaimSnapshot],
    batch: Batch,
    *,
    catching_up: bool,
    first_load: bool = False,
    looks: bool = True,
) -> Recorded:
    same, known = await read_known(connection, wave if looks else ())
    news = [shot for shot in wave if key_of(shot) not in same and _is_news(known.get(key_of(shot)), shot, batch)]
    news = await without_erased(connection, news)
    if first_load or catching_up:
        batch.silent.update(key_of(shot) for shot in news if first_load or key_of(shot) not in known)
    people, wholes = await write_people(connection, news), list[Whole]()
    for snapshot in map(policyholders_side, news):
        policyholder_id = people[snapshot.source, snapshot.policyholder.ref]
        before = known.get(key_of(snapshot))
        if before is None:
            claim_id = batch.first_sight(snapshot, policyholder_id)
        else:
            claim_id, snapshot = before.id, with_our_word(before, snapshot)
            batch.change(before, snapshot, policyholder_id)
        if snapshot.claimants or (before is not None and before.has_claimants):
            wholes.append(Whole(claim_id, snapshot, before))
    done = await _flush(connection, batch)
    for parts, beside, unheard in await parts_beside(connection, wholes, batch) if wholes else ():
        # Counted by their facts alone: the claims of a run are those that the back office lists.
        theirs = await _write(connection, parts, beside, catching_up=unheard)
        done += Recorded(events=theirs.events)
    return done


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


async def _flush(connection: asyncpg.Connection, batch: Batch) -> Recorded:
    for target, new in batch.fresh.items():
        await add(connection, target, new)
    ids = [row[CLAIM_ID] for row in batch.changed.get(rows.CLAIM, ())]
    events = len(batch.fresh.get(rows.EVENT, ()))
    for target, changed in batch.changed.items():
        vanished = VANISHED.get(target)
        written = await merge(connection, target, changed, instead_of=(vanished, ids) if vanished else None)
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
