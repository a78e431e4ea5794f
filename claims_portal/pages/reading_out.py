"""Calls on the page of preferences: being read to instead of getting texts, and going back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.chats import Messenger
from claims_portal.pages.speech import Speech
from notifier.people import reading_out
from notifier.settings import NotifierSettings
from notifier.wording.chat_words import chat_wording, newest_wording

router = APIRouter(include_in_schema=False)


async def calls_of(
    session: AsyncSession, policyholder_id: UUID, settings: NotifierSettings, said: Speech
) -> tuple[Messenger, ...]:
    """The card of calls, if this installation calls people or this person is still to be called."""
    began = await reading_out.since(session, policyholder_id)
    if began is None and not reading_out.is_offered(settings):
        return ()
    words = chat_wording(reading_out.CALL, newest_wording(reading_out.CALL), said.language)
    if began is not None:
        text = said.say("We call you since {date}, never at night.", date=said.moment(began))
        return (Messenger("calls/close", words.name, True, text, None, said.say("Write to me again")),)
    return (Messenger("calls", words.name, False, words.text, None, said.say("Call me instead")),)


@router.post("/claim/{claim_id}/calls")
async def begin(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """Be called from here on; where nobody calls there is nothing to choose."""
    portal = portal_of(request)
    if not reading_out.is_offered(portal.notifier):
        raise NotFound
    async with session_scope(portal.engine) as session:
        await reading_out.begin(session, view.policyholder_id, now=now_of(request))
    return _to_messages(view)


@router.post("/claim/{claim_id}/calls/close")
async def end(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """Back to texts."""
    async with session_scope(portal_of(request).engine) as session:
        await reading_out.end(session, view.policyholder_id, now=now_of(request))
    return _to_messages(view)


def _to_messages(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/messages", 303)
