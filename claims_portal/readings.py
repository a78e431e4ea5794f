"""How often each reader reads: counted in memory, added up over all processes each second, off the path of the page."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
_ADD = """
insert into rate_count (bucket, window_start, count)
select * from unnest($1::bytea[], $2::timestamptz[], $3::int[])
on conflict (bucket, window_start) do update set count = rate_count.count + excluded.count
returning bucket, window_start, count
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """One reader's counter: its key, and how many readings it allows within a window of the clock."""

    bucket: bytes
    most: int
    within: timedelta

    def window(self, now: datetime) -> datetime:
        """When the window of `now` began."""
        seconds = int(self.within.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


class Readings:
    """Readings not added up yet, and the readers who used theirs up. Late by a second, exact over all processes."""

    def __init__(self) -> None:
        self._waiting: Counter[tuple[Counted, datetime]] = Counter()
        self._over: dict[bytes, datetime] = {}

    def note(self, counted: Counted, now: datetime) -> datetime | None:
        """Count one reading; the moment from which more are allowed, when no more are."""
        until = self._over.get(counted.bucket)
        if until is not None and now < until:
            return until
        self._waiting[counted, counted.window(now)] += 1
        return None

    async def flush(self, pool: asyncpg.Pool, now: datetime) -> None:
        """Add up what was counted and learn who is over; what cannot be written is kept for the next time."""
        self._over = {bucket: until for bucket, until in self._over.items() if until > now}
        waiting, self._waiting = self._waiting, Counter()
        if not waiting:
            return
        known = {(counted.bucket, start): counted for counted, start in waiting}
        # In one order always: two processes that share counters then wait for each other instead of dying.
        rows = sorted((counted.bucket, start, count) for (counted, start), count in waiting.items())
        try:
            added = await pool.fetch(_ADD, *zip(*rows, strict=True))
        except BaseException:
            self._waiting += waiting
            raise
        for bucket, start, count in added:
            counted = known[bucket, start]
            if count > counted.most:
                self._over[bucket] = start + counted.within
                log.warning("reading_too_often", extra={"most": counted.most, "count": count})

    async def run(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> None:
        """Add up every second until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.flush(pool, clock())
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.error("readings_not_counted", extra={"error": type(error).__name__})
