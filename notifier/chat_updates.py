"""What people do in a chat with us: link it, write, stop. What a webhook may answer at once is given back."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifier import chats, inbound, preferences
from notifier.channels.telegram.updates import Kind, Update, is_genuine, read_update
from notifier.chat_words import answer_to_chat
from notifier.chats import EndedHow, Tied
from notifier.keywords import Command, Understood, understand
from notifier.settings import NotifierSettings
from notifier.states import CHANNELS_ALLOWED, ChannelName
from notifier.tables import Inbound

log = logging.getLogger(__name__)

PROVIDER = "telegram"
CHANNEL = ChannelName.TELEGRAM
# What a chat may answer without the queue: it is nobody's, or nothing of ours may leave for it any more.
_NOT_TIED = {Tied.DEAD: "dead", Tied.ANOTHERS: "anothers"}
# Keywords that a command with a slash stands for; /start without a token is a START.
_COMMANDS = {each.value: each for each in Command if each is not Command.QUESTION}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the chat reads at once: a word of `chat_words`, in the language of the keyword if it had one."""

    word: str
    language: str | None = None


def may_post(settings: NotifierSettings, secret: str) -> bool:
    """True if the post has the secret that `setWebhook` was told, and the market allows the messenger."""
    live = (settings.telegram_webhook_secret, settings.telegram_webhook_secret_next)
    allowed = CHANNEL in CHANNELS_ALLOWED[settings.notifier_market] and settings.telegram_bot_token is not None
    return is_genuine(secret, live) and allowed


async def receive(
    session: AsyncSession, body: bytes, *, now: datetime, settings: NotifierSettings
) -> dict[str, Any] | None:
    """Do what an update says, in the caller's transaction, once; what Telegram is to say in the chat, if anything.

    Raises `BadInput` for what is no update. Whoever has linked no chat is told how, and nothing of theirs is kept.
    """
    update = read_update(body)
    if update is None or await _seen(session, update):
        return None
    if update.kind is Kind.BLOCKED:
        await chats.end_at(session, CHANNEL, update.address, how=EndedHow.BLOCKED, now=now)
        return None
    answer = await _DO.get(update.kind, _words)(session, update, now, settings)
    log.info("chat_update_handled", extra={"kind": update.kind, "word": answer.word if answer else None})
    if answer is None:
        return None
    said = answer_to_chat(answer.word, answer.language or update.language)
    return {"method": "sendMessage", "chat_id": update.address, "text": said}


async def _seen(session: AsyncSession, update: Update) -> bool:
    before = select(Inbound.id).where(Inbound.provider == PROVIDER, Inbound.provider_ref == update.ref)
    return (await session.exec(before)).first() is not None


async def _token(session: AsyncSession, update: Update, now: datetime, settings: NotifierSettings) -> Answer | None:
    tied = await chats.tie(session, CHANNEL, update.address, update.text, now=now)
    if tied is not Tied.YES:
        return Answer(_NOT_TIED[tied])
    await _choose(session, update, now)
    # The token is spent, and its hash is all that is kept of it.
    await _hear(session, update, "/start", Understood(Command.START), now, settings)
    return None


async def _words(session: AsyncSession, update: Update, now: datetime, settings: NotifierSettings) -> Answer | None:
    said = understand(update.text)
    if update.kind is Kind.COMMAND:
        said = Understood(_COMMANDS.get(update.text.lower(), Command.HELP))
    elif update.kind is Kind.OWN_CARD:
        said = Understood(Command.QUESTION)
    if said.command is Command.START and await chats.tie_again(session, CHANNEL, update.address, now=now):
        await _choose(session, update, now, stop=False)
    if await chats.linked_at(session, CHANNEL, update.address) is None:
        return Answer("how")
    await _hear(session, update, update.text, said, now, settings)
    return Answer("stopped", said.language) if said.command is Command.STOP else None


async def _choose(session: AsyncSession, update: Update, now: datetime, *, stop: bool | None = None) -> None:
    """Who connects a messenger wants to read there."""
    chat = await chats.linked_at(session, CHANNEL, update.address)
    assert chat is not None  # it has just been linked, in this transaction
    await preferences.choose(session, chat.policyholder_id, channel=CHANNEL, stop=stop, how="reply", now=now)


async def _hear(
    session: AsyncSession, update: Update, text: str, said: Understood, now: datetime, settings: NotifierSettings
) -> None:
    await inbound.receive(
        session,
        provider=PROVIDER,
        provider_ref=update.ref,
        channel=CHANNEL,
        address=update.address,
        body=text,
        said=said,
        now=now,
        settings=settings,
    )


async def _card(session: AsyncSession, update: Update, now: datetime, settings: NotifierSettings) -> Answer | None:
    return Answer("card")


async def _something_else(
    session: AsyncSession, update: Update, now: datetime, settings: NotifierSettings
) -> Answer | None:
    return Answer("text_only")


_Act = Callable[[AsyncSession, Update, datetime, NotifierSettings], Awaitable[Answer | None]]
_DO: dict[Kind, _Act] = {
    Kind.TOKEN: _token,
    Kind.ANOTHERS_CARD: _card,
    Kind.SOMETHING_ELSE: _something_else,
}
