"""The pages of a log of activities: its files are one, and what is new in them is told case by case."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import FileRead, Known, Page, Record, Unreadable
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.files import reading, xes
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.log import Gathered
from backoffice_adapter.sources.files.places import Listed
from backoffice_adapter.sources.files.rows import Row, open_file
from claims_core.errors import SourceRefused


class Deliveries(Protocol):
    """Who brings files and knows them again."""

    async def whole(self, listed: Listed) -> Delivered | None:
        """The file if it is whole."""

    async def must_be_same(self, listed: Listed) -> None:
        """Was it replaced meanwhile?"""

    async def done_with(self, delivered: Delivered) -> None:
        """It was read."""

    def checksum_of(self, delivered: Delivered) -> str:
        """What it is known by."""


@dataclass(slots=True)
class _Found:
    """What the files of a log gave beside their activities."""

    ticked: list[FileRead]
    unreadable: list[Unreadable]
    left: list[str]


async def new_activities(
    config: FilesConfig, files: Deliveries, listed: list[Listed], known: Known, *, key: bytes
) -> AsyncGenerator[Page | str]:
    """The pages, and the names of files left for later. A case is never parted between two pages.

    Everything is read before anything is told, so that the order is that of the activities and not of the files.
    """
    gathered = await asyncio.to_thread(lambda: Gathered(config, key=key))
    try:
        found = _Found([], [], [])
        for one in listed:
            await _gather(config, files, one, known, gathered, found)
        for name in found.left:
            yield name
        if not found.ticked:
            return
        async for page in _pages(config, gathered, found, last_only=known.full):
            yield page
        for file in found.ticked:
            yield Page(records=[], cursor=None, file=file)
    finally:
        await asyncio.to_thread(gathered.close)


async def _gather(
    config: FilesConfig, files: Deliveries, listed: Listed, known: Known, gathered: Gathered, found: _Found
) -> None:
    delivered = await files.whole(listed)
    if delivered is None:
        found.left.append(listed.name)
        return
    checksum = files.checksum_of(delivered)
    fresh = known.full or not await known.has_file(checksum)
    count, unreadable = await asyncio.to_thread(_read, config, delivered, gathered, fresh)
    await files.must_be_same(listed)
    await files.done_with(delivered)
    if fresh:
        found.ticked.append(FileRead(checksum, listed.name, count))
        found.unreadable += unreadable


def _read(config: FilesConfig, delivered: Delivered, gathered: Gathered, fresh: bool) -> tuple[int, list[Unreadable]]:
    count, unreadable, whole = 0, [], False
    gathered.begin()
    try:
        for row in _xes_rows(delivered) if config.format == "xes" else _rows(config, delivered):
            count += 1
            bad: Unreadable | None
            if isinstance(row, Unreadable):
                bad = row
            else:
                body, raw, place = row
                bad = gathered.add(body, raw, fresh=fresh, place=place)
            if bad is not None:
                unreadable.append(bad)
        whole = True
    except (UnicodeDecodeError, xes.NotXes) as problem:
        raise SourceRefused(f"{delivered.path.name}: {problem}") from problem
    finally:
        gathered.keep(whole=whole)
    return count, unreadable


_Activity = tuple[dict[str, object], bytes, str]


def _rows(config: FilesConfig, delivered: Delivered) -> Iterator[_Activity | Unreadable]:
    rows, name = reading.rows_of(delivered, config), delivered.path.name
    read = reading.row_reader(config, rows, name)
    for row in rows:
        if isinstance(row, Row):
            place = f"{name}, line {row.line}"
            try:
                yield read(row.raw), row.raw, place
            except ValueError as problem:
                yield Unreadable(row.raw, str(problem), place=place)
        else:
            yield row


def _xes_rows(delivered: Delivered) -> Iterator[_Activity | Unreadable]:
    with open_file(delivered.path) as stream:
        for number, event in enumerate(xes.rows(stream), start=1):
            place = f"{delivered.path.name}, event {number}"
            if isinstance(event, Unreadable):
                yield replace(event, place=place)
            else:
                yield event, json_text.kept(event), place


async def _pages(config: FilesConfig, gathered: Gathered, found: _Found, *, last_only: bool) -> AsyncGenerator[Page]:
    cases = gathered.cases(last_only=last_only)
    records: list[Record] = []
    unreadable = found.unreadable
    while (case := await asyncio.to_thread(next, cases, None)) is not None:
        if isinstance(case, Unreadable):
            unreadable.append(case)
        else:
            records += case
        if len(records) >= config.page_size:
            yield Page(records=records, cursor=None, unreadable=unreadable)
            records, unreadable = [], []
    if records or unreadable:
        yield Page(records=records, cursor=None, unreadable=unreadable)
