"""The table of messengers in which people link a chat with us: a row each, and nothing else of ours names one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from notifier.channels.max import updates as max_messenger
from notifier.channels.telegram import updates as telegram
from notifier.channels.updates import Update
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, CHATS, NEEDED_FOR, ChannelName


@dataclass(frozen=True, slots=True)
class Messenger:
    """One messenger: how our bot is found there, and how what its webhook brings is believed and read.

    `header` holds the secret. `answer_in` makes what the webhook answers so that a chat reads a text at once; None
    where the messenger takes no such answer.
    """

    channel: ChannelName
    name: str
    header: str
    secrets: Callable[[NotifierSettings], tuple[SecretStr | None, ...]]
    bot: Callable[[NotifierSettings], str]
    link: Callable[[NotifierSettings, str], str]
    read: Callable[[bytes], Update | None]
    answer_in: Callable[[str, str], dict[str, Any]] | None = None


_ROWS = (
    Messenger(
        ChannelName.TELEGRAM,
        name="Telegram",
        header="X-Telegram-Bot-Api-Secret-Token",
        secrets=lambda settings: (settings.telegram_webhook_secret, settings.telegram_webhook_secret_next),
        bot=lambda settings: f"@{settings.telegram_bot_name}",
        link=lambda settings, token: f"https://t.me/{settings.telegram_bot_name}?start={token}",
        read=telegram.read_update,
        answer_in=telegram.answer_in,
    ),
    Messenger(
        ChannelName.MAX,
        name="MAX",
        header="X-Max-Bot-Api-Secret",
        secrets=lambda settings: (settings.max_webhook_secret, settings.max_webhook_secret_next),
        bot=lambda settings: settings.max_bot_name or "",
        link=lambda settings, token: f"https://max.ru/{settings.max_bot_name}?start={token}",
        read=max_messenger.read_update,
    ),
)
MESSENGERS = {row.channel: row for row in _ROWS}
assert MESSENGERS.keys() == CHATS


def is_open(messenger: Messenger, settings: NotifierSettings) -> bool:
    """Is its bot set up here, and does the market's law allow it?"""
    allowed = messenger.channel in CHANNELS_ALLOWED[settings.notifier_market]
    return allowed and getattr(settings, NEEDED_FOR[messenger.channel]) is not None
