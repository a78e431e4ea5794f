"""`/desk/calls`: whom to call because a decision or a request has reached nobody, or because they asked to be called
and cannot prove who they are; and what came of each call."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_portal.deps import now_of, portal_of
from claims_portal.desk.access import ANSWERERS, READERS, Staffed, may_answer
from claims_portal.desk.claim.call_view import CallLine, call_lines
from claims_portal.desk.claim.page import Notice
from claims_portal.desk.claim.route import NOTICES, says_of
from claims_portal.desk.inbox.unproven_view import RequestLine, request_lines
from claims_portal.desk.line.open_calls import Duty, Line, duty_of, lines_done, lines_now, repeated
from claims_portal.desk.says import Says
from claims_portal.desk.waiting import unproven as unproven_rows
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.rendering import page
from claims_portal.tables import Role
from notifier.planning import calls

router = APIRouter(prefix="/desk", include_in_schema=False)


@dataclass(frozen=True, slots=True)
class CallsPage:
    """desk/calls.html: everything the page may show, and nothing it may not."""

    rail: Rail
    title: str
    calls: tuple[CallLine, ...]
    requests: tuple[RequestLine, ...]
    may_answer: bool
    lines: tuple[Line, ...]
    done: tuple[Line, ...]
    duty: Duty
    repeated: str
    back: str
    notice: Notice | None


@router.get("/calls")
async def show_calls(request: Request, viewer: Staffed = Depends(READERS)) -> Response:
    """Whom to call now, the longest waiting first."""
    is_head = viewer.role is Role.SUPERVISOR
    says, done = says_of(request), NOTICES.get(request.query_params.get("done", ""))
    async with session_scope(portal_of(request).engine) as session:
        found = await calls.open_calls(session, now=says.now)
        made = CallsPage(
            rail=await rail_for(session, viewer, "calls", now=says.now),
            title=says.told("To call"),
            calls=call_lines(found, viewer, says),
            may_answer=may_answer(viewer),
            lines=await lines_now(session, viewer, says) if may_answer(viewer) else (),
            done=await lines_done(session, viewer, says, everybodys=is_head) if may_answer(viewer) else (),
            duty=await duty_of(session, viewer.id),
            repeated=await _repeated(session, says),
            requests=request_lines(await unproven_rows.open_requests(session, now=says.now), viewer, says),
            back="list",
            notice=Notice(done[0], done[1], (says.told(done[2]),)) if done else None,
        )
    return page(request, "desk/calls.html", made)


async def _repeated(session: AsyncSession, says: Says) -> str:
    """In how many calls the caller had to tell it all again; nothing while there were none."""
    n, of = await repeated(session, now=says.now)
    if not of:
        return ""
    return says.told("They had to tell it all again in {n} of {calls} calls of the last 30 days", n=n, calls=of)


@router.post("/calls/{request_id:uuid}")
async def record_asked_call(
    request: Request, request_id: UUID, outcome: Annotated[str, Form()] = "", viewer: Staffed = Depends(ANSWERERS)
) -> Response:
    """Keep what came of calling somebody who had proved nothing."""
    if outcome not in set(unproven_rows.Outcome):
        raise NotFound
    said = unproven_rows.Outcome(outcome)
    try:
        async with session_scope(portal_of(request).engine) as session:
            await unproven_rows.record_call(session, request_id, outcome=said, by=viewer.actor, now=now_of(request))
        done = "not-reached" if said is unproven_rows.Outcome.NO_ANSWER else "asked-over"
    except Conflict:
        done = "call-over"
    return RedirectResponse(f"/desk/calls?done={done}", 303)


@router.post("/{claim_id:uuid}/call")
async def record_call(
    request: Request,
    claim_id: UUID,
    call: Annotated[UUID, Form()],
    outcome: Annotated[str, Form()] = "",
    back: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """Keep what came of a call. Who was late reads that it is over."""
    if outcome not in set(calls.Outcome):
        raise NotFound
    said = calls.Outcome(outcome)
    try:
        async with session_scope(portal_of(request).engine) as session:
            await calls.record(session, call, claim_id=claim_id, outcome=said, by=viewer.actor, now=now_of(request))
        done = "not-reached" if said is calls.Outcome.NO_ANSWER else "called"
    except Conflict:
        done = "call-over"
    return RedirectResponse(f"/desk/calls?done={done}" if back == "list" else f"/desk/{claim_id}?done={done}", 303)
