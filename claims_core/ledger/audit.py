"""Acts of people and administrators, sealed into a chain that shows later whether one was changed or taken out."""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import advisory_key
from claims_core.ledger.chain import GENESIS, Head, Link, Walk, cut_off, seal, walk_on
from claims_core.tables import AuditCheck, AuditEntry

# So many entries are in memory while the chain is walked.
BATCH = 5000


async def audit(
    session: AsyncSession, *, actor: str, action: str, subject: str, detail: dict[str, Any], now: datetime
) -> None:
    """Write down an act, in the transaction of what it did. No personal data in `detail`: ids only."""
    session.add(AuditEntry(at=now, actor=actor, action=action, subject=subject, detail=detail))
    await session.flush()


async def seal_audit(session: AsyncSession, *, limit: int = 1000) -> int:
    """Seal up to `limit` entries; how many. One at a time: the others wait for the lock.

    The chain is in the order of sealing: an entry that was committed late follows those sealed before it.
    """
    await session.exec(select(func.pg_advisory_xact_lock(advisory_key("claims audit chain"))))
    rows = await session.exec(
        select(AuditEntry).where(col(AuditEntry.hash).is_(None)).order_by(col(AuditEntry.seq)).limit(limit)
    )
    entries, last = list(rows), await _last(session)
    head = last.hash
    for place, entry in enumerate(entries, start=last.place + 1):
        entry.place, entry.prev_hash, entry.hash = place, head, seal(entry, head)
        head = entry.hash
    await session.flush()
    return len(entries)


async def _last(session: AsyncSession) -> Head:
    query = select(AuditEntry.place, AuditEntry.hash).where(col(AuditEntry.hash).is_not(None))
    found = (await session.exec(query.order_by(col(AuditEntry.place).desc()).limit(1))).one_or_none()
    return Head(*found) if found else Head(0, GENESIS)


@dataclass(frozen=True, slots=True)
class Verified:
    """How far the chain holds: `broken_at` is the first entry that does not follow, `head` the last good seal.

    `waiting` entries are not sealed yet; `missing` were sealed at an earlier check and are gone from the end.
    """

    sealed: int
    waiting: int
    head: bytes
    broken_at: int | None = None
    missing: int = 0

    @property
    def holds(self) -> bool:
        """Is nothing changed, taken out, put in or cut off, as far as can be seen?"""
        return self.broken_at is None and not self.missing


async def verify_audit(
    session: AsyncSession, *, noted: Iterable[Head] = (), on_batch: Callable[[int], None] | None = None
) -> Verified:
    """Walk the chain from its beginning, past the heads that were `noted` earlier and those of whole checks.

    Whoever can write to the database can also write the end of the chain anew, and the checks: that shows only against
    a head noted elsewhere. `on_batch` is told how many entries were found whole so far.
    """
    waiting = (await session.exec(select(func.count()).where(col(AuditEntry.hash).is_(None)))).one()
    known = {head.place: head.hash for head in [*await _heads_of_checks(session), *noted] if head.place}
    walk = Walk()
    async for links in _links(session):
        walk = walk_on(walk, links, known)
        if on_batch is not None:
            on_batch(walk.sealed)
        if walk.broken_at is not None:
            break
    return Verified(walk.sealed, waiting, walk.head, walk.broken_at, cut_off(walk, known))


async def _heads_of_checks(session: AsyncSession) -> list[Head]:
    whole = col(AuditCheck.broken_at).is_(None) & (col(AuditCheck.missing) == 0)
    return [Head(*row) for row in await session.exec(select(AuditCheck.sealed, AuditCheck.head).where(whole))]


async def _links(session: AsyncSession) -> AsyncIterator[list[Link]]:
    """The sealed entries in the order of the chain, a batch at a time; one without a place comes last."""
    columns = [getattr(AuditEntry, name) for name in Link._fields]
    sealed = select(*columns).where(col(AuditEntry.hash).is_not(None))
    query = sealed.order_by(col(AuditEntry.place)).limit(BATCH)
    links = [Link(*row) for row in await session.exec(query)]
    while links:
        yield links
        last = links[-1].place
        if len(links) < BATCH or last is None:
            return
        after = (col(AuditEntry.place) > last) | col(AuditEntry.place).is_(None)
        links = [Link(*row) for row in await session.exec(query.where(after))]


async def check_audit(
    session: AsyncSession,
    *,
    by: str,
    now: datetime,
    noted: Iterable[Head] = (),
    on_batch: Callable[[int], None] | None = None,
) -> Verified:
    """Verify the chain and keep what was found, with who looked and when."""
    found = await verify_audit(session, noted=noted, on_batch=on_batch)
    values = {name: getattr(found, name) for name in ("sealed", "waiting", "head", "broken_at", "missing")}
    session.add(AuditCheck(at=now, by=by, **values))
    await session.flush()
    return found
