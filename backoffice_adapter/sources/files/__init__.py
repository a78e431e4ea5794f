"""Delivered files as a source, here or on a server: cases as they are now, or a log of what was done to them."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any

from backoffice_adapter.settings import FilesConfig, JoinConfig
from backoffice_adapter.source import Applied, Known, Order, Page, Record
from backoffice_adapter.sources.files import delivery, reading
from backoffice_adapter.sources.files.activities import new_activities
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.places import Listed, place_of
from backoffice_adapter.sources.files.reading import Joined
from backoffice_adapter.sources.files.rows import Row
from backoffice_adapter.sources.files.snapshots import pages_of
from claims_core.errors import SourceRefused, SourceUnavailable

log = logging.getLogger(__name__)

JUST_WRITTEN = "it is empty, or was written just now"


class Files:
    """Files are read in the order of their names. Their checksums are the memory of what was read.

    Of files on a server the cursor keeps how they looked, so that what was read is not brought again.
    """

    takes_changes = False

    def __init__(self, config: FilesConfig, *, key: bytes, clock: Callable[[], datetime]) -> None:
        self.name = config.name
        self._config, self._key, self._clock = config, key, clock
        self._place = place_of(config)

    async def close(self) -> None:
        """Give back the connection and the copies."""
        await asyncio.to_thread(self._place.close)

    async def look(self) -> str:
        """Which files there are, and whether the newest is whole."""
        listed = await asyncio.to_thread(self._place.listed, self._config.pattern)
        await asyncio.to_thread(self._joined)
        if not listed:
            return f"no file as {self._config.pattern}"
        looked = await asyncio.to_thread(self._look_at, listed[-1])
        newest = looked if isinstance(looked, str) else f"whole, {looked.lines:,} lines"
        others = ", ".join(one.name for one in reversed(listed[-5:-1]))
        more = f"; before it {others}{' …' * (len(listed) > 5)}" if others else ""
        many = f"{len(listed)} file{'s' * (len(listed) > 1)}"
        return f"{many} as {self._config.pattern}, the newest is {listed[-1].name}: {newest}{more}"

    async def get(self, ref: str) -> Record | None:
        """A file is read as a whole: one case alone cannot be had."""
        return None

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """Files take no changes."""
        raise SourceRefused(f"{self.name} is read from files and takes no changes")

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """What stands in every file that is whole and not read yet; with a full read, in the newest file alone.

        An older file read again would put its claims back to where they stood then. Of a log all files are one.
        """
        seen = {} if known.full else dict((cursor or {}).get("files", {}))
        joined, joined_sum = await asyncio.to_thread(self._joined)
        listed = await asyncio.to_thread(self._place.listed, self._config.pattern)
        marks = {one.name: _mark(one, joined_sum) for one in listed} if self._place.skips_by_shape else {}
        fresh = [one for one in listed if one.name not in marks or seen.get(one.name) != marks[one.name]]
        if self._config.log is not None:
            read = new_activities(self._config, self, listed if fresh else [], known, key=self._key)
        else:
            read = self._snapshots(fresh, joined, joined_sum, known)
        left: set[str] = set()
        async with aclosing(read):
            async for page in read:
                if isinstance(page, str):
                    left.add(page)
                else:
                    yield page
        kept = {name: mark for name, mark in marks.items() if name not in left}
        yield Page(records=[], cursor={"files": kept} if kept else {}, complete=True)

    async def _snapshots(
        self, listed: list[Listed], joined: Joined, joined_sum: bytes, known: Known
    ) -> AsyncGenerator[Page | str]:
        """The pages, and the names of files that are left for later."""
        if not listed:
            return
        # Side by side with the first look at a file: that one is for the disk, this one for the database.
        hashes, passed_on = asyncio.create_task(known.hashes()), False
        try:
            for one in reversed(listed) if known.full else listed:
                delivered, _ = await asyncio.gather(self.whole(one), hashes)
                if delivered is None:
                    yield one.name
                    continue
                checksum = self.checksum_of(delivered, joined_sum)
                if known.full or not await known.has_file(checksum):
                    # A case that an earlier file has changed may be here as it was before.
                    still = None if passed_on else hashes.result()
                    async for page in pages_of(self._config, delivered, checksum, joined, still, known, key=self._key):
                        if page.file is not None:
                            await self.must_be_same(one)
                        passed_on = passed_on or bool(page.records)
                        yield page
                await self.done_with(delivered)
                if known.full:
                    return
        finally:
            hashes.cancel()
            await asyncio.gather(hashes, return_exceptions=True)

    async def whole(self, listed: Listed) -> Delivered | None:
        """The file if it is whole, brought here; None, and why in the log, if it is not."""
        looked = await asyncio.to_thread(self._look_at, listed)
        if isinstance(looked, Delivered):
            return looked
        if looked is not JUST_WRITTEN:
            log.warning("file_left_alone", extra={"source": self.name, "file": listed.name, "reason": looked})
        return None

    async def must_be_same(self, listed: Listed) -> None:
        """Raises `SourceUnavailable` when the file was replaced while it was read: nothing of it is ticked off."""
        if await asyncio.to_thread(self._place.shape_of, listed.name) != listed.shape:
            raise SourceUnavailable(f"{listed.name} changed while it was read; it is read again")

    async def done_with(self, delivered: Delivered) -> None:
        """A copy of a file on a server goes; what is here stays."""
        await asyncio.to_thread(self._place.done_with, delivered.path)

    def checksum_of(self, delivered: Delivered, more: bytes = b"") -> str:
        """What a file is known by: its content, what was joined to it, and the mapping."""
        return hashlib.blake2b(delivered.checksum + more, key=self._key, digest_size=16).hexdigest()

    def _look_at(self, listed: Listed) -> Delivered | str:
        if not delivery.is_settled(listed.shape, self._config, self._clock()):
            return JUST_WRITTEN
        path = self._place.brought(listed)
        looked = delivery.look_at(path, self._config)
        if isinstance(looked, Delivered) and self._place.shape_of(listed.name) != listed.shape:
            looked = "it is being written"
        if isinstance(looked, str):
            self._place.done_with(path)
        return looked

    def _joined(self) -> tuple[Joined, bytes]:
        """The second files, by key; and a checksum of them, for a new one makes the first file new."""
        digest, found = hashlib.blake2b(digest_size=16), {}
        for join in self._config.join:
            rows, checksum = self._join(join)
            found[join.name] = rows
            digest.update(checksum)
        return found, digest.digest()

    def _join(self, join: JoinConfig) -> tuple[dict[str, tuple[bytes, dict[str, Any]]], bytes]:
        words = {"ref": join.key, "encoding": join.encoding, "delimiter": join.delimiter}
        always: dict[str, Any] = {"format": "csv", "end": "newline", "version": None, "join": (), "nested": ()}
        config = self._config.model_copy(update={**always, **words})
        listed = self._place.listed(join.pattern)
        path = self._place.brought(listed[-1]) if listed else None
        looked = delivery.look_at(path, config) if path else "there is none"
        if isinstance(looked, str):
            raise SourceUnavailable(f"{self.name}: the file {join.pattern}: {looked}")
        rows = reading.rows_of(looked, config)
        read = reading.row_reader(config, rows, looked.path.name)
        made = (
            reading.to_record(row, read, config, joined={}, key=b"", name=looked.path.name)
            for row in rows
            if isinstance(row, Row)
        )
        found = {one.ref: (one.raw, dict(one.body)) for one in made if isinstance(one, Record)}
        self._place.done_with(looked.path)
        return found, looked.checksum


def _mark(listed: Listed, joined_sum: bytes) -> str:
    shape = listed.shape
    return f"{shape.size} {shape.changed_ns} {shape.mark} {joined_sum.hex()}"
