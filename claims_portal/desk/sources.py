"""`/desk/sources`: what came from the back offices and could not be read, for those who answer for it."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import marked as _
from claims_portal.deps import portal_of
from claims_portal.desk.access import KEEPERS, Staffed
from claims_portal.desk.claim_page import Notice
from claims_portal.desk.claims import says_of
from claims_portal.desk.rail import Rail, rail_for
from claims_portal.desk.rejected_rows import RejectedRow, is_open, read_rejected
from claims_portal.desk.says import Says
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)

SHOWN = 100
# What somebody was just told by a redirect; anything else in the address is nothing.
NOTICES = {"retry": ("ok", "undo", _("It is tried again within seconds. Open this page again to see how it went."))}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A case that could not be read, in words."""

    id: UUID
    source: str
    place: str
    field: str
    reason: str
    seen: str
    since: str
    shape: str
    pending: bool


@dataclass(frozen=True, slots=True)
class SourcesPage:
    """desk/sources.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    notice: Notice | None
    rejected: tuple[Rejected, ...]
    total: str


@router.get("/sources")
async def show_sources(request: Request, viewer: Staffed = Depends(KEEPERS)) -> Response:
    """The cases that could not be read."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        rows, total = await read_rejected(session, limit=SHOWN)
        rail = await rail_for(session, viewer, "sources")
    notice = NOTICES.get(request.query_params.get("done", ""))
    made = SourcesPage(
        rail=rail,
        title=says.told("Back offices"),
        notice=Notice(notice[0], notice[1], (says.told(notice[2]),)) if notice else None,
        rejected=tuple(_rejected(row, says) for row in rows),
        total=says.counted("{n} case could not be read", "{n} cases could not be read", total),
    )
    return page(request, "desk/sources.html", made)


@router.post("/sources/rejected/{rejected_id:uuid}/retry")
async def retry(request: Request, rejected_id: UUID, viewer: Staffed = Depends(KEEPERS)) -> Response:
    """Ask the adapter to try a case again."""
    now = says_of(request).now
    async with session_scope(portal_of(request).engine) as session:
        if not await is_open(session, rejected_id):
            raise NotFound
        await ledger.request_retry(session, rejected_id, by=viewer.actor, now=now)
    return RedirectResponse("/desk/sources?done=retry", 303)


def _rejected(row: RejectedRow, says: Says) -> Rejected:
    tried = says.told("tried again {time}", time=says.when(row.tried_at)) if row.tried_at else None
    last = says.when(row.last_seen_at)
    since = says.told("since {time}", time=says.when(row.first_seen_at))
    return Rejected(
        id=row.id,
        source=row.source,
        place=row.place or row.ref or says.told("unknown"),
        field=row.field or "",
        reason=row.reason.removeprefix(f"{row.field}: ") if row.field else row.reason,
        seen=says.counted("{n} time, last {time}", "{n} times, last {time}", row.times, time=last),
        since=", ".join(filter(None, (since, tried))),
        shape=row.shape,
        pending=row.pending,
    )
