"""Who has a claim's page open, and when it has news: one look at the database for all readers of this process.

A reader is told a figure and nothing else; the page itself says what is new. A look that finds that a session ended, or
that a claim is no longer this reader's to see, ends the stream.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from claims_core.db import DATABASE_AWAY
from claims_portal.queries import versions_of

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
# A look may take this share of the time, however many read: the next one waits for so long.
SHARE = 1 / 20
# A line that says nothing is closed by what lies between, after 30 s at the soonest.
BEAT_SECONDS = 20.0
# A browser opens six connections to a host over HTTP/1.1; a reader with many windows keeps some for the pages.
MOST_OF_SESSION = 4
MOST = 2000
BEAT = b": still here\n\n"


@dataclass(eq=False)
class _Reader:
    key: tuple[bytes, UUID]
    version: int
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False


class News:
    """The open streams of this process. Until `run` and after `stop` a stream says where things stand and ends."""

    def __init__(self) -> None:
        self._readers: set[_Reader] = set()
        self._is_on = False

    def is_full(self, token_hash: bytes) -> bool:
        """Has this session, or this process, as many streams as it may?"""
        own = sum(reader.key[0] == token_hash for reader in self._readers)
        return own >= MOST_OF_SESSION or len(self._readers) >= MOST

    async def follow(self, token_hash: bytes, claim_id: UUID, version: int) -> AsyncIterator[bytes]:
        """The stream of one reader: the figure now and whenever it moved, and a comment while nothing does."""
        reader = _Reader((token_hash, claim_id), version, is_over=not self._is_on)
        self._readers.add(reader)
        try:
            # Whoever was cut off together comes back apart.
            yield b"retry: %d\n%b" % (2000 + 16 * sum(token_hash) % 4000, _said(version))
            while not reader.is_over:
                try:
                    async with asyncio.timeout(BEAT_SECONDS):
                        await reader.woken.wait()
                except TimeoutError:
                    yield BEAT
                    continue
                reader.woken.clear()
                if not reader.is_over:
                    yield _said(reader.version)
        finally:
            self._readers.discard(reader)

    async def look(self, pool: asyncpg.Pool, now: datetime) -> None:
        """Look once for all, and wake those with news or without a right to them."""
        readers = tuple(self._readers)
        if not readers:
            return
        versions = await versions_of(pool, {reader.key for reader in readers}, now=now)
        for reader in readers:
            version = versions.get(reader.key)
            if version is None:
                self._end(reader)
            elif version != reader.version:
                reader.version = version
                reader.woken.set()

    async def run(self, pool: asyncpg.Pool, clock: Callable[[], datetime]) -> None:
        """Look until cancelled; while the database is away nobody is told anything."""
        self._is_on, loop = True, asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                try:
                    await self.look(pool, clock())
                except DATABASE_AWAY as problem:
                    log.warning("news_not_looked_for", extra={"why": type(problem).__name__})
                await asyncio.sleep(max(EVERY_SECONDS, (loop.time() - began) / SHARE))
        finally:
            self.stop()

    def stop(self) -> None:
        """End every stream, and let no new one stay: the process ends."""
        self._is_on = False
        for reader in self._readers:
            self._end(reader)

    @staticmethod
    def _end(reader: _Reader) -> None:
        reader.is_over = True
        reader.woken.set()


def _said(version: int) -> bytes:
    return b"data: %d\n\n" % version
