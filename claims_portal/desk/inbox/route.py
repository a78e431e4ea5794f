"""`/desk/questions`: what clients asked, the least time left on top; who has which, taken and handed over."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.i18n import marked as _
from claims_core.ledger import Holder
from claims_core.tables import Question
from claims_portal.deps import portal_of
from claims_portal.desk.access import ANSWERERS, READERS, Staffed, may_answer, may_hand_over
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.questions import Asked, Counts, Shown, colleagues, read_asked, read_counts
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.desk.words import CATEGORIES
from claims_portal.rendering import page

router = APIRouter(prefix="/desk/questions", include_in_schema=False)

LATE_BY, LEFT = _("late by {time}"), _("{time} left")
HAS_IT = _("{name} has this question since {time}. Nothing was changed.")
ANSWERED = _("This question has its answer already. Nothing was changed.")
NOBODY_HAS_IT = _("Nobody has this question any more. Nothing was changed.")
DONE = {
    "taken": _("The question is yours. Its clock goes on."),
    "handed": _("Handed over. The client reads the new name; the clock goes on."),
    "back": _("The question is the team's again."),
}
TABS = {
    Shown.ALL: _("Team {n}"),
    Shown.MINE: _("Mine {n}"),
    Shown.NOBODYS: _("Nobody's {n}"),
    Shown.LATE: _("Late {n}"),
}


@dataclass(frozen=True, slots=True)
class Tab:
    """One part of the inbox and how much is in it."""

    words: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """One question of the inbox."""

    id: UUID
    left: str
    late: bool
    name: str
    number: str
    category: str
    text: str
    address: str | None
    had: str
    holder: str
    since: str
    may_take: bool
    may_hand_over: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """desk/questions.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    tabs: tuple[Tab, ...]
    shown: str
    rows: tuple[Waiting, ...]
    colleagues: tuple[tuple[UUID, str], ...]
    notice: Notice | None


@router.get("")
async def show_questions(request: Request, viewer: Staffed = Depends(READERS)) -> Response:
    """The questions without an answer, or the part of them that the address names."""
    says, words = says_of(request), request.query_params
    shown = words.get("show", "")
    done = DONE.get(words.get("done", ""))
    notice = Notice("ok", "check", (says.told(done),)) if done else None
    async with session_scope(portal_of(request).engine) as session:
        made = await _made(session, viewer, says, Shown(shown) if shown in set(Shown) else Shown.ALL, notice)
    return page(request, "desk/questions.html", made)


@router.post("/{question_id:uuid}/take")
async def take(
    request: Request, question_id: UUID, show: Annotated[str, Form()] = "", viewer: Staffed = Depends(ANSWERERS)
) -> Response:
    """Take a question that nobody has. Of two who press at once one has it, and the other reads who."""
    now = says_of(request).now
    try:
        async with session_scope(portal_of(request).engine) as session:
            await ledger.take_question(session, question_id, by=Holder(viewer.actor, viewer.name), now=now)
            claim_id = (await session.get_one(Question, question_id)).claim_id
    except Conflict:
        return await _lost(request, viewer, question_id)
    if show == "claim" and claim_id is not None:
        return RedirectResponse(f"/desk/{claim_id}?done=taken#q", 303)
    return RedirectResponse(f"/desk/questions?done=taken{_kept(show)}", 303)


@router.post("/{question_id:uuid}/hand-over")
async def hand_over(
    request: Request,
    question_id: UUID,
    to: Annotated[str, Form()] = "",
    had: Annotated[str, Form()] = "",
    show: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """Give one's own question to a colleague, or back to the team; the head of the team may give any."""
    now = says_of(request).now
    if not may_hand_over(viewer, had or None):
        return await _lost(request, viewer, question_id)
    try:
        async with session_scope(portal_of(request).engine) as session:
            receiver = await _receiver(session, to)
            await ledger.hand_over_question(
                session, question_id, had=had or None, to=receiver, by=viewer.actor, now=now
            )
    except Conflict:
        return await _lost(request, viewer, question_id)
    return RedirectResponse(f"/desk/questions?done={'handed' if receiver else 'back'}{_kept(show)}", 303)


def _kept(show: str) -> str:
    return f"&show={Shown(show).value}" if show in set(Shown) and show != Shown.ALL else ""


async def _receiver(session: AsyncSession, to: str) -> Holder | None:
    """The colleague that the form names; None for nobody. Raises `BadInput` for anybody else."""
    if not to:
        return None
    for staff_id, name in await colleagues(session):
        if str(staff_id) == to:
            return Holder(f"staff:{staff_id}", name)
    raise BadInput("the form names nobody who answers questions")


async def _lost(request: Request, viewer: Staffed, question_id: UUID) -> Response:
    """Somebody was quicker: the inbox as it is now, and who has the question."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        question = await session.get(Question, question_id)
        if question is None:
            raise NotFound
        notice = Notice("act", "warn", (_who_has(question, says),))
        made = await _made(session, viewer, says, Shown.ALL, notice)
    return page(request, "desk/questions.html", made, status=409)


def _who_has(question: Question, says: Says) -> str:
    if question.answered_at is not None:
        return says.told(ANSWERED)
    if question.taken_at is None:
        return says.told(NOBODY_HAS_IT)
    return says.told(HAS_IT, name=question.taken_by_name or "", time=says.by(question.taken_at))


async def _made(session: AsyncSession, viewer: Staffed, says: Says, shown: Shown, notice: Notice | None) -> InboxPage:
    found = await read_asked(session, shown, actor=viewer.actor, now=says.now)
    counts = await read_counts(session, actor=viewer.actor, now=says.now)
    answers = may_answer(viewer)
    return InboxPage(
        rail=await rail_for(session, viewer, "questions", now=says.now),
        title=says.told("Questions"),
        tabs=tuple(_tab(part, counts, shown, says) for part in TABS),
        shown=shown.value,
        rows=tuple(_waiting(one, viewer, says) for one in found),
        colleagues=await colleagues(session) if answers else (),
        notice=notice,
    )


def _tab(part: Shown, counts: Counts, shown: Shown, says: Says) -> Tab:
    address = "/desk/questions" if part is Shown.ALL else f"/desk/questions?show={part.value}"
    return Tab(says.told(TABS[part], n=counts[part]), address, part is shown)


def _waiting(asked: Asked, viewer: Staffed, says: Says) -> Waiting:
    question = asked.question
    left = question.answer_due_at - says.now
    late = left.total_seconds() < 0
    mine = question.taken_by == viewer.actor
    taken_at: datetime | None = question.taken_at
    return Waiting(
        id=question.id,
        left=says.told(LATE_BY if late else LEFT, time=says.span(left)),
        late=late,
        name=asked.name,
        number=asked.claim_number,
        category=says.told(CATEGORIES[question.category]) if question.category in CATEGORIES else "",
        text=question.text,
        address=f"/desk/{question.claim_id}?via=questions" if question.claim_id else None,
        had=question.taken_by or "",
        holder=says.told("you") if mine else question.taken_by_name or "",
        since=says.told("since {time}", time=says.by(taken_at)) if taken_at else "",
        may_take=may_answer(viewer) and question.taken_by is None,
        may_hand_over=may_hand_over(viewer, question.taken_by),
    )
