"""`/desk/pilots`: a question is planned, started and thereby locked, and read night by night until its day."""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.i18n import marked as _
from claims_figures.tables import Figure
from claims_portal.deps import portal_of
from claims_portal.desk.access import PILOTS, Staffed
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.pilots.form import PilotForm, plan_from, problems_of, typed_from
from claims_portal.desk.pilots.pages import PilotsPage, line_of, pilot_page, plan_page
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.rendering import page
from notifier.deciding.pilot import Plan, often_or_rare
from notifier.people import pilots
from notifier.states import Arm
from notifier.tables import Pilot
from notifier.wording.wordings import wording_for

router = APIRouter(prefix="/desk/pilots", include_in_schema=False)

NAMED_BEFORE = _("There was a pilot of this name: choose another.")


@router.get("")
async def show_pilots(request: Request, viewer: Staffed = Depends(PILOTS)) -> Response:
    """Every pilot there is, the latest on top."""
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        rows = (await session.exec(select(Pilot).order_by(col(Pilot.starts_at).desc().nulls_first()))).all()
        made = PilotsPage(
            rail=await rail_for(session, viewer, "pilots", now=says.now),
            title=says.told("Pilots"),
            lines=tuple(line_of(row, says) for row in rows),
        )
    return page(request, "desk/pilots.html", made)


@router.get("/new")
async def plan_pilot(request: Request, viewer: Staffed = Depends(PILOTS)) -> Response:
    """The example that ships, to be kept as it is or changed."""
    plan = often_or_rare(wording_for([Arm.ESSENTIAL, Arm.FREQUENT]))
    async with session_scope(portal_of(request).engine) as session:
        return await plan_page(request, session, viewer, None, typed_from(plan))


@router.post("")
async def keep_plan(
    request: Request, typed: Annotated[PilotForm, Form()], viewer: Staffed = Depends(PILOTS)
) -> Response:
    """Keep a new plan; what is wrong with it is shown, and nothing of it is lost."""
    return await _kept(request, viewer, None, typed)


@router.post("/{pilot_id:uuid}")
async def change_plan(
    request: Request, pilot_id: UUID, typed: Annotated[PilotForm, Form()], viewer: Staffed = Depends(PILOTS)
) -> Response:
    """Another plan, as long as it has not started."""
    return await _kept(request, viewer, pilot_id, typed)


@router.get("/{pilot_id:uuid}")
async def show_pilot(request: Request, pilot_id: UUID, viewer: Staffed = Depends(PILOTS)) -> Response:
    """The plan before the start; what came of it afterwards."""
    async with session_scope(portal_of(request).engine) as session:
        pilot = await _pilot(session, pilot_id)
        arms = list(await pilots.arms_of(session, pilot_id))
        if pilot.starts_at is None:
            return await plan_page(request, session, viewer, pilot_id, typed_from(pilots.plan_of(pilot, arms)))
        says = says_of(request)
        row = await _figure(session, pilot_id)
        rail = await rail_for(session, viewer, "pilots", now=says.now)
    return page(request, "desk/pilot.html", pilot_page(request, rail, pilot, arms, row, says))


@router.get("/{pilot_id:uuid}/sheet")
async def give_sheet(request: Request, pilot_id: UUID, viewer: Staffed = Depends(PILOTS)) -> Response:
    """Every figure of a pilot, a row for each measure and arm. Shares are of 1, rates of 100 open claim-weeks."""
    async with session_scope(portal_of(request).engine) as session:
        await _pilot(session, pilot_id)
        row = await _figure(session, pilot_id)
    out = StringIO()
    writer = csv.writer(out)
    ends = ("difference", "low", "high", "p", "reading")
    writer.writerow(("line", "measure", "arm", "value", *ends, "data_at", "method", "version"))
    for line, measure, told in _measured(row.numbers if row else {}):
        for at, value in enumerate(told["values"]):
            difference = (told["differences"][at - 1] if at else None) or {}
            arm = row.numbers["arms"][at]["arm"] if row else ""
            tail = (row.data_at.isoformat(), row.method, row.version) if row else ()
            writer.writerow((line, measure, arm, value, *(difference.get(end) for end in ends), *tail))
    named = {"Content-Disposition": 'attachment; filename="pilot.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


@router.post("/{pilot_id:uuid}/start")
async def start_pilot(request: Request, pilot_id: UUID, viewer: Staffed = Depends(PILOTS)) -> Response:
    """Lock the plan and ask people from now on."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            await pilots.start(session, pilot_id, by=viewer.actor, now=says_of(request).now)
    except Conflict:
        return _to(pilot_id, "not")
    return _to(pilot_id, "started")


@router.post("/{pilot_id:uuid}/stop")
async def stop_pilot(
    request: Request, pilot_id: UUID, reason: Annotated[str, Form()] = "", viewer: Staffed = Depends(PILOTS)
) -> Response:
    """End it before its day, with a reason."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            why = reason.strip()[:500]
            await pilots.stop(session, pilot_id, reason=why, by=viewer.actor, now=says_of(request).now)
    except BadInput:
        return _to(pilot_id, "reason")
    except Conflict:
        return _to(pilot_id, "not")
    return _to(pilot_id, "stopped")


def _to(pilot_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/desk/pilots/{pilot_id}?done={done}", 303)


async def _figure(session: AsyncSession, pilot_id: UUID) -> Figure | None:
    counted = select(Figure).where(Figure.name == "pilot", Figure.subject == str(pilot_id))
    return (await session.exec(counted)).first()


async def _pilot(session: AsyncSession, pilot_id: UUID) -> Pilot:
    pilot = await session.get(Pilot, pilot_id)
    if pilot is None:
        raise NotFound
    return pilot


async def _kept(request: Request, viewer: Staffed, pilot_id: UUID | None, typed: PilotForm) -> Response:
    plan, now = plan_from(typed), says_of(request).now
    problems = problems_of(plan)
    async with session_scope(portal_of(request).engine) as session:
        if pilot_id is not None and (await _pilot(session, pilot_id)).starts_at is not None:
            return _to(pilot_id, "not")
        if not problems and await _is_taken(session, plan, pilot_id):
            problems = (("name", NAMED_BEFORE),)
        if problems:
            return await plan_page(request, session, viewer, pilot_id, typed, problems)
        if pilot_id is None:
            kept = await pilots.make(session, plan, by=viewer.actor, now=now)
        else:
            kept = await pilots.change(session, pilot_id, plan, by=viewer.actor, now=now)
        return _to(kept.id, "kept")


async def _is_taken(session: AsyncSession, plan: Plan, pilot_id: UUID | None) -> bool:
    found = (await session.exec(select(Pilot.id).where(Pilot.name == plan.name))).first()
    return found not in (None, pilot_id)


def _measured(numbers: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Each measure of everybody, then the main one of each line."""
    whole = [("", name, told) for name, told in numbers.get("measures", {}).items()]
    return whole + [(each["line"], numbers["main"], each) for each in numbers.get("lines", [])]
