"""Filters of the queue with a name: a person's own, and those that a supervisor shares with the team."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import BadInput, NotFound
from claims_core.ids import new_id
from claims_portal.desk.access import Staffed
from claims_portal.desk.filters import QueueFilters, filters_from, to_search
from claims_portal.tables import Role, SavedView

LONGEST_NAME = 40
MOST = 30

# A shared view is there for whoever is in the team of its owner, as long as the owner works here as a supervisor.
_SHOWN = text("""
select v.id, v.name, v.filters, v.staff_id = :me as is_own, v.is_shared from saved_view v
join staff s on s.id = v.staff_id
where v.staff_id = :me or v.is_shared and s.role = 'supervisor' and s.disabled_at is null
  and s.team is not distinct from cast(:team as text)
order by v.staff_id = :me desc, lower(v.name), v.id limit :most
""")


@dataclass(frozen=True, slots=True)
class View:
    """One of the views above the queue."""

    id: UUID
    name: str
    address: str
    current: bool
    is_own: bool
    is_shared: bool


def kept(filters: QueueFilters) -> QueueFilters:
    """What a view keeps: a search names a person and is none, and a view begins at its first page."""
    return replace(filters, search="", after=None)


def read_view(words: str) -> QueueFilters:
    """The filters that were kept; what is no filter any more is left out, never an error."""
    return kept(filters_from(dict(parse_qsl(words[:500]))))


async def read_views(session: AsyncSession, viewer: Staffed, filters: QueueFilters) -> tuple[View, ...]:
    """The viewer's own views and those of the team, the own first; the one that `filters` are is current."""
    values = {"me": viewer.id, "team": viewer.team, "most": 2 * MOST}
    rows = (await (await session.connection()).execute(_SHOWN, values)).all()
    now = kept(filters) if not filters.search else None
    return tuple(
        View(row.id, row.name, view.address(), view == now, row.is_own, row.is_shared)
        for row in rows
        for view in [read_view(row.filters)]
    )


async def save_view(session: AsyncSession, viewer: Staffed, *, name: str, filters: QueueFilters, share: bool) -> None:
    """Keep the filters under the name, in the place of an own view that has it. Raises `BadInput`.

    Only a supervisor shares: of anybody else the wish is refused.
    """
    said, asked = to_search(name)[:LONGEST_NAME], kept(filters)
    if not said or not asked.is_narrowed or (share and viewer.role is not Role.SUPERVISOR):
        raise BadInput("a view has a name and at least one filter, and a supervisor shares it")
    mine = [view for view in await read_views(session, viewer, asked) if view.is_own]
    if len(mine) >= MOST and said not in {view.name for view in mine}:
        raise BadInput("there are too many views")
    values = {"filters": urlsplit(asked.address()).query, "is_shared": share}
    row = insert(SavedView).values(id=new_id(), staff_id=viewer.id, name=said, **values)
    await session.exec(row.on_conflict_do_update(index_elements=["staff_id", "name"], set_=values))


async def drop_view(session: AsyncSession, viewer: Staffed, view_id: UUID) -> None:
    """Forget one's own view. Raises `NotFound` for anybody else's, and for none."""
    own = delete(SavedView).where(col(SavedView.id) == view_id, col(SavedView.staff_id) == viewer.id)
    if (await session.exec(own)).rowcount != 1:
        raise NotFound
