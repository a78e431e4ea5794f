"""`/desk/{id}`: one claim, as a handler sees it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.i18n import marked as _
from claims_core.stages import is_decided
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.desk.access import READERS, Staffed
from claims_portal.desk.claim.asked_view import Typed
from claims_portal.desk.claim.history import Part
from claims_portal.desk.claim.page import ClaimPage, Notice, claim_page
from claims_portal.desk.claim.sentence_view import Wrote
from claims_portal.desk.claim.under_way import UnderWayPart, under_way
from claims_portal.desk.facts.claim import ClaimFacts, abilities, others_looking, read_claim, record_look
from claims_portal.desk.form.form import Bounds, ChangeForm, Problem, change_form
from claims_portal.desk.form.preview import PreviewView
from claims_portal.desk.form.view import form_again, form_view
from claims_portal.desk.kept import Kept, kept_for
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.rendering import page
from notifier.held_words import texts_of
from notifier.people.preferred import Proposal, proposal_for
from notifier.settings import NotifierSettings

router = APIRouter(prefix="/desk", include_in_schema=False)

# What somebody was just told by a redirect; anything else in the address is nothing.
NOTICES = {
    "undone": ("ok", "undo", _("Undone. Nothing was changed and nothing was sent.")),
    "late": ("act", "warn", _("Too late to undo: the change is being saved to the claims system.")),
    "not-yours": ("act", "warn", _("Only the person who asked for a change, or the head of the team, can undo it.")),
    "let-go": ("ok", "check", _("The message leaves now, or after the client's quiet hours.")),
    "kept-back": ("ok", "check", _("The message is not sent.")),
    "decided-before": ("act", "warn", _("This message does not wait any more: see the history.")),
    "head-decides": ("act", "warn", _("The head of the team decides about messages that were held in bulk.")),
    "called": ("ok", "check", _("Kept: they know it now.")),
    "not-reached": ("ok", "check", _("Kept. They are on the list again tomorrow.")),
    "asked-over": ("ok", "check", _("Kept: this request is over.")),
    "sentence": ("ok", "check", _("Kept. The client reads it when the silence ends, and so on the claim page.")),
    "silence-over": ("act", "warn", _("The client has heard from us meanwhile. Nothing was kept.")),
    "call-over": ("act", "warn", _("This is over already: somebody has called, or they have seen it.")),
    "duty": ("ok", "check", _("Calls are routed to you now.")),
    "off-duty": ("ok", "check", _("No calls are routed to you now.")),
    "taken": ("ok", "check", _("The question is yours. Its clock goes on.")),
    "answered": ("ok", "check", _("The answer is saved and on its way to the client.")),
}
COME_BACK = _("Your session had ended. What you typed is in the form again; nothing of it was saved or sent.")
ANSWERED_MEANWHILE = _("Somebody answered it meanwhile. Your text is kept below.")
ANSWERED_BY = _("{name} answered it at {time}. Yours was not sent and is kept below.")
# Why somebody looks at a claim: how they came to it.
CAME_FROM = frozenset({"queue", "search", "questions", "calls"})


def says_of(request: Request) -> Says:
    """How the desk speaks to the reader of this request."""
    return Says(look_of(request).language, portal_of(request).settings.zone, now_of(request))


def bounds_of(facts: ClaimFacts, says: Says, *, may_pass_limit: bool) -> Bounds:
    """What bounds the dates of a change of this claim."""
    limit = facts.bound.due_date if facts.bound else None
    money_limit = facts.money_limit(says.now)
    return Bounds(
        today=says.today,
        limit=limit,
        money_limit=money_limit,
        may_pass_limit=may_pass_limit,
        ours=facts.decision_due,
        is_decided=is_decided(facts.claim.stage),
    )


@router.get("/{claim_id:uuid}")
async def show_claim(request: Request, claim_id: UUID, viewer: Staffed = Depends(READERS)) -> Response:
    """The claim; each look is kept with who and why."""
    says, words, settings = says_of(request), request.query_params, portal_of(request).notifier
    why = words.get("via", "")
    why = why if why in CAME_FROM else "address"
    async with session_scope(portal_of(request).engine) as session:
        facts = await read_claim(session, claim_id, now=says.now)
        facts = replace(facts, proposal=await _proposed(session, facts, request))
        again = next((one for one in facts.changes if str(one.id) == words.get("again")), None)
        form = form_again(again) if again else ChangeForm()
        kept = await kept_for(request, session, claim_id) if words.get("kept") == "1" else None
        part = Part(words["show"]) if words.get("show") in set(Part) else Part.ALL
        notice = NOTICES.get(words.get("done", ""))
        said = Notice(notice[0], notice[1], (says.told(notice[2]),)) if notice else None
        if kept is not None:
            made = await _as_typed(session, facts, viewer, says, kept, settings=settings, why=why)
        else:
            made = await made_page(
                session, facts, viewer, says, form, settings=settings, part=part, notice=said, why=why
            )
    return page(request, "desk/claim.html", made)


@router.get("/{claim_id:uuid}/under-way")
async def show_under_way(request: Request, claim_id: UUID, viewer: Staffed = Depends(READERS)) -> Response:
    """The panel of the newest change alone, for the page that is open; not a look of its own."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        facts = await read_claim(session, claim_id, now=says.now)
    return page(request, "desk/_under_way.html", UnderWayPart(claim_id, under_way(facts, viewer, says)))


