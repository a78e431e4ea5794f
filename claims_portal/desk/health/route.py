"""`/desk/health`: one page that says what works, what to look at, and what is wrong. Nothing on it names a client."""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from claims_core.db import session_scope
from claims_portal.deps import portal_of
from claims_portal.desk.access import KEEPERS, Staffed, may_read_claims
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.health.judging import judged
from claims_portal.desk.health.reading import read_everything
from claims_portal.desk.health.words import Line, line_of, verdict
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class HealthPage:
    """desk/health.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    verdict: tuple[str, str, str]
    looked: str
    lines: tuple[Line, ...]


@router.get("/health")
async def show_health(request: Request, viewer: Staffed = Depends(KEEPERS)) -> Response:
    """How everything stands at this moment. The page does not renew itself: it says when it looked."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        found = await read_everything(session, now=says.now, zone=says.zone)
        rail = await rail_for(session, viewer, "health", now=says.now)
    rows = judged(found, says.now)
    made = HealthPage(
        rail=rail,
        title=says.told("How everything stands"),
        verdict=verdict(rows, says),
        looked=says.told("Looked at {time}.", time=says.time(says.now)),
        lines=tuple(line_of(row, says, reads_claims=may_read_claims(viewer)) for row in rows),
    )
    return page(request, "desk/health.html", made)
