"""What was erased stays erased: a reading of the back office does not bring it back."""

from collections.abc import Sequence

import asyncpg

from claims_core.ledger.known import key_of
from claims_core.snapshot import ClaimSnapshot

# The index holds the erased claims alone: in an installation that has erased nobody it is empty.
_ERASED = """
select source, source_ref from claim where erased_at is not null and source = any($1) and source_ref = any($2)
"""


async def without_erased(connection: asyncpg.Connection, wave: Sequence[ClaimSnapshot]) -> list[ClaimSnapshot]:
    """The snapshots of claims that were not erased. Asked once the rows are locked: nobody erases them meanwhile."""
    sources, refs = list({shot.source for shot in wave}), [shot.source_ref for shot in wave]
    gone = {(row["source"], row["source_ref"]) for row in await connection.fetch(_ERASED, sources, refs)}
    return [shot for shot in wave if key_of(shot) not in gone]
