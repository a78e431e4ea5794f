"""`/`: number and telephone. The answer is the same, in bytes and in time, whatever exists."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.i18n import translations
from claims_portal.auth import allow_anyone
from claims_portal.auth.codes import Way, ask_for_code
from claims_portal.auth.cookies import CHALLENGE, DEVICE, SEEN, read_cookie, set_cookie
from claims_portal.auth.devices import owner_of_device
from claims_portal.auth.entries import Asked, bare_number, read_numbers, read_phone
from claims_portal.auth.limits import count_tries, look_up_tries
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.rendering import page
from claims_portal.settings import PortalSettings

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class LookUpPage:
    """pages/look_up.html: the form, what was typed, what is wrong with it; a known device is told where to look."""

    number: str = ""
    phone: str = ""
    problems: Problems = NO_PROBLEMS
    number_help: str = ""
    phone_help: str = ""
    knows_device: bool = False


@router.get("/", dependencies=[Depends(allow_anyone)])
async def show_look_up(request: Request) -> Response:
    """The empty form; a remembered device also gets the way to its glance."""
    token, owner = read_cookie(request, DEVICE), None
    if token is not None:
        async with session_scope(portal_of(request).engine) as session:
            owner = await owner_of_device(session, token, now=now_of(request))
    return page(request, "pages/look_up.html", _page(request, knows_device=owner is not None))


@router.post("/", dependencies=[Depends(allow_anyone)])
async def look_up(
    request: Request, number: Annotated[str, Form()] = "", phone: Annotated[str, Form()] = ""
) -> Response:
    """Take the look-up: formats first, then the limits, then one row. What exists is found later, by `auth.sender`."""
    portal = portal_of(request)
    asked, problems = read_look_up(number, phone, portal.settings, look_of(request).language)
    if asked is None:
        shown = _page(request, number=number[:100], phone=phone[:100], problems=problems)
        return page(request, "pages/look_up.html", shown, status=422)
    return await start_code(request, asked)


# The page of the code says what to wait for: a text, a ring, or a message in a chat.
PAGE_OF = {Way.TEXT: "/code", Way.CALL: "/code?by=call", Way.CHAT: "/code?by=chat"}


async def start_code(request: Request, asked: Asked, *, way: Way = Way.TEXT) -> Response:
    """Count the try, write the row, and lead to the code. Raises TooManyTries, the same whatever exists."""
    portal, now = portal_of(request), now_of(request)
    mark = read_cookie(request, SEEN)
    tries = look_up_tries(number=asked.typed, phone=asked.phone, network=network_of(request), device=mark)
    challenge = ""
    async with session_scope(portal.engine) as session:
        until = await count_tries(session, tries, key=portal.settings.portal_secret_key, now=now)
        if until is None:
            language = look_of(request).language
            challenge = await ask_for_code(session, asked, device_mark=mark, language=language, way=way, now=now)
    if until is not None:
        raise TooManyTries(until)
    portal.wake_sender()
    answer = RedirectResponse(PAGE_OF[way], 303)
    set_cookie(answer, CHALLENGE, challenge, portal.settings)
    return answer


def read_look_up(number: str, phone: str, settings: PortalSettings, language: str) -> tuple[Asked | None, Problems]:
    """What was asked for, or what is wrong with it. Nothing is searched: the formats alone decide."""
    said = translations(language).gettext
    problems = []
    numbers = read_numbers(number, settings.portal_number_formats)
    address = read_phone(phone, settings.portal_phone_countries)
    if not number.strip():
        problems.append(Problem("number", said("Enter the claim or policy number")))
    elif not numbers:
        text = said("The number has 4 to 40 digits or letters, for example {example}")
        problems.append(Problem("number", text.format(example=settings.portal_number_example)))
    if not phone.strip():
        problems.append(Problem("phone", said("Enter the mobile phone")))
    elif address is None and settings.portal_phone_countries[0].lower() == "ru":
        problems.append(Problem("phone", said("The phone has 10 digits after +7, for example +7 912 000-00-00")))
    elif address is None:
        problems.append(Problem("phone", said("Enter the phone with its country code, as in +1 202 555 0123")))
    if problems or address is None:
        return None, Problems(tuple(problems))
    return Asked(numbers, address, bare_number(numbers[0])), Problems()


def _page(
    request: Request,
    *,
    number: str = "",
    phone: str = "",
    problems: Problems | None = None,
    knows_device: bool = False,
) -> LookUpPage:
    said = translations(look_of(request).language).gettext
    call = portal_of(request).settings.portal_brand_phone
    return LookUpPage(
        number=number,
        phone=phone,
        problems=problems or Problems(),
        number_help=said(
            "Enter your policy number instead. It is at the top of the policy. Or call us: we find the claim by your "
            "name and check who you are."
        ),
        phone_help=said(
            "For your safety we do not change the phone on this page. Call {phone} or come to an office with an "
            "identity document. It takes about 5 minutes."
        ).format(phone=call),
        knows_device=knows_device,
    )
