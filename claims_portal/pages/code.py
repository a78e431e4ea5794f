"""`/code`: the six digits. "Tries left" counts down whether or not a claim was found."""

import logging
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.i18n import marked, translations
from claims_portal.auth import allow_anyone
from claims_portal.auth.codes import (
    FRESH,
    LIVES,
    SIGN_IN,
    Known,
    Redeemed,
    Way,
    Wrong,
    ask_for_code,
    challenge_row,
    redeem_code,
)
from claims_portal.auth.cookies import (
    CHALLENGE,
    DEVICE,
    GLANCE,
    SEEN,
    SESSION,
    drop_cookie,
    read_cookie,
    set_cookie,
)
from claims_portal.auth.devices import MARK_LIVES, REMEMBERED_FOR, device_mark, has_seen, remember_device
from claims_portal.auth.entries import CODE_DIGITS, Asked, bare_number, read_code
from claims_portal.auth.limits import count_tries, look_up_tries
from claims_portal.auth.sessions import end_session, open_session
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.look_up import PAGE_OF, start_code
from claims_portal.queries import has_several_claims, has_signed_in
from claims_portal.rendering import page
from notifier import direct
from notifier.people import chats
from notifier.people.reading_out import is_offered

log = logging.getLogger(__name__)
router = APIRouter(include_in_schema=False)

WRONG_LENGTH = marked("The code has 6 digits. You entered {n}")
EXPIRED = marked("The code has expired. Ask for a new one")
USED_UP = marked("The code does not match, and no tries are left. Ask for a new one")


