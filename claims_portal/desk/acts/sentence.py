"""One true sentence to a client who has heard nothing: looked at as it will be read, then kept until its time."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.ledger import Holder
from claims_portal.deps import portal_of
from claims_portal.desk.access import CHANGERS, Staffed
from claims_portal.desk.claim.route import made_page, says_of
from claims_portal.desk.claim.sentence_view import Wrote
from claims_portal.desk.facts.claim import read_claim
from claims_portal.desk.form.form import ChangeForm
from claims_portal.rendering import page
from notifier.planning.sentences import as_sentence, look_at

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.post("/{claim_id:uuid}/sentence")
async def write_sentence(
    request: Request,
    claim_id: UUID,
    sentence: Annotated[str, Form()] = "",
    act: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(CHANGERS),
) -> Response:
    """Show how the client will read it, or keep it; what may not be said comes back with the reason.

    When the silence is over meanwhile, nothing is kept and the page says so.
    """
    says, settings = says_of(request), portal_of(request).notifier
    async with session_scope(portal_of(request).engine) as session:
        facts = await read_claim(session, claim_id, now=says.now)
        if facts.sentence is None:
            return RedirectResponse(f"/desk/{claim_id}?done=silence-over", 303)
        look = await look_at(session, claim_id, sentence, by=viewer.name, now=says.now, settings=settings)
        said = as_sentence(sentence)
        if act == "keep" and not look.problems:
            by = Holder(viewer.actor, viewer.name)
            await ledger.write_sentence(session, claim_id, text=said, by=by, now=says.now)
            return RedirectResponse(f"/desk/{claim_id}?done=sentence#sentence", 303)
        wrote = Wrote(sentence, said, look)
        made = await made_page(session, facts, viewer, says, ChangeForm(), settings=settings, wrote=wrote)
    return page(request, "desk/claim.html", made, status=422 if look.problems else 200)
