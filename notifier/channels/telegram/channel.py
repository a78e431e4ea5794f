"""Messages through Telegram's HTTP Bot API: a text with one button to the page. Nothing is known of it afterwards."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import aiohttp

from claims_core.errors import AmbiguousHandOver, Misconfigured, TemporaryChannelFailure
from notifier.channels.base import Accepted, Channel, Content, SenderStopped, WithoutList
from notifier.channels.telegram.words import CAPABILITIES, failure_of, lacks
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

OWN_ADDRESS = "https://api.telegram.org"
CONNECT_SECONDS = 5.0
BUTTON = {"en": "Open my claim", "ru": "Открыть дело"}
NO_PREVIEW = {"is_disabled": True}


def open_ways(names: Sequence[ChannelName], settings: NotifierSettings) -> dict[ChannelName, Channel]:
    """The channel, over a session of its own. Must be called in a running loop."""
    return {name: TelegramChannel(settings) for name in names}


async def probe(settings: NotifierSettings) -> str:
    """Ask the bot for its name, to see whether the token is good and is that bot's."""
    channel = TelegramChannel(settings)
    try:
        me = await channel.ask("getMe", {})
    finally:
        await channel.close()
    name = str(me.get("username", ""))
    if name.lower() != (settings.telegram_bot_name or "").lower():
        raise SenderStopped(f"the token is that of @{name}, and TELEGRAM_BOT_NAME says otherwise", code="name")
    return f"takes our token as @{name}"


class TelegramChannel(WithoutList):
    """One bot. The token stands in each address, so that no address is ever written down."""

    name = ChannelName.TELEGRAM
    provider = "telegram"
    capabilities = CAPABILITIES

    def __init__(self, settings: NotifierSettings) -> None:
        if settings.telegram_bot_token is None:
            raise Misconfigured(lacks(settings) or "")
        base = (settings.telegram_api_base_url or OWN_ADDRESS).rstrip("/")
        self._address = f"{base}/bot{settings.telegram_bot_token.get_secret_value()}"
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        )

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
        message = {"chat_id": address, "text": text, "link_preview_options": NO_PREVIEW, **_button(content)}
        taken = await self.ask("sendMessage", message)
        ref = taken.get("message_id")
        if not isinstance(ref, int):
            raise AmbiguousHandOver("the answer names no message", code="unreadable")
        # Message ids count within a chat.
        return Accepted(provider_ref=f"{address}:{ref}", provider_status="sent")

    async def ask(self, method: str, values: dict[str, Any]) -> dict[str, Any]:
        """One call, no repeat, no redirect; its result. Raises a `ChannelError` for anything but a clear yes."""
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._session.post(f"{self._address}/{method}", json=values, allow_redirects=False) as answer,
            ):
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
            raise TemporaryChannelFailure(f"no connection: {type(problem).__name__}", code="unreachable") from None
        except TimeoutError:
            raise AmbiguousHandOver("no answer within the deadline", code="deadline") from None
        except (aiohttp.ClientError, OSError) as problem:
            # Its own words name the address, and the token in it.
            raise AmbiguousHandOver(f"no answer: {type(problem).__name__}", code="no_answer") from None
        said = _read(body)
        result = said.get("result") if said else None
        if status != 200 or said is None or said.get("ok") is not True:
            raise failure_of(status, said)
        return result if isinstance(result, dict) else {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def _button(content: Content | None) -> dict[str, Any]:
    link = content.values.get("link") if content else None
    if not content or not link:
        return {}
    url = link if "://" in link else f"https://{link}"
    label = BUTTON.get(content.language, BUTTON["en"])
    return {"reply_markup": {"inline_keyboard": [[{"text": label, "url": url}]]}}


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
