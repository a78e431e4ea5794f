"""The claimants' sides of the claims of a batch: claims by themselves, written right after those they are part of."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from claims_core.claimants import parts_of
from claims_core.ledger.batch import Batch
from claims_core.ledger.known import Known, key_of
from claims_core.snapshot import ClaimSnapshot

# Whom the back office names no more as a claimant: the side stays, and nothing is told about it. It keeps no hash, for
# the content that named them has to be read when it comes again; and by that `gone` knows it from one that went along.
DROPPED = """
update claim set gone_at = coalesce(gone_at, $2), source_hash = ''::bytea, version = version + 1
where part_of = any($1) and source_hash <> ''::bytea and not source_ref = any($3::text[])
"""


class Whole(NamedTuple):
    """A claim that was just written, with its claimants, and how we knew it before."""

    claim_id: UUID
    snapshot: ClaimSnapshot
    before: Known | None


# The sides to write, with what they are written into, and whether those never seen before are told nothing.
Wave = tuple[list[ClaimSnapshot], Batch, bool]


async def parts_beside(connection: asyncpg.Connection, wholes: Sequence[Whole], batch: Batch) -> list[Wave]:
    """The claimants' sides of `wholes`, to be written as `batch` was.

    A claimant who is added to a claim that we know is silent about the past, unless the back office says that they
    came after we last heard of the claim. Whoever is no longer among the claimants is marked.
    """
    parts = [(whole, part) for whole in wholes for part in parts_of(whole.snapshot)]
    known = [whole.claim_id for whole in wholes if whole.before is not None]
    if known:
        await connection.execute(DROPPED, known, batch.now, [part.source_ref for _, part in parts])
    silent = {key_of(part) for whole, part in parts if key_of(whole.snapshot) in batch.silent}
    untold = {key_of(part) for whole, part in parts if whole.before is not None and whole.before.untold}
    whole_of = {key_of(part): whole.claim_id for whole, part in parts}
    beside = [Batch(batch.now, batch.settle, silent, batch.run_id, whole_of, untold) for _ in range(2)]
    waves = [
        ([part for whole, part in parts if is_late(whole, part) is late], beside[late], late) for late in (False, True)
    ]
    return [(sorted(wave, key=key_of), into, late) for wave, into, late in waves if wave]


def is_late(whole: Whole, part: ClaimSnapshot) -> bool:
    """Would first sight of this side be about the past? So it is where we knew the claim before the claimant came."""
    before = whole.before
    return before is not None and (before.observed_at is None or part.reported_at <= before.observed_at)
