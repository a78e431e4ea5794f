"""The pages of one file whose rows are cases as they are now."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace

import orjson

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import FileRead, Page, Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.files import reading
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.reading import Joined, Reader
from backoffice_adapter.sources.files.rows import Row, Skip
from claims_core.errors import SourceRefused


async def pages_of(
    config: FilesConfig,
    delivered: Delivered,
    checksum: str,
    joined: Joined,
    hashes: frozenset[bytes] | None,
    *,
    key: bytes,
) -> AsyncGenerator[Page]:
    """All of a file; the last page ticks it off. What has one of `hashes` is not taken apart; None compares nothing."""
    name, total, skipped = delivered.path.name, 0, 0
    # A case that other files are joined to is not known by its line alone.
    skip = None if config.join or not hashes else Skip(hashes, key)
    rows: Iterator[Row | Unreadable] = reading.rows_of(delivered, config, skip=skip)
    try:
        read = await asyncio.to_thread(reading.row_reader, config, rows, name)
        more = True
        while more:
            batch = await asyncio.to_thread(lambda: list(itertools.islice(rows, config.page_size)))
            left_out, more = (skip.count if skip else 0) - skipped, len(batch) == config.page_size
            skipped, total = skipped + left_out, total + len(batch) + left_out
            page = await asyncio.to_thread(_page, config, batch, read, joined, hashes, name, key)
            yield replace(page, unchanged=page.unchanged + left_out)
    except UnicodeDecodeError as problem:
        raise SourceRefused(f"{name} is not {config.encoding}") from problem
    yield Page(records=[], cursor=None, file=FileRead(checksum, name, total))


def _page(
    config: FilesConfig,
    batch: list[Row | Unreadable],
    read: Reader,
    joined: Joined,
    hashes: frozenset[bytes] | None,
    name: str,
    key: bytes,
) -> Page:
    records: list[Record] = []
    unreadable: list[Unreadable] = []
    unchanged, alone = 0, not config.join
    # A parsed body takes ten times its line: one that can be read again is not kept, for memory and for the cache.
    reread = orjson.loads if alone and read is json_text.read_object else None
    for row in batch:
        if isinstance(row, Unreadable):
            unreadable.append(row)
        elif alone and hashes and content_hash(row.raw, key) in hashes:
            unchanged += 1
        else:
            made = reading.to_record(row, read, config, joined=joined, key=key, name=name)
            if isinstance(made, Unreadable):
                unreadable.append(made)
            elif hashes and made.hash in hashes:
                unchanged += 1
            else:
                records.append(made.bare() if reread else made)
    return Page(
        records=records, cursor=None, unreadable=unreadable, unchanged=unchanged, compared=hashes is not None,
        reread=reread,
    )  # fmt: skip
