"""A handler's word about a message that waits: it is sent, or it is not."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_portal.deps import now_of, portal_of
from claims_portal.desk.access import CHANGERS, Staffed, may_let_go
from notifier import held
from notifier.states import NotificationState, Reason
from notifier.tables import Notification

router = APIRouter(prefix="/desk", include_in_schema=False)

DECIDE = {"send": held.release, "drop": held.drop}
DONE = {"send": "let-go", "drop": "kept-back"}


@router.post("/{claim_id:uuid}/held")
async def decide(
    request: Request,
    claim_id: UUID,
    notification: Annotated[UUID, Form()],
    act: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(CHANGERS),
) -> Response:
    """Send a held message of this claim, or decide that it is not sent. Who was quicker has decided."""
    if act not in DECIDE:
        raise NotFound
    async with session_scope(portal_of(request).engine) as session:
        done = await _done(session, claim_id, notification, act, viewer, request)
    return RedirectResponse(f"/desk/{claim_id}?done={done}", 303)


async def _done(
    session: AsyncSession, claim_id: UUID, notification_id: UUID, act: str, viewer: Staffed, request: Request
) -> str:
    mine = select(Notification.state, Notification.reason).where(
        Notification.id == notification_id, Notification.claim_id == claim_id
    )
    row = (await session.exec(mine)).first()
    if row is None:
        raise NotFound
    state, reason = row
    if state is not NotificationState.HELD or reason is None:
        return "decided-before"
    if not may_let_go(viewer, Reason(reason)):
        return "head-decides"
    decided = await DECIDE[act](session, notification_id, by=viewer.actor, now=now_of(request))
    return DONE[act] if decided else "decided-before"
