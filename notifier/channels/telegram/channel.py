"""Messages through Telegram's HTTP Bot API: a text with one button to the page. Nothing is known of it afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from claims_core.errors import AmbiguousHandOver, Misconfigured
from notifier.channels.base import Accepted, Channel, Content, SenderStopped, WithoutList
from notifier.channels.button import Button, parted
from notifier.channels.http import ask_once, open_session
from notifier.channels.telegram.words import CAPABILITIES, failure_of, lacks
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

OWN_ADDRESS = "https://api.telegram.org"
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
        self._session = open_session()

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
        words, button = parted(text, content)
        message = {"chat_id": address, "text": words, "link_preview_options": NO_PREVIEW, **_keys(button)}
        taken = await self.ask("sendMessage", message)
        ref = taken.get("message_id")
        if not isinstance(ref, int):
            raise AmbiguousHandOver("the answer names no message", code="unreadable")
        # Message ids count within a chat.
        return Accepted(provider_ref=f"{address}:{ref}", provider_status="sent")

    async def ask(self, method: str, values: dict[str, Any]) -> dict[str, Any]:
        """One call, no repeat, no redirect; its result. Raises a `ChannelError` for anything but a clear yes."""
        answer = await ask_once(
            self._session, "POST", f"{self._address}/{method}", deadline=self._deadline, json=values
        )
        said = answer.said
        result = said.get("result") if said else None
        if answer.http_code != 200 or said is None or said.get("ok") is not True:
            raise failure_of(answer.http_code, said)
        return result if isinstance(result, dict) else {}

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def _keys(button: Button | None) -> dict[str, Any]:
    keys = [[{"text": button.label, "url": button.url}]] if button else None
    return {"reply_markup": {"inline_keyboard": keys}} if keys else {}
