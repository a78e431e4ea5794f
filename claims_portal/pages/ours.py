"""`/ours`: did you send this? Whether a text is ours, by the word its link ends with, and nothing about the claim.

A word counts on an address of ours or alone: whoever copies a text of ours with a link to elsewhere has copied the
word, too.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.i18n import marked
from claims_core.keyed import keyed_hash
from claims_portal.auth import allow_anyone
from claims_portal.auth.limits import WRONG_LINKS, count_tries, is_used_up
from claims_portal.auth.links import SHAPE
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.speech import Speech
from claims_portal.rendering import page
from claims_portal.settings import PortalSettings
from notifier.tables import MESSAGE_LINK, Delivery

router = APIRouter(include_in_schema=False)

LONGEST = 2_000  # a text of ten segments is shorter
MOST_WORDS = 5
# What a telephone makes a link of: with a scheme, or a name with a dot and letters behind it.
_ADDRESS = re.compile(
    r"(?:https?://)?(?:[\w-]{1,63}\.){1,8}(?:[a-zA-Z]{2,24}|рф)(?::\d{1,5})?(?:/[^\s<>\"»”]*)?|https?://\S*"
)
_PATH = re.compile(rf"/(?:[cu]/)?({SHAPE})[.,;:!?)]*")
_ALONE = re.compile(SHAPE)


HINT = marked("Our links begin with {address} and end with 8 signs. These 8 signs alone will do.")


class Verdict(StrEnum):
    """What the page answers."""

    OURS = "ours"
    NOT_OURS = "not_ours"
    ELSEWHERE = "elsewhere"
    NO_WORD = "no_word"


@dataclass(frozen=True, slots=True)
class Words:
    """The words by which a text may be known, and whether it also leads to an address that is not ours."""

    found: frozenset[str]
    leads_elsewhere: bool


@dataclass(frozen=True, slots=True)
class OursPage:
    """pages/ours.html: what was pasted, the answer, and what is said with our own address."""

    hint: str
    elsewhere: str
    text: str = ""
    verdict: Verdict | None = None
    sent: str = ""


def words_in(text: str, hosts: Collection[str]) -> Words:
    """The words of links on `hosts` in a pasted text, or the one that was typed alone (pure)."""
    if _ALONE.fullmatch(text.strip()):
        return Words(frozenset({text.strip()}), leads_elsewhere=False)
    found, elsewhere = set(), False
    for address in _ADDRESS.findall(text):
        parts = _parts(address)
        if parts is None or parts[0] not in hosts:
            elsewhere = True
        elif word := _PATH.fullmatch(parts[1]):
            found.add(word[1])
    return Words(frozenset(found), elsewhere)


def _parts(address: str) -> tuple[str, str] | None:
    """Host with port, and path; None for what is no address at all."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        return (parts.netloc.casefold(), parts.path) if parts.hostname else None
    except ValueError:
        return None


def own_hosts(settings: PortalSettings) -> frozenset[str]:
    """Where links of ours lead."""
    own = filter(None, (settings.portal_public_url, settings.portal_short_url))
    return frozenset(urlsplit(each).netloc.casefold() for each in own)


@router.get("/ours", dependencies=[Depends(allow_anyone)])
async def show_ours(request: Request) -> Response:
    """The form."""
    return page(request, "pages/ours.html", _made(request))


@router.post("/ours", dependencies=[Depends(allow_anyone)])
async def ask_ours(request: Request, text: Annotated[str, Form()] = "") -> Response:
    """The answer. Nothing of what was pasted is kept; wrong words count like wrong links."""
    text = text[:LONGEST]
    words = words_in(text, own_hosts(portal_of(request).settings))
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
    key, until, sent = portal.settings.portal_secret_key, None, None
    async with session_scope(portal.engine) as session:
        if await is_used_up(session, WRONG_LINKS, network, key=key, now=now):
            raise TooManyTries(now + WRONG_LINKS.within)
        if len(words.found) <= MOST_WORDS:
            hashes = [keyed_hash(key, MESSAGE_LINK, word) for word in words.found]
            sent = await _sent_at(session, hashes)
        if sent is None:
            until = await count_tries(session, [(WRONG_LINKS, (network,))], key=key, now=now)
    if until:
        raise TooManyTries(until)
    return (Verdict.NOT_OURS if sent is None else Verdict.OURS), sent


async def _sent_at(session: AsyncSession, hashes: Collection[bytes]) -> datetime | None:
    """When the last of these left us; None unless all of them did."""
    known = select(func.count(), func.max(col(Delivery.started_at))).where(col(Delivery.link_hash).in_(hashes))
    count, last = (await session.exec(known)).one()
    return last if count == len(hashes) else None


def _made(request: Request) -> OursPage:
    settings, said = portal_of(request).settings, _speech(request)
    address = (settings.portal_short_url or settings.portal_public_url).removeprefix("https://") + "/…"
    return OursPage(
        hint=said.say(HINT, address=address),
        elsewhere=said.say("Our links begin with {address}. Call us if you have opened it.", address=address),
    )


def _speech(request: Request) -> Speech:
    return Speech(look_of(request).language, portal_of(request).settings.zone, now_of(request))
