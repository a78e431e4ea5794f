"""A STOP for this claim alone, on the page of preferences: a card for whoever has several, and its button."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_portal.auth import OwnersView, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.chats import Messenger
from claims_portal.pages.speech import Speech
from notifier.people import claim_stops

router = APIRouter(include_in_schema=False)


async def one_claim_card(session: AsyncSession, view: OwnersView, said: Speech) -> tuple[Messenger, ...]:
    """The card, if there are other claims that texts go on about, or if texts about this one are off."""
    title, claim_id = said.say("Only this claim"), view.claim["id"]
    since = await claim_stops.stopped_since(session, claim_id)
    if since is not None:
        text = said.say("No texts about this claim since {date}. Your other claims go on.", date=said.moment(since))
        return (Messenger("one/start", title, True, text, None, said.say("Text me about this claim again")),)
    if len(await claim_stops.open_claims(session, [view.policyholder_id])) < 2:
        return ()
    text = said.say("You have several claims. Turn texts off for this one, and the others go on.")
    hint = said.say("The decision comes by letter. This page works as before")
    return (Messenger("one/stop", title, True, text, hint, said.say("No texts about this claim")),)


@router.post("/claim/{claim_id}/one/stop")
async def stop(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """No texts about this claim from here on."""
    async with session_scope(portal_of(request).engine) as session:
        await claim_stops.stop(session, view.claim["id"], how="page", now=now_of(request))
    return _to_messages(view)


@router.post("/claim/{claim_id}/one/start")
async def start(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """Texts about this claim again."""
    async with session_scope(portal_of(request).engine) as session:
        await claim_stops.start(session, [view.claim["id"]], how="page", now=now_of(request))
    return _to_messages(view)


def _to_messages(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/messages", 303)
