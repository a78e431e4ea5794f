"""`/desk/sign-in`: a password, then a code, or the way to the insurer's own sign-in; and what is seen without."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.i18n import marked as _
from claims_core.i18n import translations
from claims_portal.auth import allow_anyone
from claims_portal.auth.cookies import STAFF, drop_cookie, read_cookie, set_cookie
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.desk.access import ANYBODY
from claims_portal.desk.kept import LONGEST_SEALED, hand_over, keep
from claims_portal.desk.words import ROLES
from claims_portal.errors import StaffMayNot, StaffSignInNeeded
from claims_portal.rendering import page
from claims_portal.staff import Doorkeeper, SignIn, Step, end_session, is_only_due, keep_text
from claims_portal.tables import Role

router = APIRouter(prefix="/desk", include_in_schema=False)

# Where to go after signing in: a page of the desk, nothing to parse, no other host.
_DESK_PATH = re.compile(r"/desk(/[\w-]+){0,2}", re.ASCII)
_DOORS = ("/desk/sign-", "/desk/oidc")
PROBLEMS = {
    SignIn.WRONG: (401, _("Login or password is wrong. Check both.")),
    SignIn.TOO_OFTEN: (429, _("Too many tries from here. Wait 15 minutes.")),
    SignIn.START_AGAIN: (401, _("More than 5 minutes have passed. Start again.")),
    SignIn.FACTOR_LOST: (403, _("Your second factor must be set up anew. Ask your administrator.")),
}
MAY_NOT = {
    Role.ADMINISTRATOR: _("An administrator sets the product up and does not read claims, so that nobody does both."),
    Role.AUDITOR: _("An auditor reads everything and changes nothing."),
    Role.AGENT: _("The call centre reads claims and answers questions. A handler moves the claim."),
}
ANOTHER = _("Another role does this.")
TEXT_WAITS = _("Your session has ended. Sign in again: what you typed is kept and comes back.")
WRONG_CODE = _("This code is wrong or was used already. Wait for the next one.")


@dataclass(frozen=True, slots=True)
class SignInPage:
    """desk/sign_in.html: the first step, or the second when there is a ticket.

    `elsewhere` is the way to the insurer's own sign-in; with it, `passwords` says whether anybody may use one.
    """

    problem: str | None
    notice: str | None
    login: str
    ticket: str | None
    next: str
    kept: str
    elsewhere: str | None
    passwords: bool


@dataclass(frozen=True, slots=True)
class MayNotPage:
    """desk/may_not.html: why this page is not for this role, and who can help."""

    signed_in_as: str
    text: str


@router.get("/sign-in", dependencies=[Depends(allow_anyone)])
async def ask_password(request: Request) -> Response:
    """The form."""
    return _form(request, status=200)


@router.post("/sign-in", dependencies=[Depends(allow_anyone)])
async def check_password(
    request: Request,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/desk",
    kept: Annotated[str, Form()] = "",
) -> Response:
    """The first step."""
    network = network_of(request)
    step = await _door(request).check_password(login=login, password=password, network=network, now=now_of(request))
    if step.outcome is SignIn.DONE:
        return await welcome(request, step, next, kept)
    if step.outcome is SignIn.CODE_NEEDED:
        return _form(request, status=200, ticket=step.ticket, next=next, kept=kept)
    status, words = PROBLEMS[step.outcome]
    return _form(request, status=status, problem=words, login=login[:100], next=next, kept=kept)


@router.post("/sign-in/code", dependencies=[Depends(allow_anyone)])
async def check_code(
    request: Request,
    ticket: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/desk",
    kept: Annotated[str, Form()] = "",
) -> Response:
    """The second step."""
    step = await _door(request).check_code(ticket=ticket, code=code, now=now_of(request))
    if step.outcome is SignIn.DONE:
        return await welcome(request, step, next, kept)
    status, words = PROBLEMS[step.outcome]
    if step.ticket:
        return _form(request, status=status, problem=WRONG_CODE, ticket=step.ticket, next=next, kept=kept)
    return _form(request, status=status, problem=words, next=next, kept=kept)


@router.post("/sign-out", dependencies=[Depends(ANYBODY)])
async def sign_out(request: Request) -> Response:
    """End this session."""
    await _end_old(request)
    answer = RedirectResponse("/desk/oidc/signed-out" if portal_of(request).oidc else "/desk/sign-in", 303)
    drop_cookie(answer, STAFF, portal_of(request).settings)
    return answer


def answer_staff_problems(app: FastAPI) -> None:
    """Give the app the desk's own answers: sign in, or this page is another role's."""
    app.add_exception_handler(StaffSignInNeeded, _on_nobody)
    app.add_exception_handler(StaffMayNot, _on_other_role)


def desk_path(path: str) -> str:
    """`path` if it can only be a page of the desk, else the queue."""
    return path if len(path) <= 100 and _DESK_PATH.fullmatch(path) and not path.startswith(_DOORS) else "/desk"


async def _on_nobody(request: Request, error: Exception) -> Response:
    if await _is_asked_again(request):
        return RedirectResponse(_elsewhere(request.url.path), 303)
    kept = await keep(request)
    if kept is not None:
        await _set_aside(request, kept)
        return _form(request, status=401, notice=TEXT_WAITS, kept=kept)
    notice = None if request.url.path == "/desk" else _("Sign in to open this page.")
    return _form(request, status=401, notice=notice, next=request.url.path if request.method == "GET" else "/desk")


async def _on_other_role(request: Request, error: Exception) -> Response:
    assert isinstance(error, StaffMayNot)
    told = translations(look_of(request).language).gettext
    role = Role(error.role)
    text = told(MAY_NOT.get(role, ANOTHER))
    signed_in_as = told(_("You are signed in as: {role}.")).format(role=told(ROLES[role]))
    return page(request, "desk/may_not.html", MayNotPage(signed_in_as, text), status=403)


async def _is_asked_again(request: Request) -> bool:
    """Is this a page of somebody who is at work, and only the time has come to ask the provider again?"""
    portal, token, path = portal_of(request), read_cookie(request, STAFF), request.url.path
    # What a script or a frame asks for cannot go through somebody else's pages.
    is_page = request.method == "GET" and request.headers.get("sec-fetch-dest", "document") == "document"
    if portal.oidc is None or token is None or not is_page or desk_path(path) != path:
        return False
    async with session_scope(portal.engine) as session:
        return await is_only_due(session, token, now=now_of(request))


async def _set_aside(request: Request, kept: str) -> None:
    """No form of ours carries the text to the insurer's own sign-in: it waits beside the session that ended."""
    if portal_of(request).oidc is not None:
        async with session_scope(portal_of(request).engine) as session:
            await keep_text(session, read_cookie(request, STAFF) or "", kept, now=now_of(request))