async def _proposed(session: AsyncSession, facts: ClaimFacts, request: Request) -> Proposal | None:
    """The channel that is proposed to the client on their own page; only they can take it up."""
    settings = portal_of(request).notifier
    return await proposal_for(session, facts.claim.policyholder_id, settings=settings, now=now_of(request))


async def _as_typed(
    session: AsyncSession,
    facts: ClaimFacts,
    viewer: Staffed,
    says: Says,
    kept: Kept,
    *,
    settings: NotifierSettings,
    why: str,
) -> ClaimPage:
    """The page with what was typed before the session ended. Nothing of it is saved, and nothing was looked at."""
    form, typed, lines = ChangeForm(), None, [says.told(COME_BACK)]
    if kept.is_answer:
        typed = answer_typed(kept.fields)
        if typed is not None and all(one.id != typed.question_id for one in facts.open_questions):
            lines = answered_lines(facts, typed, says)
    else:
        form = change_form(kept.fields) or form
    notice = Notice("act", "warn", tuple(lines))
    shown: dict[str, Any] = {"notice": notice, "typed": typed, "why": why}
    return await made_page(session, facts, viewer, says, form, settings=settings, **shown)


def answer_typed(fields: Sequence[tuple[str, str]]) -> Typed | None:
    """An answer as it was typed, from the pairs of its form; None when they name no question."""
    posted = dict(fields)
    try:
        return Typed(UUID(posted.get("question", "")), posted.get("answer", "").replace("\0", ""), "")
    except ValueError:
        return None


def answered_lines(facts: ClaimFacts, typed: Typed, says: Says) -> list[str]:
    """What whoever was late reads: the answer that the client has, by whom, and their own text."""
    first = next((one for one in facts.questions if one.id == typed.question_id and one.answered_at), None)
    if first is None or first.answered_at is None:
        return [says.told(ANSWERED_MEANWHILE), typed.text]
    by = says.told(ANSWERED_BY, name=first.answered_by or "", time=says.by(first.answered_at))
    return [by, says.told("“{text}”", text=first.answer or ""), typed.text]


async def made_page(
    session: AsyncSession,
    facts: ClaimFacts,
    viewer: Staffed,
    says: Says,
    form: ChangeForm,
    *,
    settings: NotifierSettings,
    part: Part = Part.ALL,
    notice: Notice | None = None,
    typed: Typed | None = None,
    wrote: Wrote | None = None,
    problems: tuple[Problem, ...] = (),
    preview: PreviewView | None = None,
    why: str = "form",
) -> ClaimPage:
    """The page of a claim that was read, with what was typed so far. Whoever reads it has looked: it is kept why."""
    claim_id, now = facts.claim.id, says.now
    await record_look(session, claim_id=claim_id, staff_id=viewer.id, page="desk_claim", why=why, now=now)
    able = await abilities(session, facts.claim)
    facts = replace(facts, held_texts=await texts_of(session, facts.held(now), settings=settings, now=now))
    others = await others_looking(session, claim_id=claim_id, staff_id=viewer.id, now=now)
    rail = await rail_for(session, viewer, "claims", now=says.now)
    view = form_view(facts, able, form, says, problems=problems, preview=preview)
    shown: dict[str, Any] = {"notice": notice, "typed": typed, "wrote": wrote}
    return claim_page(facts, viewer, rail, says, part=part, others=others, form=view, **shown)
