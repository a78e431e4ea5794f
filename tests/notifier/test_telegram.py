"""Telegram: a text with a button, what each refusal means, and what is done about an answer that got lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import open_pool, session_scope
from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.base import AddressRefused, Content, RecipientOptedOut, SenderStopped
from notifier.channels.telegram.channel import TelegramChannel, probe
from notifier.commands.channels import rows_of
from notifier.dispatch import dispatch_once
from notifier.people import chats
from notifier.people.chats import Tied
from notifier.people.preferences import choose
from notifier.reports.resolve import HELD, resolve_once
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from sandbox.serving import held_port, served
from sandbox.telegram import Bot, Fault, create_app
from tests.factories import a_snapshot, later
from tests.notifier.conftest import settings_for, telegram_settings
from tests.notifier.queue import MOVED
from tests.notifier.scenes import planned, seen

CHAT = 5001
TELEGRAM = ChannelName.TELEGRAM


@asynccontextmanager
async def a_bot(**changes: Any) -> AsyncIterator[tuple[Bot, NotifierSettings]]:
    bot = Bot()
    with held_port(18_400) as port:
        async with served(create_app(bot), port) as url:
            yield bot, telegram_settings(url, **changes)


async def say(settings: NotifierSettings, **changes: Any):
    channel, now = TelegramChannel(settings), datetime.now(UTC)
    content = Content("assessment", "ru", {"link": "pr.example/AbCd1234"})
    values = {
        "token": "t" * 22,
        "send_by": now + timedelta(hours=1),
        "now": now,
        "callback_url": "",
        "content": content,
    }
    try:
        return await channel.send(str(CHAT), "Дело 7785: считаем", **values | changes)
    finally:
        await channel.close()


async def test_a_message_is_plain_text_with_one_button_to_the_page_and_no_preview():
    async with a_bot() as (bot, settings):
        accepted = await say(settings)
    assert accepted.provider_ref == f"{CHAT}:1"
    [message] = bot.taken
    assert (message["chat_id"], message["text"]) == (str(CHAT), "Дело 7785: считаем")
    assert message["link_preview_options"] == {"is_disabled": True}
    assert message["reply_markup"]["inline_keyboard"] == [
        [{"text": "Открыть дело", "url": "https://pr.example/AbCd1234"}]
    ]
    assert "parse_mode" not in message


@pytest.mark.parametrize(
    ("fault", "kind", "code", "taken"),
    [
        (Fault.TOO_MANY, TemporaryChannelFailure, "429", 0),
        (Fault.BLOCKED, RecipientOptedOut, "blocked", 0),
        (Fault.DEACTIVATED, AddressRefused, "gone", 0),
        (Fault.NO_CHAT, AddressRefused, "gone", 0),
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
        bot.script.append((fault, 1 if fault is Fault.ACCEPT_THEN_TIMEOUT else None))
        with pytest.raises(ChannelError) as raised:
            await say(settings)
    assert (type(raised.value), raised.value.code, len(bot.taken)) == (kind, code, taken)
    assert raised.value.retry_after == (7 if fault is Fault.TOO_MANY else None)
    assert bot.token not in f"{raised.value!r}{raised.value.__cause__!r}"


async def test_nobody_there_means_that_nothing_has_left():
    with pytest.raises(TemporaryChannelFailure):
        await say(telegram_settings("http://127.0.0.1:1"))


async def test_the_doctor_asks_the_bot_for_its_name():
    async with a_bot() as (bot, settings):
        assert await probe(settings) == f"takes our token as @{bot.name}"
        with pytest.raises(SenderStopped, match="TELEGRAM_BOT_NAME"):
            await probe(settings.model_copy(update={"telegram_bot_name": "another_bot"}))


def test_it_is_shown_as_forbidden_in_russia_and_offered_to_nobody_there():
    shown = {
        row["channel"]: row for row in rows_of(telegram_settings("https://telegram.invalid", notifier_market="ru"))
    }["telegram"]
    assert (shown["ready"], shown["allowed"]) == (True, False)
    assert chats.offered(telegram_settings("https://telegram.invalid", notifier_market="ru")) == ()
    assert chats.offered(telegram_settings("https://telegram.invalid", notifier_market="eu")) == (TELEGRAM,)
    assert chats.offered(settings_for("http://127.0.0.1:1")) == ()


class Scene:
    """A policyholder with a linked chat, and one message planned for it."""

    def __init__(self, engine: AsyncEngine, pool: Any, bot: Bot, settings: NotifierSettings, now: datetime) -> None:
        self.engine, self.pool, self.bot, self.settings, self.now = engine, pool, bot, settings, now
        self.channels = {TELEGRAM: TelegramChannel(settings)}

    async def dispatch(self) -> int:
        return await dispatch_once(self.pool, self.channels, self.settings, now=self.now)

    async def rows(self, query: str) -> list[tuple]:
        return [tuple(row) for row in await self.pool.fetch(query)]


@asynccontextmanager
async def a_scene(engine: AsyncEngine, url: str) -> AsyncIterator[Scene]:
    now, claim = datetime.now(UTC), a_snapshot()
    await seen(engine, claim, now=now - timedelta(hours=1), first_load=True)
    pool = await open_pool(url, size=4)
    async with a_bot() as (bot, settings):
        person = await pool.fetchval("select policyholder_id from claim")
        async with session_scope(engine) as session:
            token = await chats.invite(session, person, TELEGRAM, now=now)
            assert await chats.tie(session, TELEGRAM, str(CHAT), token, now=now) is Tied.YES
            await choose(session, person, channel=TELEGRAM, how="reply", now=now)
        await seen(engine, later(claim, **MOVED), now=now)
        told = await planned(engine, settings=settings, now=now)
        assert [each.channel for each in told] == [TELEGRAM]
        scene = Scene(engine, pool, bot, settings, now)
        try:
            yield scene
        finally:
            await scene.channels[TELEGRAM].close()
            await pool.close()


async def test_a_linked_chat_reads_whole_sentences_with_a_button_and_the_books_are_closed_at_once(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        assert await scene.dispatch() == 1
        [message] = scene.bot.taken
        assert message["chat_id"] == str(CHAT)
        [[button]] = message["reply_markup"]["inline_keyboard"]
        assert (button["text"], button["url"].startswith("https://")) == ("Открыть дело", True)
        assert message["text"].startswith("Здравствуйте, ")
        assert "http" not in message["text"]
        assert "делу ••" in message["text"]  # the number's end alone
        assert await scene.rows("select state, channel from notification") == [("settled", "telegram")]
        assert await scene.rows("select address, provider, state from delivery") == [
            (str(CHAT), "telegram", "accepted")
        ]


@pytest.mark.parametrize(("fault", "how"), [(Fault.BLOCKED, "blocked"), (Fault.NO_CHAT, "gone")])
async def test_who_cannot_be_reached_is_unlinked_with_the_reason_and_gets_an_sms(engine, database_url, fault, how):
    async with a_scene(engine, database_url) as scene:
        scene.bot.script.append((fault, None))
        await scene.dispatch()
        told = await scene.rows("select step, channel, sender, state from notification order by step")
        assert told == [(0, "telegram", "telegram", "failed"), (1, "sms", "sms", "planned")]
        assert await scene.rows("select ended_how from chat") == [(how,)]
        assert await scene.rows("select withdrawn_how from consent") == [(how,)]
        assert await scene.rows("select channel from preference") == [(None,)]
        assert await scene.rows("select address from opt_out union select address from address_note") == []


async def test_429_makes_the_bot_wait_as_long_as_it_was_told(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        scene.bot.script.append((Fault.TOO_MANY, 30))
        await scene.dispatch()
        [(pause,)] = await scene.rows("select paused_until from sender_rate where sender = 'telegram'")
        assert timedelta(seconds=30) <= pause - scene.now <= timedelta(seconds=33)
        assert await scene.rows("select state from notification") == [("planned",)]


async def test_what_may_have_arrived_is_held_for_ten_minutes_and_repeated_once(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        start = scene.now
        scene.bot.script.extend([(Fault.ACCEPT_THEN_500, None)] * 2)
        await scene.dispatch()
        for minutes in (1, 5, 9):
            scene.now = start + timedelta(minutes=minutes)
            await resolve_once(scene.pool, scene.channels, now=scene.now)
            await scene.dispatch()
        assert (len(scene.bot.taken), await scene.rows("select state from notification")) == (1, [("unknown",)])
        for _ in range(3):
            scene.now = scene.now + HELD
            await resolve_once(scene.pool, scene.channels, now=scene.now)
            await scene.dispatch()
        assert len(scene.bot.taken) == 2
        assert await scene.rows("select resolution from delivery order by attempt") == [("unseen",), (None,)]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("telegram_bot_name", None),
        ("telegram_bot_name", "@sandbox_claims_bot"),
        ("telegram_webhook_secret", None),
        ("telegram_webhook_secret", SecretStr("short")),
        ("telegram_webhook_secret", SecretStr("with a blank in the middle")),
        ("telegram_api_base_url", "api.telegram.org"),
    ],
)
def test_a_bot_that_is_half_set_up_does_not_start(setting, value):
    with pytest.raises(ValueError, match="(?i)" + setting.split("_")[-1]):
        telegram_settings("https://telegram.invalid", **{setting: value})
