"""Messages through Twilio: handing over, finding what a lost answer left behind, asking for a state."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from claims_core.errors import (
    AmbiguousHandOver,
    Misconfigured,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier.channels.base import Accepted, Channel, Content, Found, SenderStopped, Written, without_code
from notifier.channels.twilio.asking import CLOCKS_APART, asking
from notifier.channels.twilio.http import TwilioHttp
from notifier.channels.twilio.voice import VoiceChannel
from notifier.channels.twilio.words import STATE_OF, capabilities_of, lacks_for_sms, verdict_on
from notifier.refusals import OUTSIDE_WINDOW, UNFILLED
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, DeliveryState

LONGEST_VALIDITY = 36_000  # seconds; facts B1
# Without a number of our own to ask for (a messaging service), what we sent is in the list, too.
MOST_WRITTEN = 2_000
# WhatsApp's 24 hours after a person's last message, less what a message may wait on its way (facts B9).
WINDOW = timedelta(hours=24) - timedelta(minutes=5)
MESSAGES = "https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json"


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channels of these names, over one session. Must be called in a running loop."""
    http = open_http(settings)
    calls, texts = ChannelName.VOICE, [name for name in names if name is not ChannelName.VOICE]
    opened: dict[ChannelName, Channel] = {name: TwilioChannel(name, settings, http) for name in texts}
    return opened | ({calls: VoiceChannel(settings, http)} if calls in names else {})


async def probe(settings: NotifierSettings) -> str:
    """Ask for one message, to see whether our credentials are good."""
    http = open_http(settings)
    try:
        async with asyncio.timeout(settings.notifier_call_deadline.total_seconds()):
            address = MESSAGES.format(sid=settings.twilio_account_sid)
            await http.request("GET", address, params={"PageSize": 1})
    finally:
        await http.close()
    return f"takes our credentials at {settings.twilio_api_base_url or 'its own address'}"


def open_http(settings: NotifierSettings) -> TwilioHttp:
    """One session for all of Twilio's channels; must be called in a running loop. `Misconfigured` without account."""
    if not settings.twilio_account_sid or settings.twilio_auth_token is None:
        raise Misconfigured(lacks_for_sms(settings) or "TWILIO_AUTH_TOKEN is not set")
    return TwilioHttp(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        base_url=settings.twilio_api_base_url,
    )


class TwilioChannel:
    """SMS or WhatsApp. There is no idempotency key at Twilio: a lost answer is looked up, never repeated blindly."""

    provider = "twilio"

    def __init__(self, name: ChannelName, settings: NotifierSettings, http: TwilioHttp) -> None:
        self.name = name
        self.capabilities = capabilities_of(settings)
        token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
        self._messages = Client(settings.twilio_account_sid, token, http_client=http).messages
        self._http = http
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._contents = settings.twilio_contents
        self._prefix = "whatsapp:" if name is ChannelName.WHATSAPP else ""
        self._sender = _sender(name, settings)

    async def send(
        self,
        address: str,
        text: str,
        *,
        token: str,
        send_by: datetime,
        now: datetime,
        callback_url: str,
        content: Content | None = None,
        key: str | None = None,
    ) -> Accepted:
        """Hand over once, within the deadline; Twilio drops the message by itself when `send_by` has passed."""
        words: dict[str, Any] = {
            **self._sender,
            **self._words(text, content, now),
            "to": self._prefix + address,
            "status_callback": callback_url,
            "validity_period": max(1, min(LONGEST_VALIDITY, int((send_by - now).total_seconds()))),
        }
        try:
            async with asyncio.timeout(self._deadline):
                message = await self._messages.create_async(**words)
        except TimeoutError as problem:
            raise AmbiguousHandOver("no answer within the deadline", code="deadline") from problem
        except (TwilioException, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise AmbiguousHandOver("the answer cannot be read", code="unreadable") from problem
        if not message.sid:
            raise AmbiguousHandOver("the answer names no message", code="unreadable")
        state = STATE_OF.get(message.status or "", DeliveryState.ACCEPTED)
        return Accepted(provider_ref=message.sid, provider_status=message.status or "accepted", state=state)

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """Look through what Twilio lists for the address in the window (facts B4: the only way to find out)."""
        async with asking(self._deadline):
            for message in await self._messages.list_async(
                to=self._prefix + address, date_sent_after=started_at - CLOCKS_APART, limit=200
            ):
                created = message.date_created
                if message.sid in known or (created and not started_at - CLOCKS_APART <= created <= until):
                    continue
                if not message.body:
                    # Bodies are redacted at this account: whether it is ours only a receipt can tell.
                    raise TemporaryChannelFailure("the listing hides the texts", code="hidden")
                if message.body == text or without_code(message.body) == text:
                    return _found(message)
        return None

    async def fetch(self, provider_ref: str) -> Found | None:
        """Ask for one message."""
        try:
            async with asking(self._deadline):
                return _found(await self._messages(provider_ref).fetch_async())
        except SenderStopped as problem:
            if problem.code in ("20404", "404"):
                return None
            raise

    async def written_since(self, moment: datetime) -> Sequence[Written]:
        """What Twilio has taken for us from people (facts B4: one list for both directions)."""
        ours = {"to": self._sender["from_"]} if self._sender.get("from_") else {}
        async with asking(self._deadline):
            listed = await self._messages.list_async(**ours, date_sent_after=moment, limit=MOST_WRITTEN)
        return [
            Written(each.sid, each.from_.removeprefix(self._prefix), each.body, each.date_sent or each.date_created)
            for each in listed
            if each.direction == "inbound" and each.body and each.from_.startswith(self._prefix or "+")
        ]

    def _words(self, text: str, content: Content | None, now: datetime) -> dict[str, str]:
        """Our own words, or where WhatsApp takes none any more the approved ones; raises where there are none."""
        if self.name is not ChannelName.WHATSAPP or content is None:
            return {"body": text}
        if content.heard_at is not None and now - content.heard_at < WINDOW:
            return {"body": text}
        approved = self._contents.get(f"{content.template}.{content.language}")
        if approved is None:
            raise PermanentChannelFailure("no approved text", code=OUTSIDE_WINDOW)
        values = [content.values.get(name, "") for name in approved.get("values", [])]
        if not all(values):
            raise PermanentChannelFailure("a value of the approved text is not known", code=UNFILLED)
        variables = {str(place): value for place, value in enumerate(values, start=1)}
        return {"content_sid": str(approved["sid"]), "content_variables": json.dumps(variables, ensure_ascii=False)}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()


def _sender(name: ChannelName, settings: NotifierSettings) -> Mapping[str, str]:
    if name is ChannelName.WHATSAPP:
        if not settings.twilio_whatsapp_from:
            raise Misconfigured("WhatsApp needs TWILIO_WHATSAPP_FROM")
        return {"from_": "whatsapp:" + settings.twilio_whatsapp_from.removeprefix("whatsapp:")}
    if settings.twilio_messaging_service_sid:
        return {"messaging_service_sid": settings.twilio_messaging_service_sid}
    return {"from_": settings.twilio_from or ""}


def _found(message: Any) -> Found:
    status = message.status or "accepted"
    return Found(
        provider_ref=message.sid,
        provider_status=status,
        state=STATE_OF.get(status, DeliveryState.ACCEPTED),
        error_code=str(message.error_code) if message.error_code else None,
        read=status == "read",
        verdict=verdict_on(str(message.error_code or "")),
        billed=abs(Decimal(message.price)) if message.price else None,  # they count what we owe as negative
        billed_currency=str(message.price_unit or "USD").upper() if message.price else None,
    )
