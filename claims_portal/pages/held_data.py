"""`/claim/{id}/data`: what we hold about a person, to read and take along; `/claim/{id}/erasure`: to have it erased."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.deadlines import Counting, Term, due_date
from claims_core.i18n import format_claim_number, marked
from claims_core.same_person import rows_of_person
from claims_core.tables import Erasure
from claims_portal.auth import OwnersView, require_fresh_claim, require_own_claim
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.pages.claim.complaint_card import grouped
from claims_portal.pages.claim.route import speech_for
from claims_portal.pages.forms import NO_PROBLEMS, Problem, Problems
from claims_portal.pages.held_paper import held_paper
from claims_portal.pages.speech import Speech
from claims_portal.pdf import to_pdf
from claims_portal.personal.copy import as_json, count_all, read_all
from claims_portal.personal.held import DRAWERS
from claims_portal.rendering import page
from claims_portal.settings import PortalSettings

router = APIRouter(include_in_schema=False)

Own = Annotated[OwnersView, Depends(require_own_claim)]
Fresh = Annotated[OwnersView, Depends(require_fresh_claim)]

# Within ten working days (in Russia: Law 152-FZ, article 20, for what a person asks about their data).
TERM = Term(10, Counting.WORKING, paused=False)
GOES = (
    marked("your name, date of birth, telephone numbers and email, also of those whom you let read your claims"),
    marked("the numbers of your claims and policies, what was insured, where and when it happened"),
    marked("your questions with their answers, your files, and every message to you and from you"),
    marked("accounts and banks, sessions, remembered devices, linked messengers and your choices"),
)
STAYS = (
    marked(
        "complaints and objections with our answers, for three years after the claim was closed: so long somebody "
        "may go to law about them"
    ),
    marked("a STOP with the number it is for: without it we would not know that we must not write there"),
    marked("sums and dates without your name: accounts and statistics have to add up"),
    marked("that it was erased, who did it and when"),
    marked(
        "what the insurer's claims system has: the law makes an insurer keep contracts, claims and payments. It does "
        "not come back here from there"
    ),
)


@dataclass(frozen=True, slots=True)
class DrawerLine:
    """A category as the page shows it."""

    name: str
    count: str
    why: str
    how_long: str


@dataclass(frozen=True, slots=True)
class DataPage:
    """pages/data.html: the categories with their counts; whether an erasure is under way."""

    id: str
    ref: str
    drawers: tuple[DrawerLine, ...]
    asked: str | None


@dataclass(frozen=True, slots=True)
class ErasurePage:
    """pages/erasure.html: what goes, what stays and why, and what is in the way; or that it was asked for."""

    id: str
    ref: str
    goes: tuple[str, ...]
    stays: tuple[str, ...]
    waits: bool
    clock: str
    asked: str | None
    problems: Problems


@router.get("/claim/{claim_id}/data")
async def show_data(request: Request, view: Own) -> Response:
    """What we hold, by category, with how much, why and how long."""
    said = speech_for(request, view.claim)
    counts = await count_all(portal_of(request).pool, view.policyholder_id)
    erasure, _ = await _wish(request, view)
    lines = (
        DrawerLine(
            said.say(drawer.name),
            said.say_count("{n} row", "{n} rows", counts[category]),
            said.say(drawer.why),
            said.say(drawer.how_long),
        )
        for category, drawer in DRAWERS.items()
    )
    made = DataPage(str(view.claim["id"]), _ref(view, said), tuple(lines), _asked(erasure, said))
    return page(request, "pages/data.html", made)


@router.get("/claim/{claim_id}/data/json")
async def fetch_json(request: Request, view: Fresh) -> Response:
    """Everything as JSON, with a fresh code only."""
    portal, now = portal_of(request), now_of(request)
    found = await read_all(portal.pool, view.policyholder_id)
    body = as_json(found, made_at=now.isoformat(), insurer=portal.brand.name(look_of(request).language))
    return StreamingResponse(body, media_type="application/json", headers=_saved_as("my-data.json"))


@router.get("/claim/{claim_id}/data/pdf")
async def fetch_pdf(request: Request, view: Fresh) -> Response:
    """The same in short as a paper, with a fresh code only."""
    portal, said = portal_of(request), speech_for(request, view.claim)
    found = await read_all(portal.pool, view.policyholder_id)
    name, head = portal.brand.name(said.language), portal.brand.head(said.language)
    made = await asyncio.to_thread(to_pdf, held_paper(found, said, name), head)
    return Response(made, media_type="application/pdf", headers=_saved_as("my-data.pdf"))


@router.get("/claim/{claim_id}/erasure")
async def show_erasure(request: Request, view: Own) -> Response:
    """What would be erased, and what the law keeps."""
    return await _erasure(request, view)


@router.post("/claim/{claim_id}/erasure")
async def ask_erasure(
    request: Request, view: Fresh, agree: Annotated[str, Form()] = "", back: Annotated[str, Form()] = ""
) -> Response:
    """Ask for it with a ticked box, or take it back; with a fresh code only."""
    portal, now = portal_of(request), now_of(request)
    erasure, _ = await _wish(request, view)
    if erasure is None and agree != "yes":
        return await _erasure(request, view, problem=marked("Tick the box if you want it erased"))
    async with session_scope(portal.engine) as session:
        if erasure is not None and back:
            by = f"policyholder:{view.policyholder_id}"
            await ledger.withdraw_erasure(session, erasure.id, by=by, now=now)
        elif erasure is None:
            due = _due(view, now, portal.settings)
            await ledger.ask_erasure(session, view.policyholder_id, due_at=due, now=now)
    return RedirectResponse(f"/claim/{view.claim['id']}/erasure", 303)


async def _wish(request: Request, view: OwnersView) -> tuple[Erasure | None, bool]:
    """Their wish that is under way, and whether something of theirs is still open."""
    async with session_scope(portal_of(request).engine) as session:
        people = await rows_of_person(session, view.policyholder_id)
        return await ledger.open_erasure(session, people), await ledger.is_in_the_way(session, people)


async def _erasure(request: Request, view: OwnersView, *, problem: str | None = None) -> Response:
    said, settings = speech_for(request, view.claim), portal_of(request).settings
    erasure, waits = await _wish(request, view)
    due = erasure.due_at if erasure else _due(view, said.now, settings)
    made = ErasurePage(
        id=str(view.claim["id"]),
        ref=_ref(view, said),
        goes=tuple(map(said.say, GOES)),
        stays=tuple(map(said.say, STAYS)),
        waits=waits,
        clock=said.say("Two people look at it, and it is done by {when}", when=said.moment_within(due)),
        asked=_asked(erasure, said),
        problems=Problems((Problem("agree", said.say(problem)),)) if problem else NO_PROBLEMS,
    )
    return page(request, "pages/erasure.html", made, status=422 if problem else 200)


def _asked(erasure: Erasure | None, said: Speech) -> str | None:
    if erasure is None:
        return None
    number, when = grouped(erasure.reference), said.stamp(erasure.asked_at)
    return said.say("You asked on {when} to have it erased. Number {number}", when=when, number=number)


def _due(view: OwnersView, now: datetime, settings: PortalSettings) -> datetime:
    day = due_date(now.astimezone(settings.zone).date(), TERM, (), view.claim["country"])
    return datetime.combine(day, time(settings.portal_office_closes), settings.zone)


def _ref(view: OwnersView, said: Speech) -> str:
    return said.say("Claim {ref}", ref=format_claim_number(view.claim["claim_number"]))


def _saved_as(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
