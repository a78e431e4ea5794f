"""A handler's change: looked at first, saved once, undone within a minute."""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.i18n import marked as _
from claims_core.requested import Asked, ChangeAction, to_values
from claims_core.tables import ChangeRequest
from claims_portal.deps import portal_of
from claims_portal.desk.access import CHANGERS, Staffed, may_pass_limit, may_undo
from claims_portal.desk.claim.page import Notice, conflict_notice
from claims_portal.desk.claim.route import bounds_of, made_page, says_of
from claims_portal.desk.facts.claim import ClaimFacts, abilities, read_claim
from claims_portal.desk.facts.received import what_is_received
from claims_portal.desk.form.form import UNTOLD_REASONS, ChangeForm, Checked, Problem, change_form, check
from claims_portal.desk.form.preview import PreviewView, preview_view
from claims_portal.desk.form.view import FormView, form_view
from claims_portal.desk.says import Says
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)

UNDO_FOR = timedelta(seconds=60)
LOOK_AGAIN = _("The change is not what you last looked at. Look at the text again, then save.")


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """desk/_preview.html when it is sent alone: the text, or what is still missing for one."""

    form: FormView


@dataclass(frozen=True, slots=True)
class Posted:
    """A form that was read against its claim."""

    facts: ClaimFacts
    form: ChangeForm
    checked: Checked
    digest: str


@router.post("/{claim_id:uuid}/preview")
async def preview_change(request: Request, claim_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """What the client will receive, through the code that sends; nothing is saved."""
    says = says_of(request)
    form = await _form_in(request)
    async with session_scope(portal_of(request).engine) as session:
        posted = await _posted(session, claim_id, form, viewer, says)
        if request.headers.get("x-part") == "preview":
            return page(request, "desk/_preview.html", await _part(request, session, posted, says))
        return await _page(request, session, posted, viewer, says, status=200)


@router.post("/{claim_id:uuid}/change")
async def save_change(request: Request, claim_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """Save what was looked at. It goes to the claims system when the minute of undo is over."""
    says = says_of(request)
    form = await _form_in(request)
    told = form.told != "no"
    async with session_scope(portal_of(request).engine) as session:
        posted = await _posted(session, claim_id, form, viewer, says)
        if not told:
            posted = _with_reason(posted)
        if posted.checked.asked is None:
            return await _page(request, session, posted, viewer, says, status=422)
        if told and form.previewed != posted.digest:
            notice = Notice("act", "eye", (says.told(LOOK_AGAIN),))
            return await _page(request, session, posted, viewer, says, status=409, notice=notice)
    try:
        async with session_scope(portal_of(request).engine) as session:
            await _request(session, posted, viewer, says, told=told)
    except Conflict:
        # What was read before is older than what stood in the way: both sides are shown as they are now.
        async with session_scope(portal_of(request).engine) as session:
            posted = await _posted(session, claim_id, form, viewer, says)
            notice = conflict_notice(posted.facts, says)
            return await _page(request, session, posted, viewer, says, status=409, notice=notice)
    return RedirectResponse(f"/desk/{claim_id}#under-way", 303)


@router.post("/changes/{change_id:uuid}/undo")
async def undo(request: Request, change_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """Take a change back while its minute runs."""
    now = says_of(request).now
    async with session_scope(portal_of(request).engine) as session:
        change = await session.get(ChangeRequest, change_id)
        if change is None:
            raise NotFound
        if not may_undo(viewer, change.requested_by):
            return RedirectResponse(f"/desk/{change.claim_id}?done=not-yours", 303)
        claim_id = change.claim_id
        session.expunge(change)
        undone = await ledger.undo_change(session, change_id, by=viewer.actor, now=now)
    return RedirectResponse(f"/desk/{claim_id}?done={'undone' if undone else 'late'}", 303)


async def _form_in(request: Request) -> ChangeForm:
    async with request.form(max_fields=60, max_files=0) as fields:
        form = change_form([(name, typed) for name, typed in fields.multi_items() if isinstance(typed, str)])
    if form is None:
        raise BadInput("the form has a field that it does not have")
    return form


async def _posted(session: AsyncSession, claim_id: UUID, form: ChangeForm, viewer: Staffed, says: Says) -> Posted:
    """The form against its claim: the dates within bounds, the action one that the claim's source can take."""
    facts = await read_claim(session, claim_id, now=says.now)
    checked = check(form, bounds_of(facts, says, may_pass_limit=may_pass_limit(viewer)))
    able = await abilities(session, facts.claim)
    if checked.asked is not None and form.action not in able:
        refusal = Problem("action", _("The claims system of this claim takes no such change from here."))
        checked = Checked(None, (refusal,))
    if not (form.version.isascii() and form.version.isdigit()):
        raise BadInput("the form does not say which version of the claim it is about")
    return Posted(facts, form, checked, _digest(claim_id, form, checked.asked))


def _digest(claim_id: UUID, form: ChangeForm, asked: Asked | None) -> str:
    """What a save must match: the change and the version of the claim that were looked at."""
    if asked is None:
        return ""
    said = [str(claim_id), form.version, form.action, to_values(asked), form.note]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:24]


def _with_reason(posted: Posted) -> Posted:
    """Not to tell the client needs a reason: of the list, or in words."""
    form = posted.form
    if form.untold_reason not in UNTOLD_REASONS:
        missing = Problem("untold_reason", _("Say why the client is not told"))
    elif form.untold_reason == "other" and not form.untold_words:
        missing = Problem("untold_words", _("Say in a few words why the client is not told"))
    else:
        return posted
    return replace(posted, checked=Checked(None, (*posted.checked.problems, missing)))


async def _request(session: AsyncSession, posted: Posted, viewer: Staffed, says: Says, *, told: bool) -> None:
    form, asked = posted.form, posted.checked.asked
    assert asked is not None
    reason = form.untold_words if form.untold_reason == "other" else form.untold_reason
    await ledger.request_change(
        session,
        claim_id=posted.facts.claim.id,
        claim_version=int(form.version[:9]),
        action=ChangeAction(form.action),
        values=to_values(asked),
        note=form.note or None,
        told=told,
        untold_reason=None if told else reason,
        by=viewer.actor,
        now=says.now,
        undo_for=UNDO_FOR,
    )


async def _look(request: Request, session: AsyncSession, posted: Posted, says: Says) -> PreviewView | None:
    asked, form = posted.checked.asked, posted.form
    if asked is None:
        return None
    settings = portal_of(request).notifier
    received = await what_is_received(
        session, posted.facts, ChangeAction(form.action), asked, note=form.note, now=says.now, settings=settings
    )
    return preview_view(received.preview, settings, posted.digest, says, claimants=received.claimants)


async def _part(request: Request, session: AsyncSession, posted: Posted, says: Says) -> PreviewPart:
    problems = posted.checked.problems if posted.form.action else ()
    preview = await _look(request, session, posted, says)
    view = form_view(posted.facts, frozenset(), posted.form, says, problems=problems, preview=preview)
    return PreviewPart(form=view)


async def _page(
    request: Request,
    session: AsyncSession,
    posted: Posted,
    viewer: Staffed,
    says: Says,
    *,
    status: int,
    notice: Notice | None = None,
) -> Response:
    """The claim's page with the form as it was typed, its problems, and the preview where there can be one."""
    problems = posted.checked.problems
    made = await made_page(
        session,
        posted.facts,
        viewer,
        says,
        posted.form,
        settings=portal_of(request).notifier,
        notice=notice,
        problems=problems,
        preview=await _look(request, session, posted, says),
    )
    return page(request, "desk/claim.html", made, status=422 if problems and status == 200 else status)
