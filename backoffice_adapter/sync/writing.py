"""A translated page into the ledger, its rejects into quarantine: all in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.mapping import Rejected
from backoffice_adapter.source import Unreadable
from backoffice_adapter.sync import book
from backoffice_adapter.sync.pages import TranslatedPage
from backoffice_adapter.sync.recording import record_halving
from claims_core.ledger import Recorded


@dataclass(frozen=True, slots=True)
class Ground:
    """What all pages of a run are written with: `version` is the mapping's, `first_load` tells nobody anything.

    `catching_up` tells nobody of claims never seen before. `run_id` is kept with each fact that may be told.
    """

    source: str
    version: int
    settle: timedelta
    first_load: bool
    catching_up: bool = False
    run_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did so far."""

    seen: int = 0
    unchanged: int = 0
    new: int = 0
    changed: int = 0
    stale: int = 0
    rejected: int = 0
    unmapped: int = 0
    left_out: int = 0
    events: int = 0
    moved: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(sum, zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a page; `reason` is why its last reject could not be read."""

    counts: Counts
    reason: str | None = None


async def write_page(
    session: AsyncSession, ground: Ground, page: TranslatedPage, *, settle_rejects: bool, now: datetime
) -> Written:
    """Record what the page says and keep what cannot be read. `settle_rejects`: cases refused before may be in it."""
    done, refused = await record_halving(
        session, page.snapshots, now=now, settle=ground.settle, first_load=ground.first_load,
        catching_up=ground.catching_up, run_id=None if ground.first_load else ground.run_id,
    )  # fmt: skip
    rejected: list[Rejected | Unreadable] = [*page.rejected, *page.page.unreadable]
    rejected += [Rejected(page.record_of(snapshot), reason, snapshot.changed_at) for snapshot, reason in refused]
    await book.quarantine(session, ground.source, rejected, version=ground.version, now=now)
    await book.count_unmapped(session, ground.source, page.unmapped, now=now)
    if settle_rejects and page.snapshots:
        bad = {snapshot.source_ref for snapshot, _ in refused}
        good = [snapshot for snapshot in page.snapshots if snapshot.source_ref not in bad]
        await book.settle_rejected(session, ground.source, good, not_last=_unreadable_last(page), now=now)
    # Last, because lanes meet in these rows and hold them to their end.
    await book.count_rules(session, ground.source, page.fired, version=ground.version, now=now)
    return Written(counts_of(page, done, rejected), rejected[-1].reason if rejected else None)


def _unreadable_last(page: TranslatedPage) -> set[str]:
    """The keys of which the last word in the page cannot be read, or may be it."""
    bad = {one.record.hash for one in page.rejected}
    last = {record.ref: record.hash in bad for record in page.page.records}
    return {ref for ref, is_bad in last.items() if is_bad} | {one.ref for one in page.page.unreadable if one.ref}


def counts_of(page: TranslatedPage, done: Recorded, rejected: Sequence[object]) -> Counts:
    """The page in numbers."""
    return Counts(
        seen=page.seen, unchanged=page.page.unchanged, new=done.new, changed=done.changed, stale=done.stale,
        rejected=len(rejected), unmapped=len(page.unmapped), left_out=page.left_out, events=done.events,
        moved=done.stage_changes,
    )  # fmt: skip
