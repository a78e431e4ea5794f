"""`/desk/dates`: one new date, with its reason, for several claims; looked at, saved, undone within a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel import col, select
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
from claims_portal.desk.acts.changes import LOOK_AGAIN, UNDO_FOR
from claims_portal.desk.acts.dates_form import AT_MOST, DatesForm, dates_form, digest_of, in_the_way, of_all
from claims_portal.desk.acts.dates_view import DatedClaim, dates_page, saved_page
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import COME_BACK, bounds_of, says_of
from claims_portal.desk.facts.claim import ClaimFacts, abilities, read_claim, record_look
from claims_portal.desk.facts.received import what_is_received
from claims_portal.desk.form.form import Bounds, Checked, Problem
from claims_portal.desk.kept import kept_for
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.rendering import page

router = APIRouter(prefix="/desk/dates", include_in_schema=False)

MEANWHILE = _("Nothing was saved: somebody changed one of the claims meanwhile. Look at the list again, then save.")
DONE = {
    "undone": ("ok", "undo", _("Undone. Nothing was changed and nothing was sent.")),
    "late": ("act", "warn", _("Too late to undo: the changes are being saved to the claims system.")),
}


@dataclass(frozen=True, slots=True)
class Looked:
    """A form read against its claims: what is asked, and each claim with what the client would receive."""

    form: DatesForm
    checked: Checked
    claims: tuple[DatedClaim, ...]

    @property
    def versions(self) -> dict[UUID, int]:
        """The claims that can change, as they were read."""
        return {one.facts.claim.id: one.facts.claim.version for one in self.claims if one.problem is None}

    @property
    def digest(self) -> str:
        """What a save must match; empty when there is nothing to save."""
        asked = self.checked.asked
        return digest_of(self.versions, asked, self.form.change.note) if asked and self.versions else ""


@router.get("")
async def choose_date(request: Request, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """The form for the claims of the address, or as it was typed before a session ended; nothing is wrong yet."""
    if request.query_params.get("kept") == "1":
        async with session_scope(portal_of(request).engine) as session:
            kept = await kept_for(request, session, None)
        form, said = _form(kept.fields if kept else ()), COME_BACK if kept else None
        return await _page(request, form, viewer, fresh=True, said=said)
    return await _page(request, _form(request.query_params.multi_items()), viewer, fresh=True)


@router.post("/preview")
async def preview_dates(request: Request, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """What each client will receive, how many texts, at what cost, and which claims keep their date. Saves nothing."""
    return await _page(request, await _posted(request), viewer)


@router.post("/save")
async def save_dates(request: Request, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """Save what was looked at, of all claims at once or of none. It goes out when the minute of undo is over."""
    says, form = says_of(request), await _posted(request)
    async with session_scope(portal_of(request).engine) as session:
        looked = await _look(request, session, form, viewer, says)
    if not looked.digest or looked.digest != form.previewed:
        return await _page(request, form, viewer, said=LOOK_AGAIN)
    asked, note = looked.checked.asked, form.change.note
    assert asked is not None
    try:
        async with session_scope(portal_of(request).engine) as session:
            batch_id = await ledger.request_changes(
                session,
                looked.versions,
                action=ChangeAction.EXTEND,
                values=to_values(asked),
                note=note or None,
                by=viewer.actor,
                now=says.now,
                undo_for=UNDO_FOR,
            )
    except Conflict:
        return await _page(request, form, viewer, said=MEANWHILE)
    return RedirectResponse(f"/desk/dates/{batch_id}", 303)


@router.get("/{batch_id:uuid}")
async def show_saved(request: Request, batch_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """What became of the claims that got one date together, and the minute in which it can be undone."""
    says, done = says_of(request), DONE.get(request.query_params.get("done", ""))
    notice = Notice(done[0], done[1], (says.told(done[2]),)) if done else None
    async with session_scope(portal_of(request).engine) as session:
        changes = await _batch(session, batch_id)
        if not changes and done is None:
            raise NotFound
        facts = [await read_claim(session, change.claim_id, now=says.now) for change in changes]
        rail = await rail_for(session, viewer, "claims", now=says.now)
        made = saved_page(batch_id, list(zip(changes, facts, strict=True)), viewer, rail, notice, says)
    return page(request, "desk/dates_saved.html", made)


@router.post("/{batch_id:uuid}/undo")
async def undo_dates(request: Request, batch_id: UUID, viewer: Staffed = Depends(CHANGERS)) -> Response:
    """Take all of them back while the minute runs."""
    async with session_scope(portal_of(request).engine) as session:
        changes = await _batch(session, batch_id)
        if not changes or not may_undo(viewer, changes[0].requested_by):
            raise NotFound
        undone = await ledger.undo_changes(session, batch_id, by=viewer.actor, now=says_of(request).now)
    return RedirectResponse(f"/desk/dates/{batch_id}?done={'undone' if undone else 'late'}", 303)


async def _batch(session: AsyncSession, batch_id: UUID) -> Sequence[ChangeRequest]:
    of_batch = select(ChangeRequest).where(ChangeRequest.batch_id == batch_id).order_by(col(ChangeRequest.id))
    return (await session.exec(of_batch)).all()


def _form(fields: Sequence[tuple[str, str]]) -> DatesForm:
    form = dates_form(fields)
    if form is None:
        raise BadInput(f"the form names what it does not have, or more than {AT_MOST} claims")
    return form


async def _posted(request: Request) -> DatesForm:
    async with request.form(max_fields=AT_MOST + 10, max_files=0) as fields:
        return _form([(name, typed) for name, typed in fields.multi_items() if isinstance(typed, str)])


async def _look(
    request: Request, session: AsyncSession, form: DatesForm, viewer: Staffed, says: Says, *, fresh: bool = False
) -> Looked:
    """Read the claims of a form. A fresh one asks for nothing yet, so nothing of it can be wrong."""
    bounds = Bounds(today=says.today, limit=None, may_pass_limit=may_pass_limit(viewer))
    checked = Checked(None) if fresh else of_all(form, bounds)
    claims = [await _claim(request, session, form, claim_id, checked.asked, viewer, says) for claim_id in form.chosen]
    return Looked(form, checked, tuple(claims))


async def _claim(
    request: Request,
    session: AsyncSession,
    form: DatesForm,
    claim_id: UUID,
    asked: Asked | None,
    viewer: Staffed,
    says: Says,
) -> DatedClaim:
    facts = await read_claim(session, claim_id, now=says.now)
    if asked is None:
        return DatedClaim(facts, None, None)
    problem = await _problem(session, form, facts, viewer, says)
    if problem is not None:
        return DatedClaim(facts, problem, None)
    return DatedClaim(
        facts,
        None,
        await what_is_received(
            session,
            facts,
            ChangeAction.EXTEND,
            asked,
            note=form.change.note,
            now=says.now,
            settings=portal_of(request).notifier,
        ),
    )


async def _problem(
    session: AsyncSession, form: DatesForm, facts: ClaimFacts, viewer: Staffed, says: Says
) -> Problem | None:
    able = await abilities(session, facts.claim)
    return in_the_way(form, facts, able, bounds_of(facts, says, may_pass_limit=may_pass_limit(viewer)))


async def _page(
    request: Request, form: DatesForm, viewer: Staffed, *, fresh: bool = False, said: str | None = None
) -> Response:
    """The page of a form; `said` is why it was not saved, or why a fresh one is filled in."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        looked = await _look(request, session, form, viewer, says, fresh=fresh)
        # Where their texts are read, each claim was looked at.
        for one in form.chosen if looked.checked.asked else ():
            await record_look(session, claim_id=one, staff_id=viewer.id, page="desk_dates", why="form", now=says.now)
        rail = await rail_for(session, viewer, "claims", now=says.now)
    notice = Notice("act", "warn", (says.told(said),)) if said and not looked.checked.problems else None
    settings = portal_of(request).notifier
    made = dates_page(form, looked.checked, looked.claims, looked.digest, rail, notice, settings, says)
    status = 200 if fresh else 409 if notice else 422 if looked.checked.problems else 200
    return page(request, "desk/dates.html", made, status=status)
