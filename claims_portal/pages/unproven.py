"""`/ask`, `/help/number`, `/help/phone`: for whoever cannot prove who they are. Every answer is the same receipt.

Formats alone are checked here. Whether there is such a claim, and who hears of it, is found later (`auth.unproven`).
"""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import NotFound
from claims_core.i18n import marked
from claims_core.ids import new_code
from claims_portal.auth import allow_anyone
from claims_portal.auth.entries import bare_number
from claims_portal.auth.limits import count_tries, unproven_tries
from claims_portal.deps import look_of, network_of, now_of, portal_of
from claims_portal.errors import TooManyTries
from claims_portal.pages.claim.questions import answer_due
from claims_portal.pages.forms import NO_PROBLEMS, Problems
from claims_portal.pages.speech import Speech
from claims_portal.pages.unproven_form import FORMS, Asking, Typed, read_form
from claims_portal.rendering import page
from claims_portal.tables import RequestKind, UnprovenRequest

router = APIRouter(include_in_schema=False)

REFERENCE_DIGITS = 10
RECEIPT = {
    RequestKind.QUESTION: marked("We have your question"),
    RequestKind.NO_NUMBER: marked("We will call you"),
    RequestKind.NEW_PHONE: marked("We will call you"),
}
COMES = {
    RequestKind.QUESTION: marked(
        "If the number is right, a person answers by {due}: to the phone or email in the claim, and nowhere else."
    ),
    RequestKind.NO_NUMBER: marked("A person calls the number you gave by {due} and checks who you are."),
    RequestKind.NEW_PHONE: marked(
        "If the number of the claim is right, a person calls the new number by {due} and checks who you are."
    ),
}


@dataclass(frozen=True, slots=True)
class UnprovenPage:
    """pages/unproven.html: one of three forms, what was typed, what is wrong with it."""

    form: Asking
    typed: Typed
    problems: Problems = NO_PROBLEMS


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """pages/receipt.html: when it came, under which reference, and what happens next. Nothing of what was written."""

    title: str
    text: str
    at: str
    iso: str
    reference: str


@router.get("/ask", dependencies=[Depends(allow_anyone)])
async def show_ask(request: Request) -> Response:
    """The form of a question by claim number."""
    return _shown(request, RequestKind.QUESTION)


@router.get("/help/number", dependencies=[Depends(allow_anyone)])
async def show_no_number(request: Request) -> Response:
    """The form for whoever has no number at hand."""
    return _shown(request, RequestKind.NO_NUMBER)


@router.get("/help/phone", dependencies=[Depends(allow_anyone)])
async def show_new_phone(request: Request) -> Response:
    """The form for whoever has another telephone now."""
    return _shown(request, RequestKind.NEW_PHONE)


Word = Annotated[str, Form()]


@router.post("/ask", dependencies=[Depends(allow_anyone)])
async def ask(request: Request, number: Word = "", question: Word = "", contact: Word = "") -> Response:
    """Take a question to a claim whose number somebody knows."""
    return await _taken(request, RequestKind.QUESTION, Typed(number=number, question=question, contact=contact))


@router.post("/help/number", dependencies=[Depends(allow_anyone)])
async def ask_number(request: Request, name: Word = "", contact: Word = "", question: Word = "") -> Response:
    """Take the wish to be called by somebody without a number."""
    return await _taken(request, RequestKind.NO_NUMBER, Typed(name=name, contact=contact, question=question))


@router.post("/help/phone", dependencies=[Depends(allow_anyone)])
async def ask_new_phone(request: Request, number: Word = "", name: Word = "", contact: Word = "") -> Response:
    """Take a new telephone, to be called and checked by a person; nothing is changed by it."""
    return await _taken(request, RequestKind.NEW_PHONE, Typed(number=number, name=name, contact=contact))


@router.get("/received/{request_id:uuid}", dependencies=[Depends(allow_anyone)])
async def show_receipt(request: Request, request_id: UUID) -> Response:
    """The receipt, to keep or to print; it never says what came of the request."""
    async with session_scope(portal_of(request).engine) as session:
        row = await session.get(UnprovenRequest, request_id)
        if row is None:
            raise NotFound
        said = _speech(request)
        made = ReceiptPage(
            title=said.say(RECEIPT[row.kind]),
            text=said.say(COMES[row.kind], due=said.stamp(row.due_at)),
            at=said.stamp(row.created_at),
            iso=row.created_at.isoformat(timespec="minutes"),
            reference=f"{row.reference[:5]}-{row.reference[5:]}",
        )
    return page(request, "pages/receipt.html", made)


async def _taken(request: Request, kind: RequestKind, typed: Typed) -> Response:
    portal, now = portal_of(request), now_of(request)
    read, problems = read_form(FORMS[kind], typed, portal.settings, _speech(request))
    if read is None:
        return _shown(request, kind, typed.cut(), problems)
    bare = bare_number(read.numbers[0]) if read.numbers else ""
    tries = unproven_tries(number=bare, contact=read.contact, network=network_of(request))
    row = UnprovenRequest(
        reference=new_code(REFERENCE_DIGITS),
        kind=kind,
        language=look_of(request).language,
        asked_numbers=list(read.numbers),
        name=read.name,
        contact=read.contact,
        text=read.text,
        created_at=now,
        due_at=answer_due(now, portal.settings),
    )
    receipt = row.id
    async with session_scope(portal.engine) as session:
        until = await count_tries(session, tries, key=portal.settings.portal_secret_key, now=now)
        if until is None:
            session.add(row)
    if until is not None:
        raise TooManyTries(until)
    portal.wake_sender()
    return RedirectResponse(f"/received/{receipt}", 303)


def _shown(
    request: Request, kind: RequestKind, typed: Typed | None = None, problems: Problems = NO_PROBLEMS
) -> Response:
    made = UnprovenPage(FORMS[kind], typed or Typed(), problems)
    return page(request, "pages/unproven.html", made, status=422 if problems.all else 200)


def _speech(request: Request) -> Speech:
    return Speech(look_of(request).language, portal_of(request).settings.zone, now_of(request))