def _elsewhere(next: str) -> str:
    return "/desk/oidc/sign-in?" + urlencode({"next": desk_path(next)})


def _door(request: Request) -> Doorkeeper:
    portal = portal_of(request)
    named = frozenset(portal.settings.oidc_break_glass) if portal.oidc else None
    return Doorkeeper(portal.engine, portal.settings.opening_keys, portal.settings.portal_demo, named)


async def welcome(request: Request, step: Step, next: str, kept: str) -> Response:
    """Let somebody in whose sign-in is done: a new cookie, and the page they wanted or the form that was `kept`."""
    assert step.token is not None
    assert step.staff_id is not None
    await _end_old(request)
    shown = await hand_over(request, kept, token=step.token, staff_id=step.staff_id)
    answer = RedirectResponse(shown or desk_path(next), 303)
    set_cookie(answer, STAFF, step.token, portal_of(request).settings)
    return answer


async def _end_old(request: Request) -> None:
    """The session that this browser had before is over: a new sign-in always has a new id."""
    old = read_cookie(request, STAFF)
    if old:
        async with session_scope(portal_of(request).engine) as session:
            await end_session(session, old)


def _form(
    request: Request,
    *,
    status: int,
    problem: str | None = None,
    notice: str | None = None,
    login: str = "",
    ticket: str | None = None,
    next: str = "/desk",
    kept: str = "",
) -> Response:
    told, portal = translations(look_of(request).language).gettext, portal_of(request)
    made = SignInPage(
        problem=told(problem) if problem else None,
        notice=told(notice) if notice else None,
        login=login,
        ticket=ticket,
        next=desk_path(next),
        kept=kept[:LONGEST_SEALED],
        elsewhere=_elsewhere(next) if portal.oidc else None,
        passwords=portal.oidc is None or bool(portal.settings.oidc_break_glass),
    )
    return page(request, "desk/sign_in.html", made, status=status)
