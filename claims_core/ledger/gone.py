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
where source = $1 and gone_at is not null and not source_ref = any($2::text[])
"""


async def mark_gone(session: AsyncSession, source: str, refs: Sequence[str], *, now: datetime) -> int:
    """Of a source exactly the claims `refs` are gone; what was gone and is not among them is back. How many are new."""
    connection = await driver_connection(session)
    await connection.execute(BACK, source, list(refs))
    return int((await connection.execute(GONE, source, list(refs), now)).rpartition(" ")[2])
