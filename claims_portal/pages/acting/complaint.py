"""`/claim/{id}/complaint`: the formal complaint that we composed against us, served with one press; its receipt."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import format_claim_number
from claims_core.tables import FormalComplaint, Question, QuestionCategory
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.acting.complaint_receipt import receipt_of
from claims_portal.pages.acting.tasks import task_due
from claims_portal.pages.claim.complaint import LONGEST_ADDITION, Composed, compose
from claims_portal.pages.claim.complaint_card import served_of
from claims_portal.pages.claim.facts import facts_of
from claims_portal.pages.claim.page import ServedComplaint
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.speech import Speech
from claims_portal.pdf import to_pdf
from claims_portal.rendering import page
from notifier import direct

router = APIRouter(include_in_schema=False)

Own = Annotated[OwnersView, Depends(require_own_claim)]
Fresh = Annotated[OwnersView, Depends(require_fresh_claim)]


@dataclass(frozen=True, slots=True)
class KeptComplaint:
    """One that was served: its words, and the address of its receipt."""

    about: ServedComplaint
    text: str
    address: str


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    """pages/complaint.html: what would be served, in full and as `shown`, and what was served before."""

    id: str
    ref: str
    composed: Composed | None
    shown: str
    typed: str
    clock: str
    problems: Problems
    kept: tuple[KeptComplaint, ...]
    just_sent: bool


@router.get("/claim/{claim_id}/complaint")
async def show_complaint(request: Request, view: Own, sent: str = "") -> Response:
    """The complaint in full, from a broken promise on; what was served can always be read."""
    return _shown(request, view, just_sent=sent == "yes")


@router.post("/claim/{claim_id}/complaint")
async def serve(
    request: Request, view: Own, addition: Annotated[str, Form()] = "", shown: Annotated[str, Form()] = ""
) -> Response:
    """Serve what was shown, with what the client added. Pressed twice it is served once."""
    composed, due, said = _composed(request, view)
    to = RedirectResponse(f"/claim/{view.claim['id']}/complaint?sent=yes", 303)
    if composed is None:
        if not view.claim.parts["complaints"]:
            raise NotFound
        return to
    typed = addition.replace("\0", "").replace("\r\n", "\n").strip()
    problem = _problem(typed, shown, composed, said)
    if problem is not None:
        return _shown(request, view, problem=problem, typed=typed[: 2 * LONGEST_ADDITION])
    portal, now = portal_of(request), now_of(request)
    async with session_scope(portal.engine) as session:
        task = await ledger.serve_complaint(
            session,
            claim_id=view.claim["id"],
            policyholder_id=view.policyholder_id,
            ground=composed.ground,
            language=said.language,
            text=composed.text(typed, said.say("In my own words")),
            now=now,
            answer_due_at=due,
        )
        if task is not None:
            await direct.tell_question_heard(session, question_id=task.id, now=now, settings=portal.notifier)
    return to


def _problem(typed: str, shown: str, composed: Composed, said: Speech) -> str | None:
    """Why it is not served: what is served is what was read."""
    if len(typed) > LONGEST_ADDITION:
        return said.say("That is too long. {n} letters fit", n=LONGEST_ADDITION)
    if shown != _mark(composed):
        return said.say("Something has changed since you opened this page. Read the complaint again and serve it")
    return None


@router.get("/claim/{claim_id}/complaint/{complaint_id}")
async def fetch_receipt(request: Request, complaint_id: UUID, view: Fresh) -> Response:
    """The receipt as a PDF, the same bytes whenever it is fetched; with a fresh code only."""
    settings, brand = portal_of(request).settings, portal_of(request).brand
    async with session_scope(portal_of(request).engine) as session:
        complaint, task = await _found(session, view.claim["id"], complaint_id)
        paper = receipt_of(
            complaint,
            task,
            number=view.claim["claim_number"],
            settings=settings,
            insurer=brand.name(complaint.language),
        )
    made = await asyncio.to_thread(to_pdf, paper, brand.head(complaint.language))
    name = f"complaint-{complaint.reference}.pdf"
    return Response(
        made, media_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


async def _found(session: AsyncSession, claim_id: UUID, complaint_id: UUID) -> tuple[FormalComplaint, Question]:
    found = await session.exec(
        select(FormalComplaint, Question)
        .join(Question, col(Question.id) == col(FormalComplaint.question_id))
        .where(col(FormalComplaint.question_id) == complaint_id, col(FormalComplaint.claim_id) == claim_id)
    )
    both = found.one_or_none()
    if both is None:
        raise NotFound
    return both[0], both[1]


def _composed(request: Request, view: OwnersView) -> tuple[Composed | None, datetime, Speech]:
    """What would be served now, by when it is answered, and in which words; nothing where it was served already."""
    row, said, settings = view.claim, speech_for(request, view.claim), portal_of(request).settings
    due = task_due(QuestionCategory.COMPLAINT, row, said.now, settings)
    facts = facts_of(row, said.today)
    answer_by = due.astimezone(settings.zone).date()
    composed = compose(facts, said, insurer=portal_of(request).brand.name(said.language), answer_by=answer_by)
    if composed is not None and composed.ground in {one["ground"] for one in row.parts["complaints"]}:
        composed = None
    return composed, due, said


def _mark(composed: Composed) -> str:
    """What the form says it showed."""
    return hashlib.sha256(composed.text().encode()).hexdigest()


def _shown(
    request: Request, view: OwnersView, *, problem: str | None = None, typed: str = "", just_sent: bool = False
) -> Response:
    composed, due, said = _composed(request, view)
    kept = tuple(_kept(one, view, said) for one in reversed(view.claim.parts["complaints"]))
    if composed is None and not kept:
        raise NotFound
    made = ComplaintPage(
        id=str(view.claim["id"]),
        ref=said.say("Claim {ref}", ref=format_claim_number(view.claim["claim_number"])),
        composed=composed,
        shown=_mark(composed) if composed else "",
        typed=typed,
        clock=said.say("A person answers by {when}", when=said.moment_within(due)),
        problems=Problems((Problem("addition", problem),)) if problem else NO_PROBLEMS,
        kept=kept,
        just_sent=just_sent and bool(kept),
    )
    return page(request, "pages/complaint.html", made, status=422 if problem else 200)


def _kept(complaint: dict[str, Any], view: OwnersView, said: Speech) -> KeptComplaint:
    task = next((one for one in view.claim.parts["questions"] if one["id"] == complaint["id"]), None)
    address = f"/claim/{view.claim['id']}/complaint/{complaint['id']}"
    return KeptComplaint(served_of(complaint, task, said), task["text"] if task else "", address)
