"""The pages of one file whose rows are cases as they are now."""

import asyncio
import itertools
from bisect import bisect_left
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from operator import attrgetter

import orjson

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import FileRead, Known, Page, Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.files import reading
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.reading import Joined, Reader
from backoffice_adapter.sources.files.rows import Row, Skip
from claims_core.errors import SourceRefused

Batch = list[Row | Unreadable]


async def pages_of(
    config: FilesConfig,
    delivered: Delivered,
    checksum: str,
    joined: Joined,
    hashes: set[bytes] | None,
    known: Known,
    *,
    key: bytes,
) -> AsyncGenerator[Page]:
    """All of a file; the last page ticks it off. What has one of `hashes` is not taken apart; None compares nothing.

    The hashes of cases that differ are taken out of `hashes`: behind such a row, one as we knew the case counts again.
    """
    name, total, skipped = delivered.path.name, 0, 0
    # A case that other files are joined to is not known by its line alone.
    skip = None if config.join or not hashes else Skip(hashes, key)
    rows = reading.rows_of(delivered, config, skip=skip)
    try:
        read = await asyncio.to_thread(reading.row_reader, config, rows, name)
        made, more = _Pages(config, delivered, read, joined, hashes, skip, known, key), True
        while more:
            batch = await asyncio.to_thread(lambda: list(itertools.islice(rows, config.page_size)))
            left_out, more = (skip.count if skip else 0) - skipped, len(batch) == config.page_size
            skipped, total = skipped + left_out, total + len(batch) + left_out
            page = await made.next(batch, is_last=not more)
            yield replace(page, unchanged=page.unchanged + left_out)
    except UnicodeDecodeError as problem:
        raise SourceRefused(f"{name} is not {config.encoding}") from problem
    yield Page(records=[], cursor=None, file=FileRead(checksum, name, total))


@dataclass(slots=True)
class _Pages:
    """Makes pages of the rows of one file. `_waiting` are rows that were skipped and count after all, in order."""

    config: FilesConfig
    delivered: Delivered
    read: Reader
    joined: Joined
    hashes: set[bytes] | None
    skip: Skip | None
    known: Known
    key: bytes
    _waiting: list[Row] = field(default_factory=list)

    async def next(self, batch: Batch, *, is_last: bool) -> Page:
        """The page of a batch, with the rows further down by which a case that differs here is as we knew it."""
        due = self._due(batch, is_last=is_last)
        page, alike = await asyncio.to_thread(self._page, _merged(batch, due))
        if self.hashes and page.records:
            told = self.hashes & await self.known.hashes_of([record.ref for record in page.records])
            self.hashes -= told
            again = await asyncio.to_thread(_again, self.config, self.delivered, self.skip, told)
            if again or not told.isdisjoint(alike):
                self._waiting = sorted([*due, *self._waiting, *again])
                due = self._due(batch, is_last=is_last)
                page, _ = await asyncio.to_thread(self._page, _merged(batch, due))
        # What was skipped and counts after all is among the unchanged already, perhaps of the page before.
        return replace(page, unchanged=page.unchanged - len(due))

    def _due(self, batch: Batch, *, is_last: bool) -> list[Row]:
        """Those that wait and stand before the end of the batch; they wait no more."""
        last = next((row.line for row in reversed(batch) if isinstance(row, Row)), 0)
        places = len(self._waiting) if is_last else bisect_left(self._waiting, last, key=attrgetter("line"))
        due, self._waiting = self._waiting[:places], self._waiting[places:]
        return due

    def _page(self, batch: Iterable[Row | Unreadable]) -> tuple[Page, Collection[bytes]]:
        """The cases of these rows that we do not know, and the hashes of those left out behind the first of them."""
        records: list[Record] = []
        unreadable: list[Unreadable] = []
        alike: list[bytes] = []
        hashes, unchanged, alone, name = self.hashes, 0, not self.config.join, self.delivered.path.name
        # A parsed body takes ten times its line: one that can be read again is not kept, for memory and for the cache.
        reread = orjson.loads if alone and self.read is json_text.read_object else None
        for row in batch:
            if isinstance(row, Unreadable):
                unreadable.append(row)
                continue
            if alone and hashes and (told := content_hash(row.raw, self.key)) in hashes:
                unchanged += 1
                if records:
                    alike.append(told)
                continue
            made = reading.to_record(row, self.read, self.config, joined=self.joined, key=self.key, name=name)
            if isinstance(made, Unreadable):
                unreadable.append(made)
            elif hashes and made.hash in hashes:
                unchanged += 1
                alike.append(made.hash)
            else:
                records.append(made.bare() if reread else made)
        page = Page(
            records=records, cursor=None, unreadable=unreadable, unchanged=unchanged, compared=hashes is not None,
            reread=reread,
        )  # fmt: skip
        return page, alike


def _again(config: FilesConfig, delivered: Delivered, skip: Skip | None, told: set[bytes]) -> list[Row]:
    """The lines that were skipped although their cases differ further up: for these the file is read again."""
    if skip is None:
        return []
    places = skip.places(told)
    skip.forget()
    if not places:
        return []
    found: list[Row] = []
    with closing(reading.rows_of(delivered, config)) as rows:
        for row in rows:
            if isinstance(row, Row) and row.line in places:
                found.append(row)
                if len(found) == len(places):
                    break
    return found


def _merged(batch: Batch, due: list[Row]) -> Iterator[Row | Unreadable]:
    """Both in the order of the file."""
    left = iter(due)
    first = next(left, None)
    for row in batch:
        while first is not None and isinstance(row, Row) and row.line > first.line:
            yield first
            first = next(left, None)
        yield row
    if first is not None:
        yield first
        yield from left
