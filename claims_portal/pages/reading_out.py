"""Calls and WhatsApp on the page of preferences: in the place of texts by consent, and going back."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import marked
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.chats import Messenger
from claims_portal.pages.speech import Speech
from notifier.people import reading_out
from notifier.people.reading_out import CALL, WHATSAPP
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.wording.chat_words import chat_wording, newest_wording

router = APIRouter(include_in_schema=False)


# The card of each: its address, what it says while it is on, and its two buttons.
_CARDS = {
    CALL: (
        "calls",
        marked("We call you since {date}, never at night."),
        marked("Write to me again"),
        marked("Call me instead"),
    ),
    WHATSAPP: (
        "whatsapp",
        marked("We write to you by WhatsApp since {date}."),
        marked("Write by SMS again"),
        marked("Write to me by WhatsApp"),
    ),
}


async def cards_of(
    session: AsyncSession, policyholder_id: UUID, settings: NotifierSettings, said: Speech
) -> tuple[Messenger, ...]:
    """The cards of calls and of WhatsApp, each if this installation has it or this person still wants it."""
    cards = [await _card(over, session, policyholder_id, settings, said) for over in _CARDS]
    return tuple(card for card in cards if card)


async def _card(
    over: ChannelName, session: AsyncSession, policyholder_id: UUID, settings: NotifierSettings, said: Speech
) -> Messenger | None:
    began = await reading_out.since(session, policyholder_id, over)
    if began is None and not reading_out.is_offered(settings, over):
        return None
    action, on, back, choose = _CARDS[over]
    words = chat_wording(over, newest_wording(over), said.language)
    if began is not None:
        text = said.say(on, date=said.moment(began))
        return Messenger(f"{action}/close", words.name, True, text, None, said.say(back))
    return Messenger(action, words.name, False, words.text, None, said.say(choose))


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


@router.post("/claim/{claim_id}/whatsapp")
async def begin_whatsapp(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """WhatsApp from here on, with consent; where the law or the set-up has none there is nothing to choose."""
    portal = portal_of(request)
    if not reading_out.is_offered(portal.notifier, WHATSAPP):
        raise NotFound
    async with session_scope(portal.engine) as session:
        await reading_out.begin(session, view.policyholder_id, now=now_of(request), over=WHATSAPP)
    return _to_messages(view)


@router.post("/claim/{claim_id}/whatsapp/close")
async def end_whatsapp(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """Back to SMS, what waits too."""
    async with session_scope(portal_of(request).engine) as session:
        await reading_out.end(session, view.policyholder_id, now=now_of(request), over=WHATSAPP)
    return _to_messages(view)


def _to_messages(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/messages", 303)
