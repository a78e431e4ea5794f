"""`/desk/calls/line/{id}`: the card of a call, and what is done with it; `/desk/calls/lines`: the calls on the line."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.i18n import language_or_default, translated
from claims_core.i18n import marked as _
from claims_core.tables import Policyholder
from claims_portal.auth.entries import read_code, read_numbers
from claims_portal.deps import portal_of
from claims_portal.desk.access import ANSWERERS, Staffed
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.facts.claim import record_look
from claims_portal.desk.line import dealing
from claims_portal.desk.line.card import read_card
from claims_portal.desk.line.dealing import LONGEST_NOTE, Ending, Outcome
from claims_portal.desk.line.open_calls import Lines, lines_now, set_duty
from claims_portal.desk.line.story import story_of
from claims_portal.desk.line.view import REASONS, line_page
from claims_portal.desk.waiting.rail import rail_for
from claims_portal.phone.known import matches
from claims_portal.rendering import page
from claims_portal.tables import PhoneCall, Role, Staff
from notifier import direct
from notifier.deciding.response_clock import answer_due

router = APIRouter(prefix="/desk/calls", include_in_schema=False)

# In the thread of the claim, in the client's language.
ASKED_BACK = _("By phone: please call me back.")
BY_CALL = "call"


@router.get("/lines")
async def show_lines(request: Request, viewer: Staffed = Depends(ANSWERERS)) -> Response:
    """The calls on the line, for the page that is open."""
    async with session_scope(portal_of(request).engine) as session:
        lines = await lines_now(session, viewer, says_of(request))
    return page(request, "desk/_lines.html", Lines(lines))


@router.post("/duty")
async def change_duty(
    request: Request,
    takes: Annotated[str, Form()] = "",
    extension: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """From now on calls are routed to the reader, at this extension, or no more."""
    typed = re.sub(r"[\s()-]", "", extension)
    wanted = typed if re.fullmatch(r"\+?[0-9*#]{1,20}", typed) else None
    async with session_scope(portal_of(request).engine) as session:
        await set_duty(session, viewer.id, takes=takes == "yes", extension=wanted)
    return RedirectResponse("/desk/calls?done=" + ("duty" if takes == "yes" else "off-duty"), 303)


@router.get("/line/{call_id:uuid}")
async def show_line(request: Request, call_id: UUID, viewer: Staffed = Depends(ANSWERERS)) -> Response:
    """The card of a call. Whose claim it shows is logged as a look."""
    return await _shown(request, call_id, viewer, notice=request.query_params.get("done", ""))


async def _shown(request: Request, call_id: UUID, viewer: Staffed, *, notice: str, listen: bool = False) -> Response:
    says = says_of(request)
    async with session_scope(portal_of(request).engine) as session:
        call = await dealing.call_of(session, call_id)
        found = await matches(session, call.number)
        people = {one.human for one in found}
        # One alone has the number: then stage and dates of their newest open claim are there at once.
        claim_id = call.claim_id or (found[0].claim_id if len(people) == 1 else None)
        card = await read_card(session, claim_id, now=says.now) if claim_id else None
        if card is not None and claim_id is not None:
            await record_look(
                session, claim_id=claim_id, staff_id=viewer.id, page="call_card", why="calls", now=says.now
            )
        may_know = call.verified_at is not None and call.taken_by == viewer.id
        story = story_of(card, says, is_known=may_know) if card else None
        taken = await session.get(Staff, call.taken_by) if call.taken_by else None
        rail, name = await rail_for(session, viewer, "calls", now=says.now), taken.name if taken else ""
        url = call.recording_url or "" if listen else ""
        made = line_page(call, found, story, name, viewer, rail, says, notice=notice, recording=url)
    return page(request, "desk/line.html", made)


def _back(call_id: UUID, done: str) -> Response:
    return RedirectResponse(f"/desk/calls/line/{call_id}?done={done}", 303)


@router.post("/line/{call_id:uuid}/take")
async def take_line(request: Request, call_id: UUID, viewer: Staffed = Depends(ANSWERERS)) -> Response:
    """It is the reader's, if nobody was quicker; where one alone has the number, it is about their newest claim."""
    says = says_of(request)
    try:
        async with session_scope(portal_of(request).engine) as session:
            await dealing.take(session, call_id, viewer, now=says.now)
            call = await dealing.call_of(session, call_id)
            found = await matches(session, call.number)
            if call.claim_id is None and len({one.human for one in found}) == 1:
                await dealing.choose(session, call, viewer, found[0].claim_id)
    except Conflict:
        return _back(call_id, "colleague")
    return _back(call_id, "taken")


