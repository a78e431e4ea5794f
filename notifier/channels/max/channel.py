"""Messages through MAX's bot API: a text with one button to the page, and a look through the chat for what got lost."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from claims_core.errors import AmbiguousHandOver, ChannelError, Misconfigured, TemporaryChannelFailure
from notifier.channels.base import Accepted, Channel, Content, Found, SenderStopped
from notifier.channels.button import Button, parted
from notifier.channels.http import ask_once, open_session
from notifier.channels.max.words import capabilities_of, failure_of, lacks, trusted
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, DeliveryState

# It has moved twice (facts C2), so it can be set.
OWN_ADDRESS = "https://platform-api2.max.ru"
CLOCKS_APART = timedelta(seconds=5)
LAST_MESSAGES = 50


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channel, over a session of its own. Must be called in a running loop."""
    return {name: MaxChannel(settings) for name in names}


async def probe(settings: NotifierSettings) -> str:
    """Ask the bot for its name, to see whether the token is good and is that bot's."""
    channel = MaxChannel(settings)
    try:
        me = await channel.ask("GET", "/me")
    finally:
        await channel.close()
    name = str(me.get("username") or "")
    if name.lower() != (settings.max_bot_name or "").lower():
        raise SenderStopped(f"the token is that of {name}, and MAX_BOT_NAME says otherwise", code="name")
    return f"takes our token as {name}"


class MaxChannel:
    """One bot. The token goes in a header alone: an address is written down in too many places."""

    name = ChannelName.MAX
    provider = "max"

    def __init__(self, settings: NotifierSettings) -> None:
        if settings.max_bot_token is None:
            raise Misconfigured(lacks(settings) or "")
        self.capabilities = capabilities_of(settings)
        self._base = (settings.max_api_base_url or OWN_ADDRESS).rstrip("/")
        self._deadline = settings.notifier_call_deadline.total_seconds()
        token = {"Authorization": settings.max_bot_token.get_secret_value()}
        self._session = open_session(headers=token, trust=trusted(settings))

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
        """Hand over once, within the deadline. There is no key that would make a repeat harmless."""
        where = {"chat_id": address, "disable_link_preview": "true"}
        words, button = parted(text, content)
        answer = await self.ask("POST", "/messages", params=where, json={"text": words, **_keys(button)})
        ref = _ref_of(answer.get("message"))
        if ref is None:
            raise AmbiguousHandOver("the answer names no message", code="unreadable")
        return Accepted(provider_ref=ref, provider_status="sent")

    async def find(
        self, address: str, text: str, *, started_at: datetime, until: datetime, known: frozenset[str]
    ) -> Found | None:
        """Read the chat's last messages for ours of the window."""
        for message in await self._last_of(address):
            ref, moment = _ref_of(message), message.get("timestamp")
            if ref is None or ref in known or not isinstance(moment, int):
                continue
            in_window = (started_at - CLOCKS_APART).timestamp() <= moment / 1000 <= (until + CLOCKS_APART).timestamp()
            if in_window and (message.get("sender") or {}).get("is_bot") and _is_of(message["body"].get("text"), text):
                return Found(ref, "sent", DeliveryState.ACCEPTED)
        return None

    async def fetch(self, provider_ref: str) -> Found | None:
        """Nothing: of a message MAX keeps no state."""
        return None

    async def _last_of(self, address: str) -> Iterator[dict[str, Any]]:
        """Reading changes nothing: whatever goes wrong, ask again later."""
        try:
            answer = await self.ask("GET", "/messages", params={"chat_id": address, "count": str(LAST_MESSAGES)})
        except SenderStopped:
            raise
        except ChannelError as problem:
            raise TemporaryChannelFailure("cannot tell", code=problem.code) from None
        found = answer.get("messages")
        return (each for each in (found if isinstance(found, list) else []) if isinstance(each, dict))

    async def ask(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        """One call; what it answered. Raises a `ChannelError` for anything but a clear yes."""
        answer = await ask_once(self._session, method, self._base + path, deadline=self._deadline, **what)
        if answer.http_code != 200 or answer.said is None:
            raise failure_of(answer.http_code, answer.said, answer.headers)
        return answer.said

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def _ref_of(message: Any) -> str | None:
    body = message.get("body") if isinstance(message, dict) else None
    ref = body.get("mid") if isinstance(body, dict) else None
    return ref if isinstance(ref, str) and ref else None


def _is_of(words: object, text: str) -> bool:
    """Is it our text, its last line perhaps a button?"""
    return isinstance(words, str) and bool(words) and (words == text or words == text.rpartition("\n")[0].rstrip())


def _keys(button: Button | None) -> dict[str, Any]:
    if button is None:
        return {}
    keys = [[{"type": "link", "text": button.label, "url": button.url}]]
    return {"attachments": [{"type": "inline_keyboard", "payload": {"buttons": keys}}]}
