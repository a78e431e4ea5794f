"""The one door through which claims, their facts and what people did about them are written.

Every function takes an open session and stays inside its transaction: the caller commits.
"""

from collections.abc import Mapping

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.ledger.known import changed_among
from claims_core.ledger.record import Recorded, record

__all__ = ["Recorded", "changed_refs", "record"]


async def changed_refs(session: AsyncSession, source: str, hashes: Mapping[str, bytes]) -> set[str]:
    """Of `hashes` by source ref, those whose stored hash differs or that are unknown: the rest needs no work."""
    return await changed_among(await driver_connection(session), source, hashes)
