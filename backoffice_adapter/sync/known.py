"""What we know of a source already, asked by the source so that it reads no more than it must."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.sync import book
from backoffice_adapter.sync.sightings import Sightings
from claims_core.db import session_scope


@dataclass(frozen=True)
class LedgerKnown:
    """`Known` on our database; each question is a short transaction of its own."""

    engine: AsyncEngine
    source: str
    full: bool
    # Of a reconcile: then every case is to be shown, also the unchanged, and is written down here.
    sightings: Sightings | None = None

    async def hashes(self) -> set[bytes]:
        """The hashes of all cases of this source in the ledger."""
        if self.sightings is not None:
            return set()
        async with session_scope(self.engine) as session:
            return await book.known_hashes(session, self.source)

    async def hashes_of(self, refs: Collection[str]) -> set[bytes]:
        """The hashes of these cases in the ledger, as it stands now."""
        async with session_scope(self.engine) as session:
            return await book.known_hashes_of(session, self.source, refs)

    async def same_marks(self, marks: Mapping[str, str]) -> set[str]:
        """The keys whose mark is as we last saw it; none in a full reading."""
        if self.full or not marks:
            return set()
        async with session_scope(self.engine) as session:
            return await book.same_marks(session, self.source, marks)

    async def has_file(self, checksum: str) -> bool:
        """Was a file with this content read to its end?"""
        async with session_scope(self.engine) as session:
            return await book.file_is_known(session, self.source, checksum)