@router.post("/line/{call_id:uuid}/whose")
async def choose_whose(
    request: Request,
    call_id: UUID,
    claim: Annotated[UUID | None, Form()] = None,
    number: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """Whose call it is: one who has the number, or the claim whose number the caller says."""
    try:
        async with session_scope(portal_of(request).engine) as session:
            call = await dealing.call_of(session, call_id)
            if claim is not None:
                await dealing.choose(session, call, viewer, claim)
                return _back(call_id, "")
            numbers = read_numbers(number.replace("\0", ""), portal_of(request).settings.portal_number_formats)
            is_found = await dealing.find(session, call, viewer, numbers)
    except Conflict:
        return _back(call_id, "colleague")
    return _back(call_id, "" if is_found else "no-claim")


@router.post("/line/{call_id:uuid}/code")
async def send_code(request: Request, call_id: UUID, viewer: Staffed = Depends(ANSWERERS)) -> Response:
    """A code to the number on file, for the caller to read back."""
    portal, says = portal_of(request), says_of(request)
    try:
        async with session_scope(portal.engine) as session:
            call = await dealing.call_of(session, call_id)
            await dealing.send_code(session, call, viewer, now=says.now)
    except Conflict:
        return _back(call_id, "colleague")
    portal.wake_sender()
    return _back(call_id, "code-sent")


@router.post("/line/{call_id:uuid}/proof")
async def check_code(
    request: Request, call_id: UUID, code: Annotated[str, Form()] = "", viewer: Staffed = Depends(ANSWERERS)
) -> Response:
    """The code as the caller reads it back."""
    portal, says = portal_of(request), says_of(request)
    try:
        async with session_scope(portal.engine) as session:
            call = await dealing.call_of(session, call_id)
            key = portal.settings.portal_secret_key
            wrong = await dealing.prove(session, call, viewer, read_code(code), secret=key, now=says.now)
    except Conflict:
        return _back(call_id, "colleague")
    if wrong is None:
        return _back(call_id, "proved")
    return _back(call_id, "wrong-code" if wrong.left and not wrong.expired else "code-over")


@router.post("/line/{call_id:uuid}/outcome")
async def keep_outcome(
    request: Request,
    call_id: UUID,
    outcome: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
    note: Annotated[str, Form()] = "",
    viewer: Staffed = Depends(ANSWERERS),
) -> Response:
    """What came of it. A call back that was promised is a task with a clock, in the client's thread too."""
    said, says = note.replace("\0", "").strip(), says_of(request)
    if outcome not in set(Outcome):
        raise NotFound
    if len(said) > LONGEST_NOTE:
        return _back(call_id, "too-long")
    ending = Ending(Outcome(outcome), had_to_repeat=repeated == "yes", note=said)
    try:
        async with session_scope(portal_of(request).engine) as session:
            call = await dealing.call_of(session, call_id)
            if ending.outcome is Outcome.CALL_BACK and call.policyholder_id is None:
                return _back(call_id, "needs-claim")
            await dealing.finish(session, call, viewer, ending, now=says.now)
            if ending.outcome is Outcome.CALL_BACK:
                await _promise(request, session, call)
    except Conflict:
        return _back(call_id, "colleague")
    return _back(call_id, "ended")


async def _promise(request: Request, session: AsyncSession, call: PhoneCall) -> None:
    """A task of the claim with the clock of questions; the client hears by when."""
    portal, now = portal_of(request), says_of(request).now
    person = await session.get_one(Policyholder, call.policyholder_id)
    country = portal.settings.insurer_country
    task = await ledger.ask_question(
        session,
        claim_id=call.claim_id,
        policyholder_id=person.id,
        channel=BY_CALL,
        text=translated(language_or_default(person.language), ASKED_BACK),
        now=now,
        answer_due_at=answer_due(now, zone=portal.settings.zone, country=country),
    )
    await direct.tell_question_heard(session, question_id=task.id, now=now, settings=portal.notifier)


@router.post("/line/{call_id:uuid}/recording")
async def open_recording(
    request: Request, call_id: UUID, why: Annotated[str, Form()] = "", viewer: Staffed = Depends(ANSWERERS)
) -> Response:
    """The address of the recording, for who had the call and for the head of the team; who asked why is audited."""
    if why not in REASONS:
        return _back(call_id, "no-reason")
    async with session_scope(portal_of(request).engine) as session:
        call = await dealing.call_of(session, call_id)
        if call.recording_url is None or (call.taken_by != viewer.id and viewer.role is not Role.SUPERVISOR):
            raise NotFound
        subject, now = f"phone_call:{call_id}", says_of(request).now
        detail = {"why": why, "claim_id": str(call.claim_id) if call.claim_id else None}
        await ledger.audit(
            session, actor=viewer.actor, action="recording_opened", subject=subject, detail=detail, now=now
        )
    return await _shown(request, call_id, viewer, notice="", listen=True)
