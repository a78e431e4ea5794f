"""How old what we know of each source is: written down with every complete look and every push, told when too old."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import Page
from backoffice_adapter.tables import SourceFreshness

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Age:
    """How old our knowledge of a source is; None before its first complete reading, which is no alarm."""

    source: str
    fresh_at: datetime | None
    old_after: timedelta
    is_old: bool


def tells_all(config: SourceConfig, page: Page) -> bool:
    """Do we know after this page how the source stands? A folder without a new file says nothing new (pure)."""
    if config.expected is not None and config.delivers_files:
        return page.file is not None
    return page.complete


async def publish(session: AsyncSession, config: SourceConfig) -> None:
    """Write down from what age on this source is old, for whoever shows its data."""
    await _put(session, config, {})


async def freshen(session: AsyncSession, config: SourceConfig, *, now: datetime) -> None:
    """We know now how the source stands; in the transaction of the page that told us."""
    await _put(session, config, {"fresh_at": now})


async def heard(session: AsyncSession, source: str, *, at: datetime) -> None:
    """The source told us of a change at that moment. Says nothing before its first complete reading."""
    row = update(SourceFreshness).where(col(SourceFreshness.source) == source, col(SourceFreshness.fresh_at) < at)
    await (await session.connection()).execute(row.values(fresh_at=at))


async def ages(session: AsyncSession, *, now: datetime) -> list[Age]:
    """All sources that were ever read, by name."""
    rows = await session.exec(select(SourceFreshness).order_by(col(SourceFreshness.source)))
    return [_age(row, now) for row in rows]


async def alarm(session: AsyncSession, source: str, *, now: datetime) -> str | None:
    """An error in the log when a source is old; what was said, for the list of jobs."""
    row = await session.get(SourceFreshness, source)
    age = _age(row, now) if row is not None else None
    if age is None or not age.is_old or age.fresh_at is None:
        return None
    minutes = int((now - age.fresh_at).total_seconds() // 60)
    expected = int(age.old_after.total_seconds() // 60)
    log.error("source_is_old", extra={"source": source, "minutes": minutes, "old_after_minutes": expected})
    return f"nothing new for {minutes} min"


def _age(row: SourceFreshness, now: datetime) -> Age:
    old_after = timedelta(seconds=row.old_after_seconds)
    return Age(row.source, row.fresh_at, old_after, row.fresh_at is not None and now - row.fresh_at > old_after)


async def _put(session: AsyncSession, config: SourceConfig, more: dict[str, datetime]) -> None:
    values = {"old_after_seconds": int(config.old_after.total_seconds()), **more}
    statement = insert(SourceFreshness).values(source=config.name, **values)
    upsert = statement.on_conflict_do_update(index_elements=["source"], set_=values)
    await (await session.connection()).execute(upsert)
