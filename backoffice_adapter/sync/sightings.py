"""Which cases a complete reading has shown, and so which it has not: eight bytes each, compared at the end."""

import logging
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b

from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.source import Page
from backoffice_adapter.tables import SyncRun
from claims_core import ledger
from claims_core.db import driver_connection

log = logging.getLogger(__name__)

# More missing than these are no deletions but half a listing.
FEWEST, SHARE = 10, 0.05
# Two readings within an hour are one observation.
GONE_AFTER, APART = 2, timedelta(hours=12)
# A claimant's side has no record of its own: it goes with the claim it is part of.
LISTED = "select source_ref from claim where source = $1 and part_of is null and not ($2 and stage = 'closed')"
MISSED = """
insert into missing_case (source, case_ref, first_missed_at, times)
select $1, k.ref, $3, 1 from unnest($2::text[]) as k(ref)
on conflict (source, case_ref) do update set times = missing_case.times + 1
"""
ASK = """
select m.case_ref from missing_case m join claim c on c.source = m.source and c.source_ref = m.case_ref
where m.source = $1 and m.times >= $2 and m.first_missed_at <= $3 and c.gone_at is null
  and m.case_ref = any($4::text[])
"""
SEEN = "delete from missing_case where source = $1 and not case_ref = any($2::text[])"
GONE = "select case_ref from missing_case where source = $1 and times >= $2 and first_missed_at <= $3"


class Sightings:
    """The keys that were shown. `unsure` says that a row was there whose key nobody could read.

    With `archives` a closed claim is not missed.
    """

    def __init__(self, *, archives: bool) -> None:
        self._keys, self.unsure, self._archives = array("Q"), False, archives

    def add(self, page: Page) -> None:
        """Take a page into account."""
        self._keys.extend(_key(record.ref) for record in page.records)
        self._keys.extend(_key(one.ref) for one in page.unreadable if one.ref is not None)
        self._keys.extend(map(_key, page.kept))
        self.unsure = self.unsure or any(one.ref is None for one in page.unreadable)

    async def missing(self, session: AsyncSession, source: str) -> tuple[list[str], int]:
        """The claims of this source that were not shown, and how many there are in all."""
        connection, seen = await driver_connection(session), sorted(self._keys)
        found, claims = [], 0
        async for row in connection.cursor(LISTED, source, self._archives, prefetch=5_000):
            claims, key = claims + 1, _key(row[0])
            place = bisect_left(seen, key)
            if place == len(seen) or seen[place] != key:
                found.append(row[0])
        return found, claims


async def about_to_go(session: AsyncSession, source: str, sightings: Sightings, *, now: datetime) -> list[str]:
    """The claims that this reading would mark as gone: the source is asked for each of them before."""
    missing, claims = await sightings.missing(session, source)
    if sightings.unsure or _too_many(missing, claims):
        return []
    connection = await driver_connection(session)
    rows = await connection.fetch(ASK, source, GONE_AFTER - 1, now - APART, missing)
    return [row[0] for row in rows]


async def settle_missing(session: AsyncSession, run: SyncRun, sightings: Sightings, *, now: datetime) -> int:
    """After a complete reading: count what is missing, mark what was missing twice in a row; how many are newly gone.

    Nothing is marked where a key could not be read, or where too many are missing at once.
    """
    missing, claims = await sightings.missing(session, run.source)
    if sightings.unsure or _too_many(missing, claims):
        log.error("too_many_missing", extra={"source": run.source, "missing": len(missing), "claims": claims})
        return 0
    connection = await driver_connection(session)
    await connection.execute(SEEN, run.source, missing)
    await connection.execute(MISSED, run.source, missing, now)
    gone = [row[0] for row in await connection.fetch(GONE, run.source, GONE_AFTER, now - APART)]
    return await ledger.mark_gone(session, run.source, gone, now=now)


def _too_many(missing: Sequence[str], claims: int) -> bool:
    return len(missing) > max(FEWEST, SHARE * claims)


def _key(ref: str) -> int:
    return int.from_bytes(blake2b(ref.encode(), digest_size=8).digest(), "big")
