"""`/claim/{id}/survey`: the answer to the one question at the end, with one sentence if the reader likes."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.claim.build import build_claim_page
from claims_portal.pages.claim.facts import facts_of
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.claim.survey import survey_card
from claims_portal.rendering import page
from notifier.people.surveys import LONGEST_SENTENCE, rate_on_page

router = APIRouter(include_in_schema=False)


@router.post("/claim/{claim_id}/survey")
async def answer_survey(
    request: Request,
    view: Annotated[OwnersView, Depends(require_own_claim)],
    rating: Annotated[str, Form()] = "",
    said: Annotated[str, Form()] = "",
) -> Response:
    """Keep the answer, beside what was answered before. Where nothing is asked, nothing is kept."""
    claim_id, speech = view.claim["id"], speech_for(request, view.claim)
    if not rating:
        card = survey_card(
            facts_of(view.claim, speech.today), speech, problem=speech.say("Choose a figure"),
            typed=said[:LONGEST_SENTENCE],
        )  # fmt: skip
        made = build_claim_page(view.claim, speech, portal_of(request).settings)
        return page(request, "pages/claim.html", replace(made, survey=card), status=422)
    if rating.isascii() and rating.isdecimal() and len(rating) < 3:
        async with session_scope(portal_of(request).engine) as session:
            await rate_on_page(session, claim_id, int(rating), said, now=now_of(request))
    return RedirectResponse(f"/claim/{claim_id}#survey", 303)
