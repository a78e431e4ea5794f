"""`/ours`: did you send this? Whether a text is ours, by the word its link ends with, and nothing about the claim."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.i18n import marked
from claims_portal.auth import allow_anyone
from claims_portal.auth.limits import WRONG_LINKS, count_tries, is_used_up
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page
from notifier.people.ours import sent_at
from notifier.wording.check_words import Words, own_hosts, words_in

router = APIRouter(include_in_schema=False)

LONGEST = 2_000  # a text of ten segments is shorter
HINT = marked("Our links begin with {address} and end with 8 signs. These 8 signs alone will do.")


class Verdict(StrEnum):
    """What the page answers."""

    OURS = "ours"
    NOT_OURS = "not_ours"
    ELSEWHERE = "elsewhere"
    NO_WORD = "no_word"


@dataclass(frozen=True, slots=True)
class OursPage:
    """pages/ours.html: what was pasted, the answer, and what is said with our own address."""

    hint: str
    elsewhere: str
    text: str = ""
    verdict: Verdict | None = None
    sent: str = ""


@router.get("/ours", dependencies=[Depends(allow_anyone)])
async def show_ours(request: Request) -> Response:
    """The form."""
    return page(request, "pages/ours.html", _made(request))


@router.post("/ours", dependencies=[Depends(allow_anyone)])
async def ask_ours(request: Request, text: Annotated[str, Form()] = "") -> Response:
    """The answer. Nothing of what was pasted is kept; wrong words count like wrong links."""
    text = text[:LONGEST]
    settings = portal_of(request).settings
    words = words_in(text, own_hosts(settings.portal_public_url, settings.portal_short_url))
    verdict, at = await _judged(request, words)
    made = _made(request)
    sent = _speech(request).say("It left us {when}.", when=_speech(request).moment_within(at)) if at else ""
    return page(request, "pages/ours.html", replace(made, text=text, verdict=verdict, sent=sent))


async def _judged(request: Request, words: Words) -> tuple[Verdict, datetime | None]:
    if words.leads_elsewhere:
        return Verdict.ELSEWHERE, None
    if not words.found:
        return Verdict.NO_WORD, None
    portal, now, network = portal_of(request), now_of(request), network_of(request)
    key, until = portal.settings.portal_secret_key, None
    async with session_scope(portal.engine) as session:
        if await is_used_up(session, WRONG_LINKS, network, key=key, now=now):
            raise TooManyTries(now + WRONG_LINKS.within)
        sent = await sent_at(session, words.found, key=key)
        if sent is None:
            until = await count_tries(session, [(WRONG_LINKS, (network,))], key=key, now=now)
    if until:
        raise TooManyTries(until)
    return (Verdict.NOT_OURS if sent is None else Verdict.OURS), sent


def _made(request: Request) -> OursPage:
    settings, said = portal_of(request).settings, _speech(request)
    address = (settings.portal_short_url or settings.portal_public_url).removeprefix("https://") + "/…"
    return OursPage(
        hint=said.say(HINT, address=address),
        elsewhere=said.say("Our links begin with {address}. Call us if you have opened it.", address=address),
    )


def _speech(request: Request) -> Speech:
    return Speech(look_of(request).language, portal_of(request).settings.zone, now_of(request))
