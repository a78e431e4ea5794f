"""Claims that the back office lists no more: marked, never deleted, and told to nobody."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection

GONE = """
update claim set gone_at = $3, version = version + 1
where source = $1 and source_ref = any($2::text[]) and gone_at is null
"""
BACK = """
update claim set gone_at = null, version = version + 1
where source = $1 and gone_at is not null and part_of is null and not source_ref = any($2::text[])
returning id
"""
# The claimants' sides go where their claim goes; a claimant dropped before it went comes back by being named again.
SIDES_BACK = """
update claim set gone_at = null, version = version + 1
where part_of = any($1) and gone_at is not null and source_hash <> ''::bytea
"""
SIDES_GONE = """
update claim p set gone_at = $2, version = p.version + 1 from claim w
where p.part_of = w.id and w.source = $1 and w.gone_at is not null and p.gone_at is null
"""


async def mark_gone(session: AsyncSession, source: str, refs: Sequence[str], *, now: datetime) -> int:
    """Of a source exactly the claims `refs` are gone; what was gone and is not among them is back. How many are new."""
    connection = await driver_connection(session)
    back = [row["id"] for row in await connection.fetch(BACK, source, list(refs))]
    await connection.execute(SIDES_BACK, back)
    newly = int((await connection.execute(GONE, source, list(refs), now)).rpartition(" ")[2])
    await connection.execute(SIDES_GONE, source, now)
    return newly
