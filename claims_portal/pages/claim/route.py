"""`/claim/{id}` and the question asked on it. What is not yours is not there."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import QuestionCategory
from claims_portal.auth import OwnersView, require_own_claim, require_reader
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.kept_pages import Shown
from claims_portal.pages.claim.build import build_claim_page, for_representative, zone_of_reader
from claims_portal.pages.claim.questions import Typed, answer_due
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimRow, led_to
from claims_portal.rendering import dress_of, page
from notifier import direct

router = APIRouter(include_in_schema=False)

LONGEST_QUESTION = 4000


def speech_for(request: Request, row: ClaimRow) -> Speech:
    """How to speak to the owner of this claim."""
    return Speech(
        look_of(request).language, zone_of_reader(row["time_zone"], portal_of(request).settings), now_of(request)
    )


@router.get("/claim/{claim_id}")
async def show_claim(request: Request, view: Annotated[OwnersView, Depends(require_reader)]) -> Response:
    """The claim page. A claim that was joined with another leads there. Whoever represents reads, and does nothing."""
    if view.claim["merged_into"] is not None:
        to = await led_to(portal_of(request).pool, view.claim["id"], viewer_id=view.policyholder_id)
        if to is not None:
            return RedirectResponse(f"/claim/{to}", 303)
    portal, minute = portal_of(request), now_of(request).replace(second=0, microsecond=0)
    said = replace(speech_for(request, view.claim), now=minute)

    def make() -> Response:
        made = build_claim_page(view.claim, said, portal.settings)
        made = for_representative(made, view.represents, said) if view.represents else made
        return page(request, "pages/claim.html", made)

    whose = (view.policyholder_id, view.claim["id"], dress_of(request))
    shown = Shown(whose, minute, view.claim.columns)
    return portal.kept_pages.page(shown, make, most=portal.settings.portal_kept_pages_mb * 1_000_000)


@router.post("/claim/{claim_id}/questions")
async def ask(
    request: Request,
    view: Annotated[OwnersView, Depends(require_own_claim)],
    question: Annotated[str, Form()] = "",
    category: Annotated[str, Form()] = "",
) -> Response:
    """Take a question or an idea: it has a clock from now on, and a person who answers."""
    is_idea = category == QuestionCategory.IDEA
    text, portal = question.replace("\x00", "").strip(), portal_of(request)
    said = speech_for(request, view.claim)
    problem = None
    if not text:
        problem = said.say("Write your question first")
    elif len(text) > LONGEST_QUESTION:
        problem = said.say(
            "The question is too long. {n} letters fit, yours has {have}", n=LONGEST_QUESTION, have=len(text)
        )
    if problem is not None:
        typed = Typed(problem, text[: 2 * LONGEST_QUESTION], is_idea)
        made = build_claim_page(view.claim, said, portal.settings, typed=typed)
        return page(request, "pages/claim.html", made, status=422)
    now, claim_id = now_of(request), view.claim["id"]
    async with session_scope(portal.engine) as session:
        asked = await ledger.ask_question(
            session,
            claim_id=claim_id,
            policyholder_id=view.policyholder_id,
            channel="page",
            category=QuestionCategory.IDEA if is_idea else QuestionCategory.QUESTION,
            text=text,
            now=now,
            answer_due_at=answer_due(now, portal.settings),
        )
        await direct.tell_question_heard(session, question_id=asked.id, now=now, settings=portal.notifier)
    return RedirectResponse(f"/claim/{claim_id}#questions", 303)
