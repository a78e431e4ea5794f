"""MAX is connected as Telegram is; what its chat reads at once goes by the notifier: its webhook says nothing."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from notifier.incoming.chat_updates import MESSENGERS, may_post
from notifier.states import ChannelName
from notifier.wording.chat_words import answer_to_chat
from sandbox.max import Bot
from tests.notifier.conftest import max_settings
from tests.portal.people import signed_in
from tests.portal.portal import Clock, portal_app, visiting
from tests.portal.states import a_claim_in

HOOK, SECRET = "/webhooks/max", "X-Max-Bot-Api-Secret"
CHAT, OTHER = 7001, 7101
bot = Bot()


@pytest.fixture
def app(engine: AsyncEngine, pool: Any, clock: Clock) -> FastAPI:
    return portal_app(engine, pool, clock, max_bot=bot)


@pytest.fixture
async def claim(engine: AsyncEngine, clock: Clock) -> Claim:
    async with session_scope(engine) as session:
        return await a_claim_in(session, "awaiting", now=clock.now)


@pytest.fixture
async def messenger(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(app, headers={"Sec-Fetch-Site": "", SECRET: bot.secret}) as poster:
        yield poster


async def rows(engine: AsyncEngine, query: str) -> list[tuple]:
    async with engine.begin() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def tell(messenger: httpx.AsyncClient, engine: AsyncEngine, update: dict[str, Any]) -> str:
    """Post an update; what waits for its chat to read."""
    answer = await messenger.post(HOOK, json=update)
    assert (answer.status_code, answer.json()) == (200, {}), answer.text
    waiting = await rows(engine, "select word, language from chat_answer")
    async with session_scope(engine) as session:
        await session.exec(text("delete from chat_answer"))  # type: ignore[call-overload]
    return answer_to_chat(*waiting[0]) if waiting else ""


async def a_token(app: FastAPI, claim: Claim) -> str:
    async with signed_in(app, claim) as browser:
        page = (await browser.post(f"/claim/{claim.id}/chats/max")).text
    assert "Открыть MAX" in page
    return re.search(rf"https://max\.ru/{bot.name}\?start=([\w-]+)", page)[1]


async def connect(app: FastAPI, engine: AsyncEngine, claim: Claim, messenger: httpx.AsyncClient) -> None:
    assert await tell(messenger, engine, bot.starts(CHAT, await a_token(app, claim))) == ""


async def test_a_link_from_the_page_ties_the_chat_once_also_where_telegram_is_forbidden(app, engine, claim, messenger):
    token = await a_token(app, claim)
    assert await tell(messenger, engine, bot.starts(CHAT, token)) == ""
    assert await rows(engine, "select address, channel, ended_at from chat") == [(str(CHAT), "max", None)]
    assert await rows(engine, "select purpose, wording_version from consent") == [("max", "max-2")]
    assert await rows(engine, "select channel from preference") == [("max",)]
    assert await rows(engine, "select channel, template from notification") == [("max", "optin_rare")]
    assert token not in str(await rows(engine, "select body from inbound"))
    assert "старше 15 минут" in await tell(messenger, engine, bot.starts(OTHER, token))
    assert await tell(messenger, engine, bot.said(CHAT, f"/start {await a_token(app, claim)}")) == ""
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
    assert "Вы подключили MAX и согласились" in page
    assert "Telegram" not in page


async def test_an_update_that_is_posted_again_has_no_effect(app, engine, claim, messenger):
    await connect(app, engine, claim, messenger)
    update = bot.said(CHAT, "СТАТУС")
    for _ in range(3):
        assert await tell(messenger, engine, update) == ""
    assert await rows(engine, "select template, channel from notification where template like 'kw_%'") == [
        ("kw_status", "max")
    ]


async def test_a_stop_is_for_the_numbers_too_and_start_takes_all_of_it_back(app, engine, claim, messenger):
    await connect(app, engine, claim, messenger)
    assert (await tell(messenger, engine, bot.said(CHAT, "стоп"))).startswith("Готово. Больше не пишем")
    assert await rows(engine, "select ended_how from chat") == [("stop",)]
    assert await rows(engine, "select count(*) > 0 from opt_out where ended_at is null") == [(True,)]
    assert "Подключить" in await tell(messenger, engine, bot.said(CHAT, "Когда решение?"))
    assert await tell(messenger, engine, bot.starts(CHAT)) == ""
    assert await rows(engine, "select count(*) from chat where ended_at is null") == [(1,)]
    assert await rows(engine, "select count(*) from opt_out where ended_at is null") == [(0,)]


async def test_who_stops_the_bot_is_unlinked_and_reads_why_on_the_page(app, engine, claim, messenger):
    await connect(app, engine, claim, messenger)
    assert await tell(messenger, engine, bot.stops(CHAT)) == ""
    assert await rows(engine, "select ended_how from chat") == [("blocked",)]
    assert await rows(engine, "select channel, sender from notification") == [("sms", "sms")]
    async with signed_in(app, claim) as browser:
        assert "вы заблокировали там нашего бота" in (await browser.get(f"/claim/{claim.id}/messages")).text


async def test_only_ones_own_card_is_read_and_a_strangers_chat_is_told_how(app, engine, claim, messenger):
    card = {"vcf_info": "BEGIN:VCARD\nTEL;TYPE=cell:79121234567\nEND:VCARD", "max_info": {"user_id": CHAT + 1}}

    def sent(card: dict[str, Any]) -> dict[str, Any]:
        return bot.said(CHAT, "", attachments=[{"type": "contact", "payload": card}])

    assert "Подключить" in await tell(messenger, engine, sent(card))
    assert "Hello." in await tell(messenger, engine, bot.said(OTHER, "hello", language="en-GB"))
    assert await rows(engine, "select count(*) from inbound") == [(0,)]
    await connect(app, engine, claim, messenger)
    assert "чужой контакт" in await tell(messenger, engine, sent({**card, "max_info": {"user_id": OTHER}}))
    assert "только текст" in await tell(messenger, engine, bot.said(CHAT, "", attachments=[{"type": "image"}]))
    assert await tell(messenger, engine, sent(card)) == ""
    assert await rows(engine, "select channel, text from question") == [("max", "79121234567")]


async def test_what_has_not_the_secret_or_is_no_update_is_refused(engine, pool, clock, app, claim, messenger):
    update = bot.starts(CHAT, await a_token(app, claim))
    for secret in ("", bot.secret[:-1], bot.secret + "x", "é"):
        assert (await messenger.post(HOOK, json=update, headers={SECRET: secret.encode()})).status_code == 403
    odd = [b"", b"[]", b"{}", b'{"update_type": "bot_started"}', b'{"update_type": "bot_started", "timestamp": 1}']
    odd += [b'{"update_type": "message_created", "timestamp": 1, "message": 7}']
    assert {(await messenger.post(HOOK, content=body)).status_code for body in odd} == {422}
    group = bot.said(CHAT, "СТАТУС")
    group["message"]["recipient"]["chat_type"] = "chat"
    for passed in (group, {"update_type": "message_created", "timestamp": 1}, {"update_type": "new", "timestamp": 1}):
        assert await tell(messenger, engine, passed) == ""
    body = json.dumps(bot.said(CHAT, "x\x00\ud800")).encode()
    assert (await messenger.post(HOOK, content=body)).status_code == 200
    assert await rows(engine, "select count(*) from chat") == [(0,)]


async def test_a_new_secret_is_believed_beside_the_old_one_and_none_without_a_bot(engine, pool, clock):
    both = max_settings("https://max.invalid", max_webhook_secret_next=SecretStr("the-next-secret-of-max"))
    believed = [may_post(both, MESSENGERS[ChannelName.MAX], each) for each in (bot.secret, "the-next-secret-of-max")]
    assert believed == [True, True]
    async with visiting(portal_app(engine, pool, clock), headers={"Sec-Fetch-Site": "", SECRET: ""}) as poster:
        assert (await poster.post(HOOK, json=bot.said(CHAT, "x"))).status_code == 403
