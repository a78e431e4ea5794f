"""What providers post to us. The signature comes first; nothing else of the request is believed before it."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, cast
from urllib.parse import parse_qsl

import asyncpg
from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import JSONResponse, Response

from claims_core.db import session_scope
from claims_core.errors import BadInput, Refused
from claims_portal.auth import allow_anyone
from claims_portal.deps import now_of, portal_of
from notifier.incoming import call_keys, chat_updates, inbound
from notifier.incoming.chat_updates import Messenger
from notifier.reports import receipts
from notifier.states import ChannelName

log = logging.getLogger(__name__)
router = APIRouter(prefix="/webhooks", tags=["webhooks"])

PROVIDER = "twilio"
LONGEST = 64 * 1024
MOST_FIELDS = 200
NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
WHATSAPP = "whatsapp:"


class Forged(Refused):
    """The request was not signed by the provider for our public address."""


async def signed_form(request: Request, path: str, signature: str) -> Mapping[str, str]:
    """The form, once its signature for `path` below PORTAL_PUBLIC_URL has been proved. Raises Forged otherwise."""
    portal, body = portal_of(request), await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except (UnicodeError, ValueError):
        raise Forged from None
    form, url = dict(pairs), f"{portal.settings.portal_public_url}{path}"
    # The provider names each field once; the signature would not tell a field that came twice.
    if len(form) < len(pairs) or not receipts.signature_is_valid(portal.notifier, url, form, signature):
        log.warning("webhook_refused", extra={"fields": len(form)})
        raise Forged
    if any("\x00" in value for value in form.values()):
        raise BadInput
    return form


@router.post("/twilio/status/{token}", dependencies=[Depends(allow_anyone)], status_code=204, max_body_size=LONGEST)
async def status(
    request: Request,
    token: Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{16,64}$")],
    x_twilio_signature: Annotated[str, Header()] = "",
) -> Response:
    """A report about a message of ours. Answered once it is safe in the database; 503 when that is away."""
    form = await signed_form(request, f"/webhooks/twilio/status/{token}", x_twilio_signature)
    receiving = portal_of(request).receiving
    await receiving.receive(receipts.report_of(form), provider=PROVIDER, token=token, now=now_of(request))
    return Response(status_code=204)


@router.post("/twilio/inbound", dependencies=[Depends(allow_anyone)], max_body_size=LONGEST)
async def inbound_message(request: Request, x_twilio_signature: Annotated[str, Header()] = "") -> Response:
    """A message to us. STOP counts from this moment; an answer, if there is one, goes through the queue."""
    form = await signed_form(request, "/webhooks/twilio/inbound", x_twilio_signature)
    # Names and values are signed run together: a letter moved from one to the other leaves the signature as it was.
    if not form.keys() >= {"From", "MessageSid"}:
        raise BadInput
    sender = form["From"]
    channel = ChannelName.WHATSAPP if sender.startswith(WHATSAPP) else ChannelName.SMS
    async with session_scope(portal_of(request).engine) as session:
        await inbound.receive(
            session,
            provider=PROVIDER,
            provider_ref=form["MessageSid"],
            channel=channel,
            address=sender.removeprefix(WHATSAPP),
            body=form.get("Body", ""),
            now=now_of(request),
            settings=portal_of(request).notifier,
        )
    return Response(NO_REPLY, media_type="text/xml")


@router.post("/twilio/voice/{token}", dependencies=[Depends(allow_anyone)], max_body_size=LONGEST)
async def key_pressed(
    request: Request,
    token: Annotated[str, Path(pattern=r"^[0-9A-Za-z_-]{16,64}$")],
    said: str | None = None,
    x_twilio_signature: Annotated[str, Header()] = "",
) -> Response:
    """A key on a call of ours: what is said next. The signature is over the address with its query."""
    portal, query = portal_of(request), f"?{request.url.query}" if request.url.query else ""
    path = f"/webhooks/twilio/voice/{token}{query}"
    form = await signed_form(request, path, x_twilio_signature)
    if "CallSid" not in form:
        raise BadInput
    async with portal.pool.acquire() as connection:
        twiml = await call_keys.answer_key(
            cast(asyncpg.Connection, connection),
            token=token,
            digits=form.get("Digits", ""),
            sealed=said,
            action=f"{portal.settings.portal_public_url}{path}",
            now=now_of(request),
            settings=portal.notifier,
        )
    return Response(twiml, media_type="text/xml")


def _chat_door(messenger: Messenger) -> Callable[[Request], Awaitable[Response]]:
    async def chat_update(request: Request) -> Response:
        """What somebody does in a chat. What it is to read at once may be the answer; all else goes by the queue."""
        portal = portal_of(request)
        if not chat_updates.may_post(portal.notifier, messenger, request.headers.get(messenger.header, "")):
            log.warning("webhook_refused", extra={"provider": messenger.channel})
            raise Forged
        body = await request.body()
        async with session_scope(portal.engine) as session:
            answer = await chat_updates.receive(session, messenger, body, now=now_of(request), settings=portal.notifier)
        return JSONResponse(answer or {})

    return chat_update


for each in chat_updates.MESSENGERS.values():
    router.post(f"/{each.channel}", dependencies=[Depends(allow_anyone)], max_body_size=LONGEST)(_chat_door(each))
