"""MAX: a text with a button, what each refusal means, and how a message whose answer got lost is found in the chat."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from maxapi import Bot as LibraryBot
from maxapi.exceptions.max import InvalidToken, MaxApiError
from maxapi.methods.types.getted_updates import process_update_webhook
from maxapi.types.attachments.attachment import ButtonsPayload
from maxapi.types.attachments.buttons.link_button import LinkButton
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import open_pool, session_scope
from claims_core.errors import (
    AmbiguousHandOver,
    ChannelError,
    Misconfigured,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier import switch
from notifier.channels.base import AddressRefused, Content, RecipientOptedOut, SenderStopped
from notifier.channels.max.channel import MaxChannel, probe
from notifier.channels.max.words import trusted
from notifier.commands.channels import rows_of
from notifier.dispatch import dispatch_once
from notifier.incoming.chat_answers import AT_ONCE, WORTH_SAYING, answer_chats, ask_for_answer
from notifier.people import chats
from notifier.people.chats import Tied
from notifier.people.preferences import choose
from notifier.reports.resolve import HELD, resolve_once
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from sandbox.max import Bot, Fault, create_app
from sandbox.serving import held_port, served
from tests.factories import a_snapshot, later
from tests.notifier.conftest import max_settings
from tests.notifier.queue import MOVED
from tests.notifier.scenes import planned, seen

CHAT = 7001
MAX = ChannelName.MAX
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:maxapi")


@asynccontextmanager
async def a_bot(**changes: Any) -> AsyncIterator[tuple[Bot, NotifierSettings]]:
    bot = Bot()
    with held_port(18_450) as port:
        async with served(create_app(bot), port) as url:
            yield bot, max_settings(url, **changes)


async def say(settings: NotifierSettings, **changes: Any):
    channel, now = MaxChannel(settings), datetime.now(UTC)
    content = Content("assessment", "ru", {"link": "pr.example/AbCd1234"})
    by = now + timedelta(hours=1)
    values = {"token": "t" * 22, "send_by": by, "now": now, "callback_url": "", "content": content}
    try:
        return await channel.send(str(CHAT), "Дело 7785: считаем", **values | changes)
    finally:
        await channel.close()


async def test_a_message_is_plain_text_with_one_button_to_the_page():
    async with a_bot() as (bot, settings):
        accepted = await say(settings)
    [message] = bot.taken
    assert accepted.provider_ref == message["body"]["mid"]
    assert (message["recipient"]["chat_id"], message["body"]["text"]) == (CHAT, "Дело 7785: считаем")
    [keyboard] = message["body"]["attachments"]
    assert keyboard["payload"]["buttons"] == [
        [{"type": "link", "text": "Открыть дело", "url": "https://pr.example/AbCd1234"}]
    ]


@pytest.mark.parametrize(
    ("fault", "kind", "code", "taken"),
    [
        (Fault.TOO_MANY, TemporaryChannelFailure, "429", 0),
        (Fault.STOPPED, RecipientOptedOut, "blocked", 0),
        (Fault.FORBIDDEN, SenderStopped, "403", 0),
        (Fault.NO_CHAT, AddressRefused, "gone", 0),
        (Fault.NOT_FOUND, SenderStopped, "404", 0),
        (Fault.BAD, PermanentChannelFailure, "400", 0),
        (Fault.UNAUTHORISED, SenderStopped, "401", 0),
        (Fault.BROKEN, AmbiguousHandOver, "500", 0),
        (Fault.RESET_BEFORE_ACCEPT, AmbiguousHandOver, "no_answer", 0),
        (Fault.ACCEPT_THEN_RESET, AmbiguousHandOver, "no_answer", 1),
        (Fault.ACCEPT_THEN_500, AmbiguousHandOver, "500", 1),
        (Fault.ACCEPT_THEN_GARBAGE, AmbiguousHandOver, "200", 1),
        (Fault.ACCEPT_THEN_TIMEOUT, AmbiguousHandOver, "deadline", 1),
    ],
)
async def test_each_answer_is_the_failure_it_stands_for(fault, kind, code, taken):
    async with a_bot(notifier_call_deadline=timedelta(seconds=0.3)) as (bot, settings):
        bot.script.append((fault, {Fault.ACCEPT_THEN_TIMEOUT: 1, Fault.TOO_MANY: 7}.get(fault)))
        with pytest.raises(ChannelError) as raised:
            await say(settings)
    assert (type(raised.value), raised.value.code, len(bot.taken)) == (kind, code, taken)
    assert raised.value.retry_after == (7 if fault is Fault.TOO_MANY else None)
    assert bot.token not in f"{raised.value!r}{raised.value.__cause__!r}"


async def test_nobody_there_means_that_nothing_has_left():
    with pytest.raises(TemporaryChannelFailure):
        await say(max_settings("http://127.0.0.1:1"))


async def test_the_doctor_asks_the_bot_for_its_name_with_the_token_in_the_header_alone():
    async with a_bot() as (bot, settings):
        assert await probe(settings) == f"takes our token as {bot.name}"
        with pytest.raises(SenderStopped, match="MAX_BOT_NAME"):
            await probe(settings.model_copy(update={"max_bot_name": "another_bot"}))
        with pytest.raises(SenderStopped):
            await probe(settings.model_copy(update={"max_bot_token": SecretStr("Bearer " + bot.token)}))


def test_russia_allows_it_and_a_certificate_that_cannot_be_read_is_shown(tmp_path: Path):
    settings = max_settings("https://max.invalid", notifier_market="ru", max_ca_file=str(tmp_path / "root.pem"))
    shown = {row["channel"]: row for row in rows_of(settings)}["max"]
    assert (shown["ready"], shown["allowed"]) == (False, True)
    assert "root.pem is no file with certificates" in shown["why_not"]
    assert chats.offered(settings) == ()
    with pytest.raises(Misconfigured):
        trusted(settings)
    authorities = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if Path(authorities).is_file():
        assert trusted(settings.model_copy(update={"max_ca_file": authorities})) is not None
    assert chats.offered(settings.model_copy(update={"max_ca_file": None})) == (MAX,)


async def test_the_public_library_talks_to_the_emulator_unchanged():
    async with a_bot() as (bot, settings):
        library = LibraryBot(bot.token)
        library.set_api_url(settings.max_api_base_url)
        try:
            assert (await library.get_me()).username == bot.name
            button = LinkButton(text="Открыть дело", url="https://pr.example/AbCd1234")
            sent = await library.send_message(
                chat_id=CHAT, text="Дело 7785", attachments=[ButtonsPayload(buttons=[[button]]).pack()]
            )
            assert sent.message.body.mid == bot.taken[0]["body"]["mid"]
            assert [each.body.text for each in (await library.get_messages(chat_id=CHAT)).messages] == ["Дело 7785"]
            bot.script.extend([(Fault.STOPPED, None), (Fault.UNAUTHORISED, None)])
            with pytest.raises(MaxApiError) as raised:
                await library.send_message(chat_id=CHAT, text="x")
            assert raised.value.raw["code"] == "chat.denied"
            with pytest.raises(InvalidToken):
                await library.send_message(chat_id=CHAT, text="x")
            for update in (bot.said(CHAT, "Статус"), bot.starts(CHAT, "t" * 22), bot.stops(CHAT)):
                read = await process_update_webhook(event_json=update, bot=library)
                assert read.get_ids()[0] == CHAT
        finally:
            await library.close_session()


class Scene:
    """A policyholder with a linked chat, and one message planned for it."""

    def __init__(self, engine: AsyncEngine, pool: Any, bot: Bot, settings: NotifierSettings, now: datetime) -> None:
        self.engine, self.pool, self.bot, self.settings, self.now = engine, pool, bot, settings, now
        self.channels = {MAX: MaxChannel(settings)}

    async def dispatch(self) -> int:
        return await dispatch_once(self.pool, self.channels, self.settings, now=self.now)

    async def resolve(self) -> None:
        await resolve_once(self.pool, self.channels, now=self.now)

    async def rows(self, query: str) -> list[tuple]:
        return [tuple(row) for row in await self.pool.fetch(query)]


@asynccontextmanager
async def a_scene(engine: AsyncEngine, url: str, **changes: Any) -> AsyncIterator[Scene]:
    now, claim = datetime.now(UTC), a_snapshot()
    await seen(engine, claim, now=now - timedelta(hours=1), first_load=True)
    pool = await open_pool(url, size=4)
    async with a_bot(**changes) as (bot, settings):
        person = await pool.fetchval("select policyholder_id from claim")
        async with session_scope(engine) as session:
            token = await chats.invite(session, person, MAX, now=now)
            assert await chats.tie(session, MAX, str(CHAT), token, now=now) is Tied.YES
            await choose(session, person, channel=MAX, how="reply", now=now)
        await seen(engine, later(claim, **MOVED), now=now)
        assert [each.channel for each in await planned(engine, settings=settings, now=now)] == [MAX]
        scene = Scene(engine, pool, bot, settings, now)
        try:
            yield scene
        finally:
            await scene.channels[MAX].close()
            await pool.close()


async def test_a_linked_chat_is_told_in_russia_too_and_the_books_are_closed_at_once(engine, database_url):
    async with a_scene(engine, database_url, notifier_market="ru") as scene:
        assert await scene.dispatch() == 1
        [message] = scene.bot.taken
        assert message["recipient"]["chat_id"] == CHAT
        assert message["body"]["attachments"][0]["payload"]["buttons"][0][0]["text"] == "Открыть дело"
        assert "Открыть дело" not in message["body"]["text"]
        assert await scene.rows("select state, channel from notification") == [("settled", "max")]
        assert await scene.rows("select address, provider, state from delivery") == [(str(CHAT), "max", "accepted")]


@pytest.mark.parametrize(("fault", "how"), [(Fault.STOPPED, "blocked"), (Fault.NO_CHAT, "gone")])
async def test_who_cannot_be_reached_is_unlinked_with_the_reason_and_gets_an_sms(engine, database_url, fault, how):
    async with a_scene(engine, database_url) as scene:
        scene.bot.script.append((fault, None))
        await scene.dispatch()
        told = await scene.rows("select step, channel, sender, state from notification order by step")
        assert told == [(0, "max", "max", "failed"), (1, "sms", "sms", "planned")]
        assert await scene.rows("select ended_how from chat") == [(how,)]
        assert await scene.rows("select channel from preference") == [(None,)]


async def test_429_makes_the_bot_wait_as_long_as_it_was_told(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        scene.bot.script.append((Fault.TOO_MANY, 30))
        await scene.dispatch()
        [(pause,)] = await scene.rows("select paused_until from sender_rate where sender = 'max'")
        assert timedelta(seconds=30) <= pause - scene.now <= timedelta(seconds=33)
        assert await scene.rows("select state from notification") == [("planned",)]


@pytest.mark.parametrize(
    ("fault", "resolution", "state"),
    [(Fault.ACCEPT_THEN_RESET, "look_up", "sent"), (Fault.RESET_BEFORE_ACCEPT, "not_found", "planned")],
)
async def test_what_may_have_arrived_is_looked_up_in_the_chat(engine, database_url, fault, resolution, state):
    async with a_scene(engine, database_url) as scene:
        scene.bot.script.append((fault, None))
        await scene.dispatch()
        scene.now += timedelta(minutes=2)
        await scene.resolve()
        assert await scene.rows("select state from notification") == [(state,)]
        assert await scene.rows("select resolution from delivery") == [(resolution,)]


async def test_where_chats_cannot_be_read_it_is_held_for_ten_minutes_and_repeated_once(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        scene.bot.hides_messages, start = True, scene.now
        scene.bot.script.extend([(Fault.ACCEPT_THEN_500, None)] * 2)
        await scene.dispatch()
        scene.now = start + timedelta(minutes=9)
        await scene.resolve()
        assert await scene.rows("select state from notification") == [("unknown",)]
        for _ in range(3):
            scene.now = scene.now + HELD
            await scene.resolve()
            await scene.dispatch()
        assert len(scene.bot.taken) == 2
        assert await scene.rows("select resolution from delivery order by attempt") == [("unseen",), (None,)]


async def test_a_chat_that_is_nobodys_is_answered_at_most_once_and_not_while_sending_is_stopped(engine, database_url):
    async with a_scene(engine, database_url) as scene:

        async def ask(chat: int, word: str = "how") -> None:
            async with session_scope(engine) as session:
                await ask_for_answer(session, MAX, str(chat), word=word, language="en", now=scene.now)

        async def answer() -> int:
            return await answer_chats(scene.pool, scene.channels, now=scene.now)

        await ask(1)
        await ask(1, "dead")
        async with session_scope(engine) as session:
            await switch.stop(session, "max", codes_too=False, why="test", by="test", now=scene.now)
        assert await answer() == 0
        async with session_scope(engine) as session:
            await switch.let_go(session, "max", by="test", now=scene.now)
        assert (await answer(), await answer()) == (1, 0)
        [said] = scene.bot.taken
        assert (said["recipient"]["chat_id"], "older than 15 minutes" in said["body"]["text"]) == (1, True)
        scene.bot.script.append((Fault.BROKEN, None))
        await ask(2)
        assert (await answer(), await answer(), len(scene.bot.taken)) == (1, 0, 1)
        for chat in range(AT_ONCE + 1):
            await ask(chat)
        scene.now += WORTH_SAYING + timedelta(seconds=1)
        assert (await answer(), await answer(), len(scene.bot.taken)) == (AT_ONCE, 1, 1)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("max_bot_name", None),
        ("max_webhook_secret", None),
        ("max_webhook_secret", SecretStr("short")),
        ("max_api_base_url", "platform-api2.max.ru"),
    ],
)
def test_a_bot_that_is_half_set_up_does_not_start(setting, value):
    with pytest.raises(ValueError, match="(?i)" + setting.split("_")[-1]):
        max_settings("https://max.invalid", **{setting: value})
