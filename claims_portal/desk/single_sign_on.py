"""`/desk/oidc/…`: to the insurer's own sign-in and back, and out again; each way it can end has a page.

The way there begins with a link and not with a form: a page of ours may send forms only to us (`form-action`).
"""

import logging
import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import marked as _
from claims_core.i18n import translations
from claims_portal.auth import allow_anyone
from claims_portal.auth.cookies import STAFF, drop_cookie, read_cookie, set_cookie
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.desk.sign_in import desk_path, welcome
from claims_portal.oidc import (
    BEGUN_FOR,
    Begun,
    CodeRefused,
    Provider,
    ProviderAway,
    TokenRefused,
    begin,
    opened,
    presented,
    sealed,
)
from claims_portal.rendering import page
from claims_portal.staff import SignIn, Step, kept_text, let_in, sign_out_by_provider

log = logging.getLogger(__name__)
router = APIRouter(prefix="/desk/oidc", include_in_schema=False, dependencies=[Depends(allow_anyone)])

_STATE = re.compile(r"[\w-]{22}", re.ASCII)
_LONGEST_CODE = 4096
AGAIN = _("Sign in again")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a sign-in may end: its status, the page's heading and what to do, and what the way on is called."""

    status: int
    title: str
    text: str
    action: str | None = AGAIN


@dataclass(frozen=True, slots=True)
class EndingPage:
    """desk/single_sign_on.html: a heading, what happened and whom to ask, and the way on."""

    title: str
    text: str
    action: str | None
    address: str


NOT_SIGNED_IN = _("You are not signed in")
ENDINGS = {
    SignIn.NO_ROLE: Ending(
        403,
        _("You have no access to the desk"),
        _(
            "Your company knows you, but none of your groups may work here. Ask your administrator to add you to a "
            "group of the desk, then sign in again."
        ),
    ),
    SignIn.DISABLED: Ending(
        403, _("You have no access to the desk"), _("Your access here was closed. Ask your administrator."), None
    ),
}
DENIED = Ending(
    403,
    NOT_SIGNED_IN,
    _("Your company's sign-in said no, or it was broken off. If that was not you, ask your administrator."),
)
START_AGAIN = Ending(
    400,
    NOT_SIGNED_IN,
    _("This sign-in was begun more than 10 minutes ago, in another browser, or is used already. Nothing is lost."),
)
AWAY = Ending(
    503,
    _("Your company's sign-in does not answer"),
    _("Try again in a minute. If it stays so, tell your administrator. Who is signed in goes on working."),
    _("Try again"),
)
SET_UP_WRONG = Ending(
    502,
    NOT_SIGNED_IN,
    _("Your company's sign-in and the desk do not understand each other. Tell your administrator: the log says why."),
)
OUT = Ending(
    200,
    _("You are signed out of the desk"),
    _("At your company's sign-in you may still be signed in. On a shared computer sign out there, too."),
    _("Sign out there, too"),
)
ONLY_OUT = Ending(200, OUT.title, _("Close the browser on a shared computer."))
# What a provider may answer instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core 1.0, 3.1.2.6).
BY_ERROR = {
    "access_denied": DENIED,
    "login_required": START_AGAIN,
    "interaction_required": START_AGAIN,
    "account_selection_required": START_AGAIN,
    "consent_required": DENIED,
    "temporarily_unavailable": AWAY,
    "server_error": AWAY,
}


@router.get("/sign-in")
async def go_there(request: Request, next: str = "/desk") -> Response:
    """Off to the provider."""
    provider, settings = _provider(request), portal_of(request).settings
    begun = begin(desk_path(next), now=now_of(request))
    try:
        answer = RedirectResponse(await provider.way_in(begun), 303)
    except ProviderAway:
        return _ended(request, AWAY)
    kept = sealed(begun, settings.portal_secret_key)
    set_cookie(answer, _cookie(begun.state), kept, settings, seconds=int(BEGUN_FOR.total_seconds()))
    return answer


