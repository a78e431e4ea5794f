"""`/u/{token}`: texts off. A GET shows, a POST acts, so that scanners turn nobody's texts off."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.i18n import last4
from claims_portal.auth import allow_anyone
from claims_portal.auth.links import Link
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.pages.glance import live_link
from claims_portal.pages.speech import Speech
from claims_portal.queries import claim_number_of
from claims_portal.rendering import page
from notifier.people import preferences
from notifier.states import Cadence
from notifier.wording.check_words import SHAPE

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(pattern=f"^{SHAPE}$")]
OFF, LESS, ON = "off", "less", "on"


@dataclass(frozen=True, slots=True)
class OptOutPage:
    """pages/opt_out.html: the last four digits and nothing else of the claim."""

    token: str
    title: str
    less: str
    is_off: bool
    done: str | None


@router.get("/u/{token}", dependencies=[Depends(allow_anyone)])
async def show_opt_out(request: Request, token: Token) -> Response:
    """What can be turned off from here; nothing is."""
    return await _shown(request, token, await live_link(request, token, forever=True))


@router.post("/u/{token}", dependencies=[Depends(allow_anyone)])
async def opt_out(request: Request, token: Token, act: Annotated[str, Form()] = "") -> Response:
    """Turn texts off, write less, or turn them on again. At once."""
    link = await live_link(request, token, forever=True)
    if act not in (OFF, LESS, ON):
        return await _shown(request, token, link)
    async with session_scope(portal_of(request).engine) as session:
        await preferences.choose(
            session,
            link.policyholder_id,
            cadence=Cadence.ESSENTIAL if act == LESS else None,
            stop=act == OFF,
            how="page",
            now=now_of(request),
        )
    return await _shown(request, token, link, act=act)


async def _shown(request: Request, token: str, link: Link, *, act: str | None = None) -> Response:
    portal = portal_of(request)
    said = Speech(look_of(request).language, portal.settings.zone, now_of(request))
    async with session_scope(portal.engine) as session:
        ref4 = last4(await claim_number_of(session, link.claim_id))
        few = await preferences.forecast(session, Cadence.ESSENTIAL)
        is_off = (await preferences.get(session, link.policyholder_id)).stopped
    done = {
        OFF: said.say("Texts are off from this minute."),
        LESS: said.say("Saved. From now on: {choice}.", choice=said.say("Main things only")),
        ON: said.say("Texts are on again."),
    }
    less = said.say_count("Main things only, about {n} text", "Main things only, about {n} texts", few)
    title = said.say("Turn off texts for claim {ref4}?", ref4=ref4)
    made = OptOutPage(token, title, less, is_off, done[act] if act else None)
    return page(request, "pages/opt_out.html", made)
