"""The channel that a person seems to prefer, on the page of preferences: a card with its reason, and one button."""

from typing import Annotated

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
from notifier.people import preferences, preferred
from notifier.people.preferred import Proposal, Why

router = APIRouter(include_in_schema=False)

REASONS = {
    Why.ANSWERED_THERE: marked("You answer us by {name} more often than by {other}. Shall we write to you there?"),
    Why.ARRIVES_THERE: marked(
        "Most of our last messages by {other} did not arrive, those by {name} did. Shall we write to you there?"
    ),
}


def reason_of(proposal: Proposal, said: Speech) -> str:
    """Why this channel is proposed, as a sentence to the person."""
    names = {"name": preferred.NAMES[proposal.channel], "other": preferred.NAMES[proposal.instead_of]}
    return said.say(REASONS[proposal.why], **names)


async def proposal_card(
    session: AsyncSession, view: OwnersView, request: Request, said: Speech
) -> tuple[Messenger, ...]:
    """The card, if there is something to propose. Nothing changes unless its button is pressed."""
    found = await _proposed(session, view, request)
    if found is None:
        return ()
    name = preferred.NAMES[found.channel]
    hint = said.say("Nothing changes unless you press the button.")
    title, button = said.say("Messages by {name}?", name=name), said.say("Write to me by {name}", name=name)
    return (Messenger(f"channel/{found.channel}", title, False, reason_of(found, said), hint, button),)


@router.post("/claim/{claim_id}/channel/{channel}")
async def take_up(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], channel: str) -> Response:
    """Do what was proposed; what is not proposed to this person now is not there."""
    async with session_scope(portal_of(request).engine) as session:
        found = await _proposed(session, view, request)
        if found is None or found.channel != channel:
            raise NotFound
        await preferences.choose(session, view.policyholder_id, channel=found.channel, how="page", now=now_of(request))
    return RedirectResponse(f"/claim/{view.claim['id']}/messages", 303)


async def _proposed(session: AsyncSession, view: OwnersView, request: Request) -> Proposal | None:
    settings = portal_of(request).notifier
    return await preferred.proposal_for(session, view.policyholder_id, settings=settings, now=now_of(request))
