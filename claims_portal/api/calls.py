"""What telephone systems report: calls to us, by Twilio's webhook or by any PBX; each answer says where it should ring.

Nothing of a claim is in an answer, and none says whether anybody was recognised.
"""

import hmac
import logging
import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import JSONResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput
from claims_portal.api.webhooks import LONGEST, PROVIDER, signed_form
from claims_portal.auth import allow_anyone
from claims_portal.auth.entries import read_phone
from claims_portal.deps import now_of, portal_of
from claims_portal.phone.known import is_withheld
from claims_portal.phone.reports import Event, Report, Routed, record_report
from claims_portal.settings import PortalSettings

log = logging.getLogger(__name__)
router = APIRouter(tags=["calls"])

# Twilio's words for a call (docs: Voice, Call Status Values); what is none of them says nothing new.
EVENT_OF = {
    "queued": Event.RINGING,
    "initiated": Event.RINGING,
    "ringing": Event.RINGING,
    "in-progress": Event.ANSWERED,
    "completed": Event.ENDED,
    "busy": Event.ENDED,
    "failed": Event.ENDED,
    "no-answer": Event.ENDED,
    "canceled": Event.ENDED,
}
DIAL = '<?xml version="1.0" encoding="UTF-8"?><Response><Dial timeout="25"><Number>{}</Number></Dial></Response>'
QUEUE = '<?xml version="1.0" encoding="UTF-8"?><Response><Enqueue>claims</Enqueue></Response>'
_SHOWN = re.compile(r"\+[1-9]\d{6,14}")
_RECORDING = re.compile(r"https?://[!-~]{1,500}")


class CallReport(BaseModel):
    """One report of a PBX about a call to us.

    `call_id` is the PBX's own and the same in all reports of a call. `from` is the caller's number as it is shown,
    null or `anonymous` for one that is not. `recording_url` is a web address of the PBX, sent once there is one.
    """

    model_config = ConfigDict(extra="forbid", title="CallReport")

    call_id: Annotated[str, Field(pattern=r"^[!-~]{1,128}$")]
    event: Event
    number: Annotated[str | None, Field(alias="from", max_length=80)] = None
    recording_url: Annotated[AnyHttpUrl | None, Field(max_length=500)] = None


class CallTaken(BaseModel):
    """The call as we keep it, and the extension at which it should ring; null leaves that to the PBX."""

    call: str
    ring_at: str | None


_BODY = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": CallReport.model_json_schema()}}},
    "security": [{"PBX token": []}],
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No PBX has this token: `Authorization: Bearer <token>` of PORTAL_PBX_TOKENS."},
    422: {"description": "The report cannot be read; `fields` says which and why. Sent again it is refused again."},
    503: {"description": "The database is away. Send it again: a report that comes twice changes nothing."},
}


@router.post(
    "/api/v1/calls",
    dependencies=[Depends(allow_anyone)],
    response_model=CallTaken,
    responses=_ANSWERS,
    openapi_extra=_BODY,
    max_body_size=LONGEST,
)
async def report_call(request: Request, authorization: Annotated[str, Header()] = "") -> Response:
    """A PBX reports a call. Answered once it is safe in the database; sent again it changes nothing."""
    portal = portal_of(request)
    pbx = _pbx_of(authorization, portal.settings)
    if pbx is None:
        log.warning("pbx_refused")
        problem = {"problem": "No PBX has this token."}
        return JSONResponse(problem, 401, {"WWW-Authenticate": "Bearer"})
    try:
        said = CallReport.model_validate_json(await request.body())
    except ValidationError as wrong:
        fields = [{"field": ".".join(map(str, one["loc"])), "problem": one["msg"]} for one in wrong.errors()]
        return JSONResponse({"problem": "The report cannot be read.", "fields": fields}, 422)
    url = str(said.recording_url) if said.recording_url else None
    number = number_shown(said.number or "", portal.settings)
    routed = await _record(request, Report(pbx, said.call_id, said.event, number, url))
    return JSONResponse({"call": str(routed.call_id), "ring_at": routed.extension})


@router.post("/webhooks/twilio/calls", dependencies=[Depends(allow_anyone)], max_body_size=LONGEST)
async def twilio_call(request: Request, x_twilio_signature: Annotated[str, Header()] = "") -> Response:
    """A call to our number, or what became of it: the number's voice address, its status and its recording callback."""
    form = await signed_form(request, "/webhooks/twilio/calls", x_twilio_signature)
    if not re.fullmatch(r"[A-Za-z0-9]{1,64}", form.get("CallSid", "")):
        raise BadInput
    number = number_shown(form.get("From", ""), portal_of(request).settings)
    url = form.get("RecordingUrl", "")
    event = Event.RECORDED if "RecordingSid" in form else EVENT_OF.get(form.get("CallStatus", ""), Event.RECORDED)
    url_or_none = url if _RECORDING.fullmatch(url) else None
    routed = await _record(request, Report(PROVIDER, form["CallSid"], event, number, url_or_none))
    dialled = routed.extension if routed.extension and _SHOWN.fullmatch(routed.extension) else None
    return Response(DIAL.format(dialled) if dialled else QUEUE, media_type="text/xml")


def number_shown(said: str, settings: PortalSettings) -> str | None:
    """The caller's number in E.164; None when it is not shown or is none."""
    if is_withheld(said):
        return None
    shown = said.strip()
    return shown if _SHOWN.fullmatch(shown) else read_phone(shown, settings.portal_phone_countries)


def _pbx_of(authorization: str, settings: PortalSettings) -> str | None:
    """Whose token it is. Every token is compared, so that the time says nothing."""
    kind, _, token = authorization.partition(" ")
    given = token.strip().encode("utf-8", "surrogatepass") if kind.lower() == "bearer" else b""
    found = [
        name
        for name, own in settings.portal_pbx_tokens.items()
        if hmac.compare_digest(own.get_secret_value().encode(), given)
    ]
    return found[0] if found else None


async def _record(request: Request, report: Report) -> Routed:
    async with session_scope(portal_of(request).engine) as session:
        routed = await record_report(session, report, now=now_of(request))
    log.info("call_reported", extra={"call_id": routed.call_id, "source": report.source, "event": report.event})
    return routed
