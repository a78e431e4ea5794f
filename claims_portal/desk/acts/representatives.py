"""`/desk/{id}/representatives`: who reads a claim for its policyholder; named here from a paper, and ended here."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import marked as _
from claims_core.i18n import masked_phone
from claims_core.ledger.representatives import Standing
from claims_core.tables import Claim, Policyholder
from claims_portal.auth.naming import AT_MOST, last_day, read_naming
from claims_portal.deps import portal_of
from claims_portal.desk.access import CHANGERS, READERS, Staffed, may_change
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.facts.claim import record_look
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.rendering import page

router = APIRouter(prefix="/desk", include_in_schema=False)

BY_PAPER = "paper"
NO_PAPER = _("Tick that you have seen the power of attorney or the policyholder's own word on paper")
ENOUGH = _("Five people at most, each telephone once. End one of them first")


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody who may read the claim."""

    id: UUID
    name: str
    phone: str
    words: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    name: str = ""
    phone: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class RepresentativesPage:
    """desk/representatives.html: everything the page may show, and nothing it may not."""

    rail: Rail
    id: UUID
    number: str
    title: str
    people: tuple[Line, ...]
    problems: tuple[tuple[str, str], ...]
    typed: Typed
    first: str
    last: str
    may_act: bool


@router.get("/{claim_id:uuid}/representatives")
async def show_representatives(request: Request, claim_id: UUID, viewer: Staffed = Depends(READERS)) -> Response:
    """Who reads this claim besides its policyholder."""
    return await _shown(request, claim_id, viewer)


@router.post("/{claim_id:uuid}/representatives")
async def name_one(
    request: Request,
    claim_id: UUID,
    name: Annotated[str, Form()] = "",
    phone: Annotated[str, Form()] = "",
    until: Annotated[str, Form()] = "",
    paper: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(CHANGERS),
) -> Response:
    """Name somebody because the policyholder said so on paper."""
    portal, says = portal_of(request), says_of(request)
    read, wrong = read_naming(name, phone, until, portal.settings, now=says.now)
    problems = [*wrong, *((("paper", NO_PAPER),) if paper != "seen" else ())]
    typed = Typed(name[:120], phone[:40], until[:10])
    if problems or read is None:
        return await _shown(request, claim_id, viewer, tuple(problems), typed)
    try:
        async with session_scope(portal.engine) as session:
            claim = await session.get(Claim, claim_id)
            owner = await session.get(Policyholder, claim.policyholder_id) if claim else None
            if owner is None:
                raise NotFound
            named = ledger.Named(read.name, read.phone, BY_PAPER, None, owner.language, read.ends_at)
            await ledger.name_representative(session, claim_id, named, by=viewer.actor, now=says.now)
    except Conflict:
        return await _shown(request, claim_id, viewer, (("phone", ENOUGH),), typed)
    return RedirectResponse(f"/desk/{claim_id}/representatives", 303)


@router.post("/{claim_id:uuid}/representatives/{representative_id:uuid}/end")
async def end_one(
    request: Request, claim_id: UUID, representative_id: UUID, viewer: Staffed = Depends(CHANGERS)
) -> Response:
    """They read it no more, from now on."""
    now = says_of(request).now
    async with session_scope(portal_of(request).engine) as session:
        await ledger.end_representative(session, representative_id, claim_id=claim_id, by=viewer.actor, now=now)
    return RedirectResponse(f"/desk/{claim_id}/representatives", 303)


async def _shown(
    request: Request,
    claim_id: UUID,
    viewer: Staffed,
    wrong: tuple[tuple[str, str], ...] = (),
    typed: Typed | None = None,
) -> Response:
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        claim = await session.get(Claim, claim_id)
        if claim is None:
            raise NotFound
        name = "representatives"
        await record_look(session, claim_id=claim_id, staff_id=viewer.id, page=name, why="claim", now=says.now)
        standing = await ledger.representatives_of(session, claim_id, now=says.now)
        made = RepresentativesPage(
            rail=await rail_for(session, viewer, "claims", now=says.now),
            id=claim_id,
            number=claim.claim_number,
            title=says.told("Who reads this claim for the client"),
            people=tuple(_line(one, says, in_full=may_change(viewer)) for one in standing),
            problems=tuple((field, says.told(words)) for field, words in wrong),
            typed=typed or Typed(),
            first=says.today.isoformat(),
            last=(says.today + AT_MOST).isoformat(),
            may_act=may_change(viewer),
        )
    return page(request, "desk/representatives.html", made, status=422 if wrong else 200)


def _line(one: Standing, says: Says, *, in_full: bool) -> Line:
    last = last_day(one.ends_at, says.zone)
    words = (
        _("named by the client, until {day}")
        if one.named_by.startswith("policyholder:")
        else _("named by {who}, until {day}")
    )
    said = says.told(words, who=one.named_by, day=last)
    if one.agreed_at is None:
        said = says.told("{words}. Has not agreed yet, and reads nothing", words=said)
    return Line(one.id, one.name, one.phone if in_full else masked_phone(one.phone), said)
