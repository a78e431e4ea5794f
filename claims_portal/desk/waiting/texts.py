"""What the desk reads about texts: versions with the names of people, what is proposed, what cannot be said."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_portal.tables import Staff
from notifier.states import TextState
from notifier.versions.editing import Place, all_versions, versions_of
from notifier.versions.rule_drafts import waiting as rules_waiting

# A version that could not be said and is still in force; what ships is version 0.
_BROKEN = text("""
select a.template, a.channel, a.language, a.version, a.why, a.raised_at from text_alarm a
where a.version = coalesce((select v.version from template_version v where v.state = 'published'
  and (v.template, v.channel, v.language) = (a.template, a.channel, a.language)), 0)
""")
_WAITING = text("select count(*) from template_version where state = 'draft'")


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a text, with names in the place of ids. `written_by` and its like are None for nobody."""

    version: int
    source: str
    why: str
    state: TextState
    writer: str
    written_by: str
    written_at: datetime
    publisher: str | None
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a text stands: the version in force (0 is what ships), the versions proposed, why it cannot be said."""

    in_force: int = 0
    proposed: tuple[int, ...] = ()
    broken: str | None = None


async def read_standing(session: AsyncSession) -> dict[Place, Standing]:
    """Every text that was edited or cannot be said; of all others what ships is said."""
    found: dict[Place, Standing] = {}
    for row in await all_versions(session, TextState.PUBLISHED, TextState.DRAFT):
        place = (row.template, row.channel, row.language)
        had = found.get(place, Standing())
        is_draft = row.state is TextState.DRAFT
        found[place] = Standing(
            in_force=had.in_force if is_draft else row.version,
            proposed=(*had.proposed, row.version) if is_draft else had.proposed,
        )
    for place, why in (await read_broken(session)).items():
        had = found.get(place, Standing())
        found[place] = Standing(had.in_force, had.proposed, why)
    return found


async def read_broken(session: AsyncSession) -> dict[Place, str]:
    """The texts in force that could not be said, and why."""
    rows = await (await session.connection()).execute(_BROKEN)
    return {(row.template, row.channel, row.language): row.why for row in rows}


async def read_versions(session: AsyncSession, place: Place) -> tuple[Version, ...]:
    """Every edited version of a text, the newest first."""
    rows = await versions_of(session, place)
    names = await names_of(session, {who for row in rows for who in (row.written_by, row.published_by) if who})
    return tuple(
        Version(
            version=row.version,
            source=row.source,
            why=row.why,
            state=row.state,
            writer=names.get(row.written_by, row.written_by),
            written_by=row.written_by,
            written_at=row.written_at,
            publisher=names.get(row.published_by, row.published_by) if row.published_by else None,
            published_at=row.published_at,
        )
        for row in rows
    )


async def to_decide(session: AsyncSession) -> int:
    """How many texts and drafts of rules wait for somebody: proposed, or in force and not to be said."""
    waiting = int((await (await session.connection()).execute(_WAITING)).scalar_one())
    return waiting + len(await read_broken(session)) + await rules_waiting(session)


async def names_of(session: AsyncSession, actors: set[str]) -> dict[str, str]:
    """The names behind `staff:<id>`."""
    ids = [UUID(actor.removeprefix("staff:")) for actor in actors if actor.startswith("staff:")]
    found = await session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids)))
    return {f"staff:{staff_id}": name for staff_id, name in found.all()}
