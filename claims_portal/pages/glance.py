"""`/c`: the glance behind a link of ours or a remembered device. Stage, date, strip, what is needed; nothing else.

A link is exchanged for a cookie and cleaned from the address; opening it changes nothing, so that previews and
scanners, which even press buttons, can neither use it up nor do harm with it.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import last4
from claims_portal.auth import GlanceView, allow_anyone, require_glance
from claims_portal.auth.codes import GLANCE as FROM_GLANCE
from claims_portal.auth.codes import Known
from claims_portal.auth.cookies import GLANCE, set_cookie
from claims_portal.auth.limits import WRONG_LINKS, count_tries, is_used_up
from claims_portal.auth.links import Link, find_link
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.claim.build import zone_of_reader
from claims_portal.pages.claim.facts import Facts, facts_of
from claims_portal.pages.claim.headline import heading_of, promise_of, strip_of
from claims_portal.pages.claim.page import PromiseLine, Strip
from claims_portal.pages.code import start_known
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimRow
from claims_portal.rendering import page
from notifier.wording.check_words import SHAPE

router = APIRouter(include_in_schema=False)

Token = Annotated[str, Path(pattern=f"^{SHAPE}$")]


@dataclass(frozen=True, slots=True)
class GlancePage:
    """pages/glance.html: no name, no sum, no thing insured, no document."""

    title: str
    ref: str
    heading: str
    lede: None
    modifiers: tuple[()]
    promise: PromiseLine | None
    strip: Strip | None
    needed: str | None


@router.get("/c/{token}", dependencies=[Depends(allow_anyone)])
async def open_link(request: Request, token: Token) -> Response:
    """Exchange the link for a cookie. Wrong ones are counted per network; right ones leave no trace."""
    await live_link(request, token)
    answer = RedirectResponse("/c", 303)
    set_cookie(answer, GLANCE, token, portal_of(request).settings)
    return answer


@router.get("/c")
async def show_glance(request: Request, view: Annotated[GlanceView, Depends(require_glance)]) -> Response:
    """The glance."""
    portal = portal_of(request)
    settings, now = portal.settings, now_of(request)
    # Whoever sees this has the news: scanners open the link itself, and keep no cookie for the page behind it.
    portal.footprints.note(b"", view.policyholder_id, view.claim["id"], request.scope["route"].path, now)
    zone = zone_of_reader(view.claim["time_zone"], settings)
    made = build_glance(view.claim, Speech(look_of(request).language, zone, now))
    return page(request, "pages/glance.html", made)


@router.post("/c")
async def ask_code_from_glance(request: Request, view: Annotated[GlanceView, Depends(require_glance)]) -> Response:
    """Ask for the code that opens the rest: it goes to the number on file."""
    return await start_known(request, Known(view.policyholder_id, view.claim["id"], FROM_GLANCE))


@router.get("/{token:link}", dependencies=[Depends(allow_anyone)])
async def open_short_link(request: Request, token: str) -> Response:
    """The link as it stands in a message, on the short domain: to our own address, whatever the host said."""
    return RedirectResponse(f"{portal_of(request).settings.portal_public_url}/c/{token}", 303)


async def live_link(request: Request, token: str, *, forever: bool = False) -> Link:
    """What the link is about. Raises NotFound for a wrong one, LinkDead for an old one, TooManyTries for a guesser."""
    portal, now, network = portal_of(request), now_of(request), network_of(request)
    key, until = portal.settings.portal_secret_key, None
    async with session_scope(portal.engine) as session:
        if await is_used_up(session, WRONG_LINKS, network, key=key, now=now):
            raise TooManyTries(now + WRONG_LINKS.within)
        link = await find_link(session, token, key=key, now=now, forever=forever)
        if link is None:
            until = await count_tries(session, [(WRONG_LINKS, (network,))], key=key, now=now)
    if link is None:
        raise TooManyTries(until) if until else NotFound
    return link


def build_glance(row: ClaimRow, said: Speech) -> GlancePage:
    """What a link alone may show of a claim (pure)."""
    facts = facts_of(row, said.today)
    heading = heading_of(facts, said, with_sum=False)
    ref = said.say("Claim ending {ref4}", ref4=last4(row["claim_number"]))
    return GlancePage(
        title=f"{heading}. {ref}",
        ref=ref,
        heading=heading,
        lede=None,
        modifiers=(),
        promise=promise_of(facts, said),
        strip=strip_of(facts, said),
        needed=_needed(facts, said),
    )


def _needed(facts: Facts, said: Speech) -> str | None:
    if facts.wants_account:
        return said.say("Needed from you: account details")
    if facts.documents:
        n = len(facts.documents)
        return said.say_count("Needed from you: {n} document", "Needed from you: {n} documents", n)
    return None
