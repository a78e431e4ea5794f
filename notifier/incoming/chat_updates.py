"""What people do in a chat with us: link it, write, stop. What a webhook may answer at once is given back."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from notifier.channels.messengers import MESSENGERS, Messenger, is_open
from notifier.channels.updates import Kind, Update, is_genuine
from notifier.incoming import inbound
from notifier.incoming.chat_answers import ask_for_answer
from notifier.people import chats, preferences
from notifier.people.chats import EndedHow, Tied
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from notifier.tables import Inbound
from notifier.wording.chat_words import answer_to_chat
from notifier.wording.keywords import Command, Understood, understand

log = logging.getLogger(__name__)

__all__ = ["MESSENGERS", "Messenger", "may_post", "receive"]
# What a chat may answer without the queue: it is nobody's, or nothing of ours may leave for it any more.
_NOT_TIED = {Tied.DEAD: "dead", Tied.ANOTHERS: "anothers"}
# Keywords that a command with a slash stands for; /start without a token is a START.
_COMMANDS = {each.value: each for each in Command if each is not Command.QUESTION}


@dataclass(frozen=True, slots=True)
class Answer:
    """What the chat reads at once: a word of `chat_words`, in the language of the keyword if it had one."""

    word: str
    language: str | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    """An update while it is handled."""

    session: AsyncSession
    channel: ChannelName
    update: Update
    settings: NotifierSettings
    now: datetime

    @property
    def address(self) -> str:
        return self.update.address


def may_post(settings: NotifierSettings, messenger: Messenger, secret: str) -> bool:
    """True if the post has the secret that the messenger was told, and the market allows it."""
    return is_genuine(secret, messenger.secrets(settings)) and is_open(messenger, settings)


async def receive(
    session: AsyncSession, messenger: Messenger, body: bytes, *, now: datetime, settings: NotifierSettings
) -> dict[str, Any] | None:
    """Do what an update says, in the caller's transaction, once; what the webhook is to answer, if anything.

    Raises `BadInput` for what is no update. Whoever has linked no chat is told how, and nothing of theirs is kept.
    """
    update = messenger.read(body)
    if update is None or await _seen(session, messenger, update):
        return None
    if update.kind is Kind.BLOCKED:
        await chats.end_at(session, messenger.channel, update.address, how=EndedHow.BLOCKED, now=now)
        return None
    answer = await _DO.get(update.kind, _words)(_Heard(session, messenger.channel, update, settings, now))
    log.info("chat_update_handled", extra={"kind": update.kind, "word": answer.word if answer else None})
    if answer is None:
        return None
    language = answer.language or update.language
    if messenger.answer_in is not None:
        return messenger.answer_in(update.address, answer_to_chat(answer.word, language))
    await ask_for_answer(session, messenger.channel, update.address, word=answer.word, language=language, now=now)
    return None


async def _seen(session: AsyncSession, messenger: Messenger, update: Update) -> bool:
    before = select(Inbound.id).where(Inbound.provider == messenger.channel, Inbound.provider_ref == update.ref)
    return (await session.exec(before)).first() is not None


async def _token(heard: _Heard) -> Answer | None:
    tied = await chats.tie(heard.session, heard.channel, heard.address, heard.update.text, now=heard.now)
    if tied is not Tied.YES:
        return Answer(_NOT_TIED[tied])
    await _choose(heard)
    # The token is spent, and its hash is all that is kept of it.
    await _hear(heard, "/start", Understood(Command.START))
    return None


async def _words(heard: _Heard) -> Answer | None:
    update, said = heard.update, understand(heard.update.text)
    if update.kind is Kind.COMMAND:
        said = Understood(_COMMANDS.get(update.text.lower(), Command.HELP))
    elif update.kind is Kind.OWN_CARD:
        said = Understood(Command.QUESTION)
    if said.command is Command.START and await chats.tie_again(
        heard.session, heard.channel, heard.address, now=heard.now
    ):
        await _choose(heard, stop=False)
    if await chats.linked_at(heard.session, heard.channel, heard.address) is None:
        return Answer("how")
    await _hear(heard, update.text, said)
    # A STOP that named one of several claims leaves the chat, which has its answer by then.
    is_over = await chats.linked_at(heard.session, heard.channel, heard.address) is None
    return Answer("stopped", said.language) if said.command is Command.STOP and is_over else None


async def _choose(heard: _Heard, *, stop: bool | None = None) -> None:
    """Who connects a messenger wants to read there."""
    chat = await chats.linked_at(heard.session, heard.channel, heard.address)
    assert chat is not None  # it has just been linked, in this transaction
    whose, channel = chat.policyholder_id, heard.channel
    await preferences.choose(heard.session, whose, channel=channel, stop=stop, how="reply", now=heard.now)


async def _hear(heard: _Heard, text: str, said: Understood) -> None:
    await inbound.receive(
        heard.session,
        provider=heard.channel,
        provider_ref=heard.update.ref,
        channel=heard.channel,
        address=heard.address,
        body=text,
        said=said,
        now=heard.now,
        settings=heard.settings,
    )


async def _card(heard: _Heard) -> Answer | None:
    return Answer("card")


async def _something_else(heard: _Heard) -> Answer | None:
    return Answer("text_only")


_DO: dict[Kind, Callable[[_Heard], Awaitable[Answer | None]]] = {
    Kind.TOKEN: _token,
    Kind.ANOTHERS_CARD: _card,
    Kind.SOMETHING_ELSE: _something_else,
}
