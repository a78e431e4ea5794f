"""A handler's word about a message that waits: it is sent, with our words or with theirs, or it is not."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.ledger import Holder
from claims_portal.deps import now_of, portal_of
from claims_portal.desk.access import CHANGERS, Staffed, may_let_go
from claims_portal.desk.claim.route import made_page, says_of
from claims_portal.desk.claim.sentence_view import Wrote
from claims_portal.desk.facts.claim import read_claim
from claims_portal.desk.form.form import ChangeForm
from claims_portal.rendering import page
from notifier import held
from notifier.held_words import say_instead
from notifier.planning.sentences import as_sentence, look_at
from notifier.states import NotificationState, Reason
from notifier.tables import Notification

router = APIRouter(prefix="/desk", include_in_schema=False)

DECIDE = {"send": held.release, "drop": held.drop}
DONE = {"send": "let-go", "drop": "kept-back"}
# What is done with a sentence of one's own: looked at, or sent in the place of ours.
SAY = ("look", "say")


@router.post("/{claim_id:uuid}/held")
async def decide(
    request: Request,
    claim_id: UUID,
    notification: Annotated[UUID, Form()],
    act: Annotated[str, Form()] = "",
    sentence: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(CHANGERS),
) -> Response:
    """Send a held message of this claim, as it is or with one true sentence instead, or decide that it is not sent.

    Who was quicker has decided. A sentence that may not be said comes back with the reason.
    """
    if act not in DECIDE and act not in SAY:
        raise NotFound
    async with session_scope(portal_of(request).engine) as session:
        done = await _barred(session, claim_id, notification, viewer, is_said=act in SAY)
        if done is None and act in SAY:
            return await _say(request, session, claim_id, notification, sentence, viewer, is_meant=act == "say")
        if done is None:
            decided = await DECIDE[act](session, notification, by=viewer.actor, now=now_of(request))
            done = DONE[act] if decided else "decided-before"
    return RedirectResponse(f"/desk/{claim_id}?done={done}", 303)


async def _barred(
    session: AsyncSession, claim_id: UUID, notification_id: UUID, viewer: Staffed, *, is_said: bool
) -> str | None:
    """The word for why nothing can be decided here by this viewer; None if it can."""
    mine = select(Notification.state, Notification.reason).where(
        Notification.id == notification_id, Notification.claim_id == claim_id
    )
    row = (await session.exec(mine)).first()
    if row is None:
        raise NotFound
    state, reason = row
    if state is not NotificationState.HELD or reason is None or (is_said and reason is not Reason.APPROVAL):
        return "decided-before"
    return None if may_let_go(viewer, Reason(reason)) else "head-decides"


async def _say(
    request: Request,
    session: AsyncSession,
    claim_id: UUID,
    notification_id: UUID,
    typed: str,
    viewer: Staffed,
    *,
    is_meant: bool,
) -> Response:
    says, settings, said = says_of(request), portal_of(request).notifier, as_sentence(typed)
    look = await look_at(session, claim_id, typed, by=viewer.name, now=says.now, settings=settings)
    if is_meant and not look.problems:
        by = Holder(viewer.actor, viewer.name)
        went = await say_instead(session, notification_id, said, by=by, now=says.now)
        return RedirectResponse(f"/desk/{claim_id}?done={'let-go' if went else 'decided-before'}", 303)
    facts, wrote = await read_claim(session, claim_id, now=says.now), Wrote(typed, said, look, notification_id)
    made = await made_page(session, facts, viewer, says, ChangeForm(), settings=settings, wrote=wrote)
    return page(request, "desk/claim.html", made, status=422 if look.problems else 200)
