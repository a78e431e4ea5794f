"""The answer to what a client asked: kept, signed, and told over the client's channel."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import marked as _
from claims_core.ledger import Holder
from claims_core.tables import Question
from claims_portal.deps import portal_of
from claims_portal.desk.access import ANSWERERS, Staffed
from claims_portal.desk.claim.asked_view import Typed
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import answered_lines, made_page, says_of
from claims_portal.desk.facts.claim import read_claim
from claims_portal.desk.form.form import ChangeForm
from claims_portal.desk.says import Says
from claims_portal.rendering import page
from notifier import direct

router = APIRouter(prefix="/desk", include_in_schema=False)

LONGEST_ANSWER = 4000
A_COLLEAGUES = _("{name} has this question since {time}. Nothing was sent: to answer all the same, take it over.")
LOOK_AGAIN = _("The question has changed hands meanwhile. Nothing was sent: press again to answer it.")


@router.post("/{claim_id:uuid}/answer")
async def answer(
    request: Request,
    claim_id: UUID,
    question: Annotated[UUID, Form()],
    answer: Annotated[str, Form()] = "",
    over: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """Answer a question of this claim: kept, signed with the person's name, and told over the client's channel.

    One that a colleague has is answered only by who says so: `over` names the colleague that the form showed.
    """
    says, text = says_of(request), answer.replace("\0", "").strip()
    problem = _problem(text, says)
    if problem is None:
        try:
            async with session_scope(portal_of(request).engine) as session:
                await _answer(session, claim_id, question, text, viewer, over, says.now)
                settings = portal_of(request).notifier
                await direct.tell_answer(session, question_id=question, now=says.now, settings=settings)
            return RedirectResponse(f"/desk/{claim_id}?done=answered", 303)
        except Conflict:
            problem = ""
    async with session_scope(portal_of(request).engine) as session:
        facts = await read_claim(session, claim_id, now=says.now)
        still_open = next((one for one in facts.open_questions if one.id == question), None)
        typed = Typed(question, text, problem or _who_has(still_open, says))
        notice = None if still_open else Notice("act", "warn", tuple(answered_lines(facts, typed, says)))
        settings = portal_of(request).notifier
        made = await made_page(
            session, facts, viewer, says, ChangeForm(), settings=settings, typed=typed, notice=notice
        )
    return page(request, "desk/claim.html", made, status=422 if still_open else 409)


def _problem(text: str, says: Says) -> str | None:
    if not text:
        return says.told("Write the answer first")
    if len(text) > LONGEST_ANSWER:
        return says.told("Use at most {most} characters", most=LONGEST_ANSWER)
    return None


def _who_has(question: Question | None, says: Says) -> str:
    """Why an answer was not taken although there is none yet: somebody took the question, or gave it back."""
    if question is None or question.taken_at is None:
        return says.told(LOOK_AGAIN)
    return says.told(A_COLLEAGUES, name=question.taken_by_name or "", time=says.by(question.taken_at))


async def _answer(
    session: AsyncSession, claim_id: UUID, question_id: UUID, text: str, viewer: Staffed, over: str, now: datetime
) -> None:
    found = await session.get(Question, question_id)
    if found is None or found.claim_id != claim_id:
        raise NotFound
    session.expunge(found)
    if over and over == found.taken_by != viewer.actor:
        me = Holder(viewer.actor, viewer.name)
        await ledger.hand_over_question(session, question_id, had=over, to=me, by=viewer.actor, now=now)
    # The client reads who answered: the name goes with the answer, the audit has the person.
    await ledger.answer_question(session, question_id, answer=text, by=viewer.name, now=now, only_of=viewer.actor)
    detail = {"claim_id": str(claim_id)}
    subject = f"question:{question_id}"
    await ledger.audit(session, actor=viewer.actor, action="answered", subject=subject, detail=detail, now=now)
