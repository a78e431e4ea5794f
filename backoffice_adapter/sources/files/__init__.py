"""A folder of delivered files as a source: each a complete snapshot, each read once, half-written ones left alone."""

import asyncio
import hashlib
import itertools
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import datetime
from typing import Any

from backoffice_adapter.settings import FilesConfig, JoinConfig
from backoffice_adapter.source import Applied, FileRead, Known, Order, Page, Record, Unreadable, content_hash
from backoffice_adapter.sources.files import delivery, reading
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.rows import Row
from claims_core.errors import SourceRefused, SourceUnavailable

log = logging.getLogger(__name__)

Rows = Iterator[Row | Unreadable]
JUST_WRITTEN = "it is empty, or was written just now"


class Files:
    """A folder. Files are read in the order of their names; a cursor is not needed, their checksums are the memory."""

    takes_changes = False

    def __init__(self, config: FilesConfig, *, key: bytes, clock: Callable[[], datetime]) -> None:
        self.name = config.name
        self._config, self._key, self._clock = config, key, clock

    async def close(self) -> None:
        """Nothing stays open between pages."""

    async def look(self) -> str:
        """Which files it would read, and which it would leave alone."""
        found, left = await asyncio.to_thread(self._deliveries)
        await asyncio.to_thread(self._joined)
        newest = f", the newest is {found[-1].path.name}" if found else ""
        alone = "".join(f"; {name} is left alone: {why}" for name, why in left[:5])
        return f"{len(found)} whole files as {self._config.pattern}{newest}{alone}"

    async def get(self, ref: str) -> Record | None:
        """A file is read as a whole: one case alone cannot be had."""
        return None

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """Files take no changes."""
        raise SourceRefused(f"{self.name} is read from files and takes no changes")

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """The rows of every file that is whole and not read yet; with a full read, of the newest file alone.

        An older file read again would put its claims back to where they stood then.
        """
        found, left = await asyncio.to_thread(self._deliveries)
        for name, reason in left:
            if reason is not JUST_WRITTEN:
                log.warning("file_left_alone", extra={"source": self.name, "file": name, "reason": reason})
        joined, joined_sum = await asyncio.to_thread(self._joined)
        hashes = await known.hashes()
        for delivered in found[-1:] if known.full else found:
            checksum = hashlib.blake2b(delivered.checksum + joined_sum, key=self._key, digest_size=16).hexdigest()
            if known.full or not await known.has_file(checksum):
                async for page in self._file(delivered, checksum, joined, hashes):
                    yield page
        yield Page(records=[], cursor={}, complete=True)

    def _deliveries(self) -> tuple[list[Delivered], list[tuple[str, str]]]:
        """The files that are whole, and those that are not, with the reason."""
        config, now, found, left = self._config, self._clock(), [], []
        for path in delivery.candidates(config.folder, config.pattern):
            shape = delivery.shape_of(path)
            if shape is None:
                continue
            settled = delivery.is_settled(shape, config, now)
            looked = delivery.look_at(path, config) if settled else JUST_WRITTEN
            if isinstance(looked, str):
                left.append((path.name, looked))
            else:
                found.append(looked)
        return found, left

    async def _file(
        self, delivered: Delivered, checksum: str, joined: reading.Joined, hashes: frozenset[bytes]
    ) -> AsyncGenerator[Page]:
        config, name = self._config, delivered.path.name
        rows: Rows = reading.rows_of(delivered, config)
        try:
            read = await asyncio.to_thread(reading.row_reader, config, rows, name)
            total = 0
            while batch := await asyncio.to_thread(lambda: list(itertools.islice(rows, config.page_size))):
                total += len(batch)
                yield await asyncio.to_thread(self._page, batch, read, joined, hashes, name)
        except UnicodeDecodeError as problem:
            raise SourceRefused(f"{name} is not {config.encoding}") from problem
        if delivery.shape_of(delivered.path) != delivered.shape:
            raise SourceUnavailable(f"{name} changed while it was read; it is read again")
        yield Page(records=[], cursor=None, file=FileRead(checksum, name, total))

    def _page(
        self,
        batch: list[Row | Unreadable],
        read: reading.Reader,
        joined: reading.Joined,
        hashes: frozenset[bytes],
        name: str,
    ) -> Page:
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        unchanged, alone, key = 0, not self._config.join, self._key
        for row in batch:
            if isinstance(row, Unreadable):
                unreadable.append(row)
            elif alone and hashes and content_hash(row.raw, key) in hashes:
                unchanged += 1
            else:
                made = reading.to_record(row, read, self._config, joined=joined, key=key, name=name)
                if isinstance(made, Unreadable):
                    unreadable.append(made)
                elif made.hash in hashes:
                    unchanged += 1
                else:
                    records.append(made)
        return Page(records=records, cursor=None, unreadable=unreadable, unchanged=unchanged, compared=True)

    def _joined(self) -> tuple[reading.Joined, bytes]:
        """The second files, by key; and a checksum of them, for a new one makes the first file new."""
        digest, found = hashlib.blake2b(digest_size=16), {}
        for join in self._config.join:
            rows, checksum = self._join(join)
            found[join.name] = rows
            digest.update(checksum)
        return found, digest.digest()

    def _join(self, join: JoinConfig) -> tuple[dict[str, tuple[bytes, dict[str, Any]]], bytes]:
        words = {"ref": join.key, "encoding": join.encoding, "delimiter": join.delimiter}
        always: dict[str, Any] = {"format": "csv", "end": "newline", "version": None, "join": ()}
        config = self._config.model_copy(update={**always, **words})
        paths = delivery.candidates(config.folder, join.pattern)
        looked = delivery.look_at(paths[-1], config) if paths else "there is none"
        if isinstance(looked, str):
            raise SourceUnavailable(f"{self.name}: the file {join.pattern}: {looked}")
        rows = reading.rows_of(looked, config)
        read = reading.row_reader(config, rows, looked.path.name)
        made = (
            reading.to_record(row, read, config, joined={}, key=b"", name=looked.path.name)
            for row in rows
            if isinstance(row, Row)
        )
        return {one.ref: (one.raw, dict(one.body)) for one in made if isinstance(one, Record)}, looked.checksum
