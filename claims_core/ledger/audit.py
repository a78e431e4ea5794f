"""Acts of people and administrators, sealed into a chain that shows later whether one was changed or taken out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import advisory_key
from claims_core.tables import AuditEntry

# What the first sealed entry follows.
GENESIS = b"\0" * 32


async def audit(
    session: AsyncSession, *, actor: str, action: str, subject: str, detail: dict[str, Any], now: datetime
) -> None:
    """Write down an act, in the transaction of what it did. No personal data in `detail`: ids only."""
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail))
    await session.flush()


def seal(entry: AuditEntry, previous: bytes) -> bytes:
    """The hash of an entry that follows `previous` in the chain."""
    said = [entry.seq, entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.detail]
    return hashlib.sha256(previous + json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).digest()


async def seal_audit(session: AsyncSession, *, limit: int = 1000) -> int:
    """Seal up to `limit` entries; how many. One at a time: the others wait for the lock.

    The chain is in the order of sealing: an entry that was committed late follows those sealed before it.
    """
    await session.exec(select(func.pg_advisory_xact_lock(advisory_key("claims audit chain"))))
    rows = await session.exec(
        select(AuditEntry).where(col(AuditEntry.hash).is_(None)).order_by(col(AuditEntry.seq)).limit(limit)
    )
    entries = list(rows)
    last = (await session.exec(_sealed().order_by(col(AuditEntry.place).desc()).limit(1))).one_or_none()
    sealed, head = (last.place, last.hash) if last else (0, GENESIS)
    for place, entry in enumerate(entries, start=sealed + 1):
        entry.place, entry.prev_hash, entry.hash = place, head, seal(entry, head)
        head = entry.hash
    await session.flush()
    return len(entries)


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain holds: `broken_at` is the first entry that does not follow, `head` the last good seal."""

    sealed: int
    waiting: int
    head: bytes
    broken_at: int | None = None


async def verify_audit(session: AsyncSession) -> Verified:
    """Walk the chain from its beginning. What was taken off its end shows only against a head kept elsewhere."""
    waiting = (await session.exec(select(func.count()).where(col(AuditEntry.hash).is_(None)))).one()
    head, walked = GENESIS, 0
    for entry in await session.exec(_sealed().order_by(col(AuditEntry.place))):
        if entry.place != walked + 1 or entry.prev_hash != head or entry.hash != seal(entry, head):
            return Verified(walked, waiting, head, broken_at=entry.seq)
        head, walked = entry.hash, walked + 1
    return Verified(walked, waiting, head)


def _sealed() -> Any:
    return select(AuditEntry).where(col(AuditEntry.hash).is_not(None))
