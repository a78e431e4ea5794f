"""Snapshots of a page into the ledger; one that the database refuses is found by halving and stands alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.ledger import Recorded
from claims_core.snapshot import ClaimSnapshot

# What a bad record does. Anything else is a bug or an outage, and must not look like bad data.
BAD_DATA = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.exceptions.DataError,
    DataError,
    IntegrityError,
)

Refused = list[tuple[ClaimSnapshot, str]]


async def record_halving(
    session: AsyncSession,
    snapshots: Sequence[ClaimSnapshot],
    *,
    now: datetime,
    settle: timedelta,
    first_load: bool,
    catching_up: bool = False,
    run_id: UUID | None = None,
) -> tuple[Recorded, Refused]:
    """Record all that can be; what cannot is returned with the database's reason (its class, never its values)."""
    if not snapshots:
        return Recorded(), []
    silent = {"first_load": first_load, "catching_up": catching_up}
    try:
        async with session.begin_nested():
            return await ledger.record(session, snapshots, now=now, settle=settle, **silent, run_id=run_id), []
    except BAD_DATA as problem:
        if len(snapshots) == 1:
            return Recorded(), [(snapshots[0], f"the database refuses it: {type(problem).__name__}")]
    middle = len(snapshots) // 2
    done, refused = Recorded(), Refused()
    for half in (snapshots[:middle], snapshots[middle:]):
        more, worse = await record_halving(session, half, now=now, settle=settle, **silent, run_id=run_id)
        done, refused = done + more, refused + worse
    return done, refused
