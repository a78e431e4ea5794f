"""Who looked at what, and that they were here: gathered in memory, written in batches off the path of the page."""

import asyncio
import logging
from datetime import datetime
from uuid import UUID

import asyncpg

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
# A database that is away for long must not fill our memory; the oldest steps are dropped and counted.
MOST = 100_000
_SEEN = """
update portal_session s set seen_at = f.at
from (select * from unnest($1::bytea[], $2::timestamptz[])) as f (token_hash, at)
where s.token_hash = f.token_hash and s.seen_at < f.at
"""
_LOOKED = """
insert into access_log (at, claim_id, viewer_kind, viewer_id, page)
select at, claim_id, kind, viewer_id, page
from unnest($1::timestamptz[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
  as f (at, claim_id, viewer_id, page, kind)
"""

Step = tuple[bytes, UUID, UUID, str, datetime, str]


class Footprints:
    """The steps not written yet. A crash loses a second of them; a session then ends a second too early."""

    def __init__(self) -> None:
        self._steps: list[Step] = []

    def note(
        self,
        token_hash: bytes,
        viewer_id: UUID,
        claim_id: UUID,
        page: str,
        now: datetime,
        *,
        kind: str = "policyholder",
    ) -> None:
        """Remember one look at a claim; behind a link there is no session, and `token_hash` is empty."""
        if len(self._steps) >= MOST:
            log.error("access_log_overflows", extra={"dropped": len(self._steps)})
            self._steps.clear()
        self._steps.append((token_hash, viewer_id, claim_id, page, now, kind))

    async def flush(self, pool: asyncpg.Pool) -> int:
        """Write what was gathered, in one transaction; on failure it is kept for the next time."""
        steps, self._steps = self._steps, []
        if not steps:
            return 0
        seen: dict[bytes, datetime] = {}
        for token_hash, _, _, _, at, _ in steps:
            seen[token_hash] = at
        try:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(_SEEN, list(seen), list(seen.values()))
                _, viewers, claims, pages, moments, kinds = zip(*steps, strict=True)
                await connection.execute(_LOOKED, moments, claims, viewers, pages, kinds)
        except BaseException:
            self._steps = steps + self._steps
            raise
        return len(steps)

    async def run(self, pool: asyncpg.Pool) -> None:
        """Write every second until cancelled, and once more at the end."""
        try:
            while True:
                await asyncio.sleep(EVERY_SECONDS)
                try:
                    await self.flush(pool)
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    log.error("access_log_not_written", extra={"error": type(error).__name__})
        finally:
            await self.flush(pool)
