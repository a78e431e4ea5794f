"""Calls through Twilio: a message is read out, and one key reads it out again."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from claims_core.brand import read_brand
from claims_core.errors import AmbiguousHandOver, Misconfigured, PermanentChannelFailure, TemporaryChannelFailure
from claims_core.sealing import seal
from notifier.channels.base import Accepted, Content, Found, SenderStopped
from notifier.channels.twilio import speech
from notifier.channels.twilio.asking import CLOCKS_APART, asking
from notifier.channels.twilio.calls import (
    SPOKEN_SEAL,
    STATE_OF_CALL,
    capabilities_of_calls,
    how_it_went,
    lacks_for_voice,
)
from notifier.channels.twilio.http import TwilioHttp
from notifier.channels.twilio.words import verdict_on
from notifier.settings import NotifierSettings
from notifier.states import CODE_TEMPLATES, ChannelName, DeliveryState

RINGS_FOR = 30  # seconds; most mailboxes take over later
LONGEST_CALL = 180
EVENTS = ["ringing", "answered", "completed"]


class VoiceChannel:
    """A call is an attempt to reach one person now. Twilio lists calls without what was said on them."""

    name = ChannelName.VOICE
    provider = "twilio"

    def __init__(self, settings: NotifierSettings, http: TwilioHttp) -> None:
        if not settings.twilio_voice_from:
            raise Misconfigured(lacks_for_voice(settings) or "")
        self.capabilities = capabilities_of_calls(settings)
        token = settings.twilio_auth_token.get_secret_value() if settings.twilio_auth_token else ""
        self._calls = Client(settings.twilio_account_sid, token, http_client=http).calls
        self._http, self._settings, self._from = http, settings, settings.twilio_voice_from
        self._brand = read_brand(settings.portal_brand_file)
        self._deadline = settings.notifier_call_deadline.total_seconds()

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
        """Have the number called, once. `PermanentChannelFailure` for a text too long to be said."""
        words = self._words(text, token, content)
        try:
            async with asyncio.timeout(self._deadline):
                call = await self._calls.create_async(to=address, status_callback=callback_url, **words)
        except TimeoutError as problem:
            raise AmbiguousHandOver("no answer within the deadline", code="deadline") from problem
        except (TwilioException, ValueError, TypeError, KeyError, AttributeError) as problem:
            raise AmbiguousHandOver("the answer cannot be read", code="unreadable") from problem
        if not call.sid:
            raise AmbiguousHandOver("the answer names no call", code="unreadable")
        return Accepted(provider_ref=call.sid, provider_status=call.status or "queued")

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """The call from our number in the window that no other hand-over brought. Of two nobody can tell."""
        async with asking(self._deadline):
            listed = await self._calls.list_async(to=address, start_time_after=started_at - CLOCKS_APART, limit=50)
            ours = [call for call in listed if call.sid not in known and self._is_ours(call, started_at, until)]
        if len(ours) > 1:
            raise TemporaryChannelFailure("several calls fit", code="several")
        return _found(ours[0]) if ours else None

    def _is_ours(self, call: Any, started_at: datetime, until: datetime) -> bool:
        at = call.date_created
        return call._from == self._from and (not at or started_at - CLOCKS_APART <= at <= until)

    async def fetch(self, provider_ref: str) -> Found | None:
        """Ask for one call."""
        try:
            async with asking(self._deadline):
                return _found(await self._calls(provider_ref).fetch_async())
        except SenderStopped as problem:
            if problem.code in ("20404", "404"):
                return None
            raise

    def _words(self, text: str, token: str, content: Content | None) -> dict[str, Any]:
        is_code = content is not None and content.template in CODE_TEMPLATES
        return {
            "from_": self._from,
            "twiml": self._twiml(text, content.language if content else "ru", token, is_code=is_code),
            "status_callback_event": EVENTS,
            "timeout": RINGS_FOR,
            "time_limit": LONGEST_CALL,
            # A mailbox hears a message from its beginning; before a code somebody has to press a key anyway.
            **({} if is_code else {"machine_detection": "DetectMessageEnd"}),
        }

    def _twiml(self, text: str, language: str, token: str, *, is_code: bool) -> str:
        settings = self._settings
        action = f"{settings.portal_public_url.rstrip('/')}/webhooks/twilio/voice/{token}"
        brand = self._brand.text("name", language, settings.portal_brand_name)
        if is_code:
            # We keep no code: it waits, sealed, in the address that the key posts to.
            sealed = urlencode({"said": seal(text, settings.portal_secret_key, purpose=SPOKEN_SEAL)})
            twiml = speech.gate(language, brand=brand, action=f"{action}?{sealed}")
        else:
            twiml = speech.message(text, language, brand=brand, action=action)
        if len(twiml) > speech.LONGEST_TWIML:
            raise PermanentChannelFailure("too long to be said", code="too_long")
        return twiml

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.close()


def _found(call: Any) -> Found:
    word, code = how_it_went(call.status or "queued", call.answered_by)
    state = STATE_OF_CALL.get(word, DeliveryState.ACCEPTED)
    return Found(call.sid, word, state, error_code=code, verdict=verdict_on(code))
