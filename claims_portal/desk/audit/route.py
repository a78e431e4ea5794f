"""`/desk/audit`: who saw and did what. Reading it is an act like any other."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_portal.deps import portal_of
from claims_portal.desk.access import AUDIT_READERS, Staffed, may_read_claims
from claims_portal.desk.audit.filters import Part, TrailFilters, trail_filters
from claims_portal.desk.audit.reading import (
    Asked,
    Row,
    actors_called,
    claims_numbered,
    last_check,
    names_of,
    numbers_of,
    read_trail,
)
from claims_portal.desk.audit.sheet import as_sheet
from claims_portal.desk.audit.view import PARTS, AuditPage, acts_to_choose, chain_said, lines_of
from claims_portal.desk.choices import choices
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.rendering import page

router = APIRouter(prefix="/desk/audit", include_in_schema=False)

PAGE_SIZE = 50
# A file is made at once, in memory; the days of the filter divide what is longer, and the page says so.
SHEET_SIZE = 10_000


@router.get("")
async def show_audit(request: Request, viewer: Staffed = Depends(AUDIT_READERS)) -> Response:
    """A page of the trail, and whether it is whole."""
    says, filters = says_of(request), trail_filters(request.query_params)
    async with session_scope(portal_of(request).engine) as session:
        rows = await _read(session, filters, viewer, says, size=PAGE_SIZE + 1, how="page")
        made = await _made(session, filters, viewer, says, rows)
    return page(request, "desk/audit.html", made)


@router.get("/sheet")
async def show_sheet(request: Request, viewer: Staffed = Depends(AUDIT_READERS)) -> Response:
    """The same rows as CSV, up to ten thousand of them."""
    says, filters = says_of(request), trail_filters(request.query_params)
    async with session_scope(portal_of(request).engine) as session:
        rows = await _read(session, filters, viewer, says, size=SHEET_SIZE, how="sheet")
        said = as_sheet(rows, await names_of(session, [row.who for row in rows]))
    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return Response(said, media_type="text/csv; charset=utf-8", headers=headers)


async def _read(
    session: AsyncSession, filters: TrailFilters, viewer: Staffed, says: Says, *, size: int, how: str
) -> list[Row]:
    """The rows; that they were read, and which, is written down. An administrator sees no look at a claim."""
    claims = may_read_claims(viewer)
    asked = Asked(
        part=filters.part if claims else Part.ACTS,
        actors=await actors_called(session, filters.person) if filters.person else None,
        claims=await claims_numbered(session, filters.claim) if filters.claim and claims else None,
        action=filters.act,
        since=_start(filters.since, says),
        until=_start(filters.until + timedelta(days=1) if filters.until else None, says),
        after=filters.after,
    )
    rows = await read_trail(session, asked, size=size)
    detail: dict[str, Any] = {"how": how, "rows": len(rows), "claims": [str(each) for each in asked.claims or ()]}
    await ledger.audit(session, actor=viewer.actor, action="audit_read", subject="audit", detail=detail, now=says.now)
    return rows


def _start(day: date | None, says: Says) -> datetime | None:
    return datetime(day.year, day.month, day.day, tzinfo=says.zone) if day else None


async def _made(
    session: AsyncSession, filters: TrailFilters, viewer: Staffed, says: Says, rows: Sequence[Row]
) -> AuditPage:
    shown, claims = rows[:PAGE_SIZE], may_read_claims(viewer)
    names = await names_of(session, [who for row in shown for who in (row.who, row.subject)])
    numbers = await numbers_of(session, [row.subject for row in shown]) if claims else {}
    tone, icon, state = chain_said(await last_check(session), says)
    return AuditPage(
        rail=await rail_for(session, viewer, "audit", now=says.now),
        title=says.told("The trail"),
        filters=filters,
        tone=tone,
        icon=icon,
        state=state,
        parts=choices(PARTS, filters.part, says),
        acts=acts_to_choose(filters.act, says),
        lines=lines_of(shown, names, numbers, says),
        reads_claims=claims,
        start=filters.address() if filters.after else None,
        older=filters.address(after=shown[-1].step) if len(rows) > PAGE_SIZE else None,
        sheet=filters.address("/desk/audit/sheet"),
    )