@dataclass(frozen=True, slots=True)
class CodePage:
    """pages/code.html: the field for the code, and what is wrong with the last one."""

    problems: Problems = NO_PROBLEMS
    calls: bool = False  # may a code be read out on a call?
    chats: str = ""  # the messengers that a code may come to, as people call them
    way: Way = Way.TEXT
    minutes: int = int(LIVES.total_seconds()) // 60


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a right code gives: a session, a mark on the device, perhaps a remembered device; and where to go."""

    session: str
    mark: str
    device: str | None
    to: str


@router.get("/code", dependencies=[Depends(allow_anyone)])
async def show_code(request: Request, by: str = "") -> Response:
    """The empty field; without a challenge of this browser there is nothing to enter."""
    if read_cookie(request, CHALLENGE) is None:
        return RedirectResponse("/", 303)
    return page(request, "pages/code.html", _page(request, way=Way(by) if by in set(Way) else Way.TEXT))


@router.post("/code", dependencies=[Depends(allow_anyone)])
async def enter_code(
    request: Request, code: Annotated[str, Form()] = "", remember: Annotated[str, Form()] = ""
) -> Response:
    """Try the code; a right one opens a session with a new id and leads to the claim."""
    portal, challenge = portal_of(request), read_cookie(request, CHALLENGE)
    if challenge is None:
        return RedirectResponse("/", 303)
    typed = read_code(code)
    if len(typed) != CODE_DIGITS:
        return _again(request, _said(request, WRONG_LENGTH, n=len(typed)))

    secret, now = portal.settings.portal_secret_key, now_of(request)
    async with session_scope(portal.engine) as session:
        tried = await redeem_code(session, challenge, typed, secret=secret, now=now)
        if isinstance(tried, Redeemed):
            await _prove(session, request, tried)
            signed_in = await _sign_in(session, request, tried, remember=bool(remember))
    if isinstance(tried, Wrong):
        return _again(request, _why(request, tried))
    return _welcome(request, signed_in)


@router.post("/code/again", dependencies=[Depends(allow_anyone)])
async def send_again(request: Request) -> Response:
    """Ask for another code with what was entered before; it counts as a look-up of its own."""
    return await _ask_again(request, Way.TEXT)


@router.post("/code/call", dependencies=[Depends(allow_anyone)])
async def call_me(request: Request) -> Response:
    """As `send_again`, read out on a call; where nobody calls it is a text again."""
    return await _ask_again(request, Way.CALL if is_offered(portal_of(request).notifier) else Way.TEXT)


@router.post("/code/chat", dependencies=[Depends(allow_anyone)])
async def send_to_chat(request: Request) -> Response:
    """As `send_again`, to a messenger that its holder has linked; whoever has none gets a text again."""
    return await _ask_again(request, Way.CHAT if chats.offered(portal_of(request).notifier) else Way.TEXT)


async def _ask_again(request: Request, way: Way) -> Response:
    challenge = read_cookie(request, CHALLENGE)
    if challenge is None:
        return RedirectResponse("/", 303)
    async with session_scope(portal_of(request).engine) as session:
        row = await challenge_row(session, challenge)
    if row is None or row.used_at is not None:
        return RedirectResponse("/", 303)
    if row.asked_numbers and row.asked_phone:
        asked = Asked(tuple(row.asked_numbers), row.asked_phone, bare_number(row.asked_numbers[0]))
        return await start_code(request, asked, way=way)
    # A typed look-up whose words are wiped starts anew, whether or not it had found a claim.
    if row.purpose == SIGN_IN or row.policyholder_id is None:
        return RedirectResponse("/", 303)
    return await start_known(request, Known(row.policyholder_id, row.claim_id, row.purpose, row.back), way=way)


@router.post("/sign-out", dependencies=[Depends(allow_anyone)])
async def sign_out(request: Request) -> Response:
    """End the session here and now; the device forgets the glance too."""
    portal, token = portal_of(request), read_cookie(request, SESSION)
    if token is not None:
        async with session_scope(portal.engine) as session:
            await end_session(session, token)
    answer = RedirectResponse("/", 303)
    for name in (SESSION, GLANCE, CHALLENGE):
        drop_cookie(answer, name, portal.settings)
    return answer


async def start_known(request: Request, whose: Known, *, way: Way = Way.TEXT) -> Response:
    """A code for somebody whom a link of ours or a session names: to the number on file, under the same limits."""
    portal, now, mark = portal_of(request), now_of(request), read_cookie(request, SEEN)
    person, language = str(whose.policyholder_id), look_of(request).language
    about = str(whose.claim_id or person)
    tries = look_up_tries(number=about, phone=person, network=network_of(request), device=mark)
    challenge = ""
    async with session_scope(portal.engine) as session:
        until = await count_tries(session, tries, key=portal.settings.portal_secret_key, now=now)
        if until is None:
            challenge = await ask_for_code(session, whose, device_mark=mark, language=language, way=way, now=now)
    if until is not None:
        raise TooManyTries(until)
    portal.wake_sender()
    answer = RedirectResponse(PAGE_OF[way], 303)
    set_cookie(answer, CHALLENGE, challenge, portal.settings)
    return answer


async def _prove(session: AsyncSession, request: Request, code: Redeemed) -> None:
    """The telephone is proved: what other back offices have on this person opens with it. A chat proves no number."""
    now = now_of(request)
    if code.contact_point_id is not None and code.way != Way.CHAT:
        await ledger.verify_contact_point(session, code.contact_point_id, now=now)
    await ledger.join_people(session, [code.policyholder_id], now=now)


async def _sign_in(session: AsyncSession, request: Request, code: Redeemed, *, remember: bool) -> SignedIn:
    portal, now = portal_of(request), now_of(request)
    before = read_cookie(request, SESSION)
    if before is not None:
        await end_session(session, before)
    device = None
    if remember:
        agent = request.headers.get("user-agent", "")
        device = await remember_device(session, code.policyholder_id, agent=agent, now=now)
    await _tell_if_new(session, request, code)
    if code.purpose != FRESH:
        person = code.policyholder_id
        await ledger.record_contact(session, claim_id=code.claim_id, policyholder_id=person, kind="look_up", now=now)
    log.info("signed_in", extra={"policyholder_id": str(code.policyholder_id), "purpose": code.purpose})
    several = code.by_policy and await has_several_claims(session, code.policyholder_id)
    return SignedIn(
        session=await open_session(session, code.policyholder_id, now=now),
        mark=device_mark(portal.settings.portal_secret_key, code.policyholder_id),
        device=device,
        to=code.back or ("/claims" if several or code.claim_id is None else f"/claim/{code.claim_id}"),
    )


async def _tell_if_new(session: AsyncSession, request: Request, code: Redeemed) -> None:
    """Tell the owner of a device that never signed in as them; the first sign-in of all has nobody to warn of."""
    portal, now = portal_of(request), now_of(request)
    known = has_seen(portal.settings.portal_secret_key, read_cookie(request, SEEN), code.policyholder_id)
    if known or code.claim_id is None or not await has_signed_in(session, code.policyholder_id, code.claim_id):
        return
    await direct.tell_new_device(
        session,
        code_id=code.code_id,
        policyholder_id=code.policyholder_id,
        claim_id=code.claim_id,
        now=now,
        settings=portal.notifier,
    )


def _welcome(request: Request, signed_in: SignedIn) -> Response:
    settings = portal_of(request).settings
    answer = RedirectResponse(signed_in.to, 303)
    set_cookie(answer, SESSION, signed_in.session, settings)
    set_cookie(answer, SEEN, signed_in.mark, settings, seconds=int(MARK_LIVES.total_seconds()))
    if signed_in.device is not None:
        set_cookie(answer, DEVICE, signed_in.device, settings, seconds=int(REMEMBERED_FOR.total_seconds()))
    for name in (CHALLENGE, GLANCE):
        drop_cookie(answer, name, settings)
    return answer


def _again(request: Request, text: str) -> Response:
    return page(request, "pages/code.html", _page(request, Problems((Problem("code", text),))), status=422)


def _page(request: Request, problems: Problems = NO_PROBLEMS, *, way: Way = Way.TEXT) -> CodePage:
    """The page with the ways that this installation has; whose claim it is makes no difference."""
    settings = portal_of(request).notifier
    calls, linked = is_offered(settings), " / ".join(chats.NAMES[each] for each in chats.offered(settings))
    has_it = {Way.TEXT: True, Way.CALL: calls, Way.CHAT: bool(linked)}
    return CodePage(problems, calls, linked, way if has_it[way] else Way.TEXT)


def _said(request: Request, text: str, **values: object) -> str:
    return translations(look_of(request).language).gettext(text).format(**values)


def _why(request: Request, tried: Wrong) -> str:
    """Why the code was not taken. An expired one is asked for again, never sent again by itself (`settled`, 23)."""
    if tried.expired:
        return _said(request, EXPIRED)
    if tried.left == 0:
        return _said(request, USED_UP)
    counted = translations(look_of(request).language).ngettext
    return counted(
        "The code does not match. {left} try left", "The code does not match. {left} tries left", tried.left
    ).format(left=tried.left)
