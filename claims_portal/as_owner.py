"""`/desk/{id}/as-client`: the policyholder's own page, shown to staff as it is: to read, and to do nothing with.

It stands above pages and desk, which are strangers to each other.
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_portal.deps import now_of, portal_of
from claims_portal.desk.access import READERS, Staffed
from claims_portal.desk.facts.claim import record_look
from claims_portal.pages.claim.build import build_claim_page
from claims_portal.pages.claim.route import speech_for
from claims_portal.queries import claim_as_owner
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("/{claim_id:uuid}/as-client")
async def show_as_owner(request: Request, claim_id: UUID, viewer: Annotated[Staffed, Depends(READERS)]) -> Response:
    """The page as its owner has it now. The look is kept and audited; no form of it can be sent from here."""
    portal, now = portal_of(request), now_of(request)
    row = await claim_as_owner(portal.pool, claim_id)
    if row is None:
        raise NotFound
    async with session_scope(portal.engine) as session:
        await record_look(session, claim_id=claim_id, staff_id=viewer.id, page="as_owner", why="as_owner", now=now)
        subject = f"claim:{claim_id}"
        await ledger.audit(session, actor=viewer.actor, action="seen_as_owner", subject=subject, detail={}, now=now)
    made = build_claim_page(row, speech_for(request, row), portal.settings)
    answer = page(request, "desk/as_owner.html", made)
    # Added to the policy of all pages: what the browser refuses, nobody sends by mistake in a client's name.
    answer.headers["Content-Security-Policy"] = "form-action 'none'"
    return answer
