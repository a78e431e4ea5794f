"""Pages of a source without what we know already, and their translation; the next is fetched while one is written."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import LeftOut, Rejected, Translate, Unmapped
from backoffice_adapter.source import CaseSource, Known, Page, Record
from backoffice_adapter.sync.sightings import Sightings
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.failpoints import failpoint, register
from claims_core.snapshot import ClaimSnapshot

register("sync.page_fetched", "sync.page_parsed")

Item = TypeVar("Item")
# A page in each of the lanes there can be, those that wait for one, and one read ahead.
MOST_UNDER_WAY = 20


@dataclass(slots=True)
class TranslatedPage:
    """A page in our words; `fired` counts the rules that held."""

    page: Page
    snapshots: list[ClaimSnapshot] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    unmapped: list[Unmapped] = field(default_factory=list)
    left_out: int = 0
    fired: dict[str, int] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """Everything that the source showed us."""
        return (
            len(self.snapshots)
            + len(self.rejected)
            + len(self.unmapped)
            + len(self.page.unreadable)
            + self.left_out
            + self.page.unchanged
        )

    def record_of(self, snapshot: ClaimSnapshot) -> Record:
        """The case that a snapshot was made of."""
        return next(record for record in self.page.records if record.hash == snapshot.source_hash)


async def differing_pages(
    engine: AsyncEngine,
    source: CaseSource,
    cursor: dict[str, object] | None,
    known: Known,
    *,
    sightings: Sightings | None = None,
) -> AsyncGenerator[Page]:
    """What may have changed in the source since `cursor`, a page at a time; what is as we know it is only counted.

    `sightings` takes down every case that was shown. A case that a page before has passed on is passed on again,
    whatever the ledger says: what it had said may not be written yet, and the later word must win.
    """
    under_way = UnderWay()
    async with aclosing(_fetched(source, cursor, known)) as fetched:
        async for page in fetched:
            if sightings is not None:
                sightings.add(page)
            done = page.compared and sightings is None
            if not done:
                page = await _without_known(engine, source.name, page, under_way)
            under_way.add(page)
            yield page


async def _fetched(source: CaseSource, cursor: dict[str, object] | None, known: Known) -> AsyncGenerator[Page]:
    async with aclosing(source.changed_since(cursor, known)) as pages:
        async for page in pages:
            failpoint("sync.page_fetched")
            yield page


def translate_page(page: Page, translate: Translate, now: datetime) -> TranslatedPage:
    """The records of a page in our words (pure, but for its length)."""
    done = TranslatedPage(page)
    for record in page.records:
        said = translate(page.whole(record), now)
        if isinstance(said, ClaimSnapshot):
            done.snapshots.append(said)
        elif isinstance(said, Rejected):
            done.rejected.append(said)
        elif isinstance(said, Unmapped):
            done.unmapped.append(said)
        elif isinstance(said, LeftOut):
            done.left_out += 1
    done.fired = translate.take_fired()
    failpoint("sync.page_parsed")
    return done


class UnderWay:
    """The keys of the cases that were passed on lately: their pages may still be on their way to the database."""

    def __init__(self) -> None:
        self._pages: deque[tuple[str, ...]] = deque()
        self._times: Counter[str] = Counter()

    def __contains__(self, ref: str) -> bool:
        return ref in self._times

    def add(self, page: Page) -> None:
        """A page is passed on; one that must be written by now counts no more."""
        refs = tuple(record.ref for record in page.records)
        self._pages.append(refs)
        self._times.update(refs)
        if len(self._pages) > MOST_UNDER_WAY:
            self._times.subtract(gone := self._pages.popleft())
            for ref in gone:
                if self._times[ref] <= 0:
                    del self._times[ref]


async def _without_known(engine: AsyncEngine, source: str, page: Page, under_way: UnderWay) -> Page:
    """The page without the cases whose hash is the stored one: equal content needs no translation at all."""
    if not page.records:
        return page
    hashes: dict[str, bytes] = {}
    # Shown twice with two contents, one of them is news, whichever comes last.
    twofold = {record.ref for record in page.records if hashes.setdefault(record.ref, record.hash) != record.hash}
    twofold |= {ref for ref in hashes if ref in under_way}
    async with session_scope(engine) as session:
        refs = twofold | await ledger.changed_refs(session, source, hashes)
    differing = [record for record in page.records if record.ref in refs]
    return replace(page, records=differing, unchanged=page.unchanged + len(page.records) - len(differing))


async def read_ahead(items: AsyncGenerator[Item]) -> AsyncGenerator[Item]:
    """The same items, the next one made while the caller works on this one."""

    async def following() -> Item:
        return await anext(items)

    coming = asyncio.create_task(following())
    try:
        while True:
            try:
                item = await coming
            except StopAsyncIteration:
                return
            coming = asyncio.create_task(following())
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