@router.get("/callback")
async def come_back(
    request: Request, state: str = "", code: str = "", error: str = "", iss: str | None = None
) -> Response:
    """Back from the provider, with a code or with an error."""
    provider, begun = _provider(request), _begun(request, state)
    if begun is None:
        return _ended(request, START_AGAIN)
    try:
        answer = await _arrive(request, provider, begun, code=code, error=error, iss=iss)
    except ProviderAway:
        answer = _ended(request, AWAY)
    except CodeRefused as refused:
        answer = _ended(request, SET_UP_WRONG if refused.is_ours else START_AGAIN)
    except TokenRefused as refused:
        log.warning("oidc_token_refused", extra={"why": str(refused)})
        answer = _ended(request, SET_UP_WRONG)
    drop_cookie(answer, _cookie(state), portal_of(request).settings)
    return answer


@router.get("/signed-out")
async def say_goodbye(request: Request) -> Response:
    """After signing out here: the way out at the provider, where it has one."""
    try:
        address = await _provider(request).way_out()
    except ProviderAway:
        address = None
    return _ended(request, OUT if address else ONLY_OUT, address=address)


@router.post("/signed-out")
async def hear_sign_out(request: Request, logout_token: Annotated[str, Form()] = "") -> Response:
    """OpenID Connect Back-Channel Logout 1.0: the provider says who is signed out, by a token that only it can sign."""
    provider, portal, now = _provider(request), portal_of(request), now_of(request)
    try:
        said = await provider.signed_out(logout_token, now=now)
    except ProviderAway:
        return JSONResponse({"error": "temporarily_unavailable"}, 503)
    except TokenRefused as refused:
        log.warning("oidc_sign_out_refused", extra={"why": str(refused)})
        return JSONResponse({"error": "invalid_request"}, 400)
    async with session_scope(portal.engine) as session:
        key = portal.settings.portal_secret_key
        is_new = await sign_out_by_provider(session, said, provider.issuer, key=key, now=now)
    return Response(status_code=200) if is_new else JSONResponse({"error": "invalid_request"}, 400)


async def _arrive(
    request: Request, provider: Provider, begun: Begun, *, code: str, error: str, iss: str | None
) -> Response:
    """In, or a page that says why not. Raises `ProviderAway`, `CodeRefused`, `TokenRefused`."""
    if not await provider.is_from_it(iss):
        raise TokenRefused("iss of the answer")
    if error:
        ending = BY_ERROR.get(error, SET_UP_WRONG)
        if ending is SET_UP_WRONG:
            log.warning("oidc_error_answered")
        return _ended(request, ending)
    if not 0 < len(code) <= _LONGEST_CODE:
        return _ended(request, START_AGAIN)
    known = presented(await provider.claims_for(code, begun, now=now_of(request)), provider.settings)
    async with session_scope(portal_of(request).engine) as session:
        step = await let_in(session, known, lives=provider.settings.oidc_session, now=now_of(request))
    return await _in(request, step, begun) if step.outcome is SignIn.DONE else _ended(request, ENDINGS[step.outcome])


async def _in(request: Request, step: Step, begun: Begun) -> Response:
    """To the page they wanted, or to the form that they were filling in when their session ended."""
    async with session_scope(portal_of(request).engine) as session:
        kept = await kept_text(session, read_cookie(request, STAFF) or "")
    return await welcome(request, step, begun.next, kept or "")


def _provider(request: Request) -> Provider:
    """The provider; NotFound where the insurer has none."""
    provider = portal_of(request).oidc
    if provider is None:
        raise NotFound
    return provider


def _begun(request: Request, state: str) -> Begun | None:
    """What this browser began with `state`; each tab has a cookie of its own."""
    if not _STATE.fullmatch(state):
        return None
    cookie = read_cookie(request, _cookie(state)) or ""
    return opened(cookie, portal_of(request).settings.opening_keys, state=state, now=now_of(request))


def _cookie(state: str) -> str:
    return f"oidc-{state[:8]}" if _STATE.fullmatch(state) else "oidc"


def _ended(request: Request, ending: Ending, *, address: str | None = None) -> Response:
    told = translations(look_of(request).language).gettext
    made = EndingPage(
        title=told(ending.title),
        text=told(ending.text),
        action=told(ending.action) if ending.action else None,
        address=address or "/desk/sign-in",
    )
    return page(request, "desk/single_sign_on.html", made, status=ending.status)
