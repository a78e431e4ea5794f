"""`/claim/{id}/representatives`: whom the policyholder lets read the claim, until when; and their own yes."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.i18n import last4, marked, masked_phone
from claims_core.ledger.representatives import Standing
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim, require_representative
from claims_portal.auth.naming import AT_MOST, Naming, last_day, read_naming
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.errors import AgreementNeeded
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.speech import Speech
from claims_portal.queries import Looks, looks_of
from claims_portal.rendering import page

router = APIRouter(include_in_schema=False)

# The words that were agreed to, by name; a wording that was ever shown is never changed.
OWNERS_WORDING, THEIR_WORDING = "representative-owner-1", "representative-1"
BY_PAGE = "page"
NOT_TICKED = marked("Tick the box if you agree")
ENOUGH = marked("Five people at most, each telephone once. End one of them first")


@dataclass(frozen=True, slots=True)
class NamedLine:
    """Somebody who may read the claim."""

    id: str
    name: str
    text: str
    looks: str


@dataclass(frozen=True, slots=True)
class RepresentativesPage:
    """pages/representatives.html: who reads the claim now, and the form that names one more."""

    id: str
    ref: str
    people: tuple[NamedLine, ...]
    problems: Problems
    name: str
    phone: str
    until: str
    first: str
    last: str
    host: str


@dataclass(frozen=True, slots=True)
class AgreePage:
    """pages/agree.html: what somebody who was named agrees to, and nothing of the claim."""

    id: str
    ref: str
    text: str
    problems: Problems


@router.get("/claim/{claim_id}/representatives")
async def show_representatives(request: Request, view: Annotated[OwnersView, Depends(require_own_claim)]) -> Response:
    """Who reads the claim, and the form."""
    return await _shown(request, view)


@router.post("/claim/{claim_id}/representatives")
async def name_one(
    request: Request,
    view: Annotated[OwnersView, Depends(require_fresh_claim)],
    name: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    agree: Annotated[str, Form()] = "",
) -> Response:
    """Name somebody, with a code of the last ten minutes and a ticked box. Nothing is sent to their telephone."""
    portal, now, said = portal_of(request), now_of(request), speech_for(request, view.claim)
    read, wrong = read_naming(name, phone, until, portal.settings, now=now)
    problems = [Problem(field, said.say(words)) for field, words in wrong]
    if agree != "yes":
        problems.append(Problem("agree", said.say(NOT_TICKED)))
    if not problems and read is not None:
        try:
            async with session_scope(portal.engine) as session:
                named = _named(read, look_of(request).language)
                by = f"policyholder:{view.policyholder_id}"
                await ledger.name_representative(session, view.claim["id"], named, by=by, now=now)
            return _to_list(view)
        except Conflict:
            problems.append(Problem("phone", said.say(ENOUGH)))
    typed = (name[:120], phone[:40], until[:10])
    return await _shown(request, view, problems=Problems(tuple(problems)), typed=typed)


@router.post("/claim/{claim_id}/representatives/{representative_id}/end")
async def end_one(
    request: Request, view: Annotated[OwnersView, Depends(require_own_claim)], representative_id: UUID
) -> Response:
    """They read it no more, from now on; another claim's is not there."""
    by, claim_id = f"policyholder:{view.policyholder_id}", view.claim["id"]
    async with session_scope(portal_of(request).engine) as session:
        await ledger.end_representative(session, representative_id, claim_id=claim_id, by=by, now=now_of(request))
    return _to_list(view)


@router.get("/claim/{claim_id}/agree")
async def show_agree(request: Request, view: Annotated[OwnersView, Depends(require_representative)]) -> Response:
    """What they agree to before they read anything."""
    return _asked(request, view)


@router.post("/claim/{claim_id}/agree")
async def agree_to_read(
    request: Request,
    view: Annotated[OwnersView, Depends(require_representative)],
    agree: Annotated[str, Form()] = "",
) -> Response:
    """Their own yes, with a ticked box."""
    assert view.represents is not None
    if agree != "yes":
        said = speech_for(request, view.claim)
        return _asked(request, view, Problems((Problem("agree", said.say(NOT_TICKED)),)))
    async with session_scope(portal_of(request).engine) as session:
        await ledger.agree_to_represent(session, view.represents.id, wording=THEIR_WORDING, now=now_of(request))
    return RedirectResponse(f"/claim/{view.claim['id']}", 303)


async def on_agreement_needed(request: Request, error: Exception) -> Response:
    """The answer to AgreementNeeded: the page that asks for it."""
    assert isinstance(error, AgreementNeeded)
    return RedirectResponse(f"/claim/{error.claim_id}/agree", 303)


def answer_agreement_needed(app: FastAPI) -> None:
    """Give the app its answer to somebody who was named and has not agreed."""
    app.add_exception_handler(AgreementNeeded, on_agreement_needed)


def _named(read: Naming, language: str) -> ledger.Named:
    return ledger.Named(
        name=read.name,
        phone=read.phone,
        basis=BY_PAGE,
        wording=OWNERS_WORDING,
        language=language,
        ends_at=read.ends_at,
    )


async def _shown(
    request: Request,
    view: OwnersView,
    *,
    problems: Problems = NO_PROBLEMS,
    typed: tuple[str, str, str] = ("", "", ""),
) -> Response:
    said, now = speech_for(request, view.claim), now_of(request)
    settings = portal_of(request).settings
    async with session_scope(portal_of(request).engine) as session:
        standing = await ledger.representatives_of(session, view.claim["id"], now=now)
        looks = await looks_of(session, view.claim["id"])
    today = now.astimezone(settings.zone).date()
    made = RepresentativesPage(
        id=str(view.claim["id"]),
        ref=said.say("Claim {ref}", ref=view.claim["claim_number"]),
        people=tuple(_line(one, looks.get(one.person_id), said) for one in standing),
        problems=problems,
        name=typed[0],
        phone=typed[1],
        until=typed[2],
        first=today.isoformat(),
        last=(today + AT_MOST).isoformat(),
        host=settings.host,
    )
    return page(request, "pages/representatives.html", made, status=422 if problems.all else 200)


def _line(one: Standing, looked: Looks | None, said: Speech) -> NamedLine:
    last = said.day(last_day(one.ends_at, said.zone))
    text = said.say("{phone}, reads the claim until {date}", phone=masked_phone(one.phone), date=last)
    if one.agreed_at is None:
        text = said.say("{phone}, until {date}. Has not agreed yet", phone=masked_phone(one.phone), date=last)
    seen = said.moment_within(looked.last) if looked else ""
    times = (
        said.say_count("Looked {n} time, last {when}", "Looked {n} times, last {when}", looked.n, when=seen)
        if looked
        else ""
    )
    return NamedLine(str(one.id), one.name, text, times)


def _asked(request: Request, view: OwnersView, problems: Problems = NO_PROBLEMS) -> Response:
    assert view.represents is not None
    said = speech_for(request, view.claim)
    made = AgreePage(
        id=str(view.claim["id"]),
        ref=said.say("Claim ending {ref4}", ref4=last4(view.claim["claim_number"])),
        text=said.say(
            "Its owner lets you read it until {date}.", date=said.day(last_day(view.represents.until, said.zone))
        ),
        problems=problems,
    )
    return page(request, "pages/agree.html", made, status=422 if problems.all else 200)


def _to_list(view: OwnersView) -> Response:
    return RedirectResponse(f"/claim/{view.claim['id']}/representatives", 303)
