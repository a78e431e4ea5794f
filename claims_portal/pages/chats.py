"""Messengers on the page of preferences: connecting one by a link that works once, and taking it off again."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import marked
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim
from claims_portal.deps import now_of, portal_of
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page
from notifier.people import chats
from notifier.people.chats import INVITATION_LIVES, EndedHow
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.wording.chat_words import chat_wording, newest_wording

router = APIRouter(include_in_schema=False)

ENDED = {
    EndedHow.PAGE: marked("You disconnected {name} on {date}."),
    EndedHow.STOP: marked("You wrote STOP on {date}, and {name} was disconnected with all texts."),
    EndedHow.BLOCKED: marked("{name} was disconnected on {date}: you blocked our bot there."),
    EndedHow.GONE: marked("{name} was disconnected on {date}: it does not know your chat any more."),
}


@dataclass(frozen=True, slots=True)
class Messenger:
    """A card of the page: a messenger that is connected, or what connecting it means; `action` is its button's."""

    action: str
    name: str
    linked: bool
    text: str
    hint: str | None
    button: str


@dataclass(frozen=True, slots=True)
class ConnectPage:
    """pages/connect.html: the link, shown once."""

    id: str
    ref: str
    title: str
    text: str
    link: str
    button: str
    hint: str
    elsewhere: str
    command: str


async def messengers_of(
    session: AsyncSession, policyholder_id: UUID, settings: NotifierSettings, said: Speech
) -> tuple[Messenger, ...]:
    """What this installation offers, and how each stands with this person."""
    cards = []
    for channel in chats.offered(settings):
        name, chat = chats.NAMES[channel], await chats.last_of(session, policyholder_id, channel)
        if chat is not None and chat.ended_at is None:
            text = said.say(
                "Connected since {date}. We write there. A code comes there if you ask for that.",
                date=said.moment(chat.linked_at),
            )
            cards.append(
                Messenger(f"chats/{channel}/close", name, True, text, None, said.say("Disconnect {name}", name=name))
            )
            continue
        words = chat_wording(channel, newest_wording(channel), said.language)
        ended = ENDED.get(EndedHow(chat.ended_how)) if chat is not None and chat.ended_how else None
        hint = said.say(ended, name=name, date=said.moment(chat.ended_at)) if ended and chat and chat.ended_at else None
        cards.append(
            Messenger(f"chats/{channel}", name, False, words.text, hint, said.say("Connect {name}", name=name))
        )
    return tuple(cards)


@router.get("/claim/{claim_id}/chats/{channel}")
async def back(view: Annotated[OwnersView, Depends(require_own_claim)], channel: str) -> Response:
    """The link is shown once; looking again leads to the button."""
    return _to_messages(view)


@router.post("/claim/{claim_id}/chats/{channel}")
async def connect(
    request: Request, view: Annotated[OwnersView, Depends(require_fresh_claim)], channel: str
) -> Response:
    """A new link; the one before is dead from here on. A chat is a contact, so it wants a fresh code."""
    portal, said = portal_of(request), speech_for(request, view.claim)
    wanted = _offered(channel, portal.notifier)
    async with session_scope(portal.engine) as session:
        token = await chats.invite(session, view.policyholder_id, wanted, now=now_of(request))
    made = ConnectPage(
        id=str(view.claim["id"]),
        ref=said.say("Claim {ref}", ref=view.claim["claim_number"]),
        title=said.say("Connect {name}", name=chats.NAMES[wanted]),
        link=chats.deep_link(wanted, token, portal.notifier),
        elsewhere=said.say(
            "On another device, send this to our bot {name}:", name=chats.bot_of(wanted, portal.notifier)
        ),
        command=f"/start {token}",
        text=chat_wording(wanted, newest_wording(wanted), said.language).text,
        button=said.say("Open {name}", name=chats.NAMES[wanted]),
        hint=said.say("Press Start there. The link works once, for {n} minutes.", n=INVITATION_LIVES.seconds // 60),
    )
    return page(request, "pages/connect.html", made)


@router.post("/claim/{claim_id}/chats/{channel}/close")
async def disconnect(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], channel: str
) -> Response:
    """Back to SMS. A messenger that is not offered any more can be taken off too."""
    if channel not in chats.NAMES:
        raise NotFound
    async with session_scope(portal_of(request).engine) as session:
        await chats.end(session, view.policyholder_id, ChannelName(channel), how=EndedHow.PAGE, now=now_of(request))
    return _to_messages(view)


def _offered(channel: str, settings: NotifierSettings) -> ChannelName:
    for each in chats.offered(settings):
        if each == channel:
            return each
    raise NotFound


def _to_messages(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/messages", 303)
