"""A messenger is connected from one's own page by a link that works once, and heard as an SMS is."""

import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.app import create_app
from notifier.states import Importance
from sandbox.telegram import Bot
from tests.factories import a_claim
from tests.portal.people import signed_in
from tests.portal.portal import Clock, notifier_settings, portal_app, portal_settings, visiting
from tests.portal.states import a_claim_in

HOOK = "/webhooks/telegram"
CHAT, OTHER = 5001, 5002
bot = Bot()


@pytest.fixture
def app(engine: AsyncEngine, pool: Any, clock: Clock) -> FastAPI:
    return portal_app(engine, pool, clock, bot=bot)


@pytest.fixture
async def claim(engine: AsyncEngine, clock: Clock) -> Claim:
    async with session_scope(engine) as session:
        return await a_claim_in(session, "awaiting", now=clock.now)


@pytest.fixture
async def telegram(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with visiting(app, headers={"Sec-Fetch-Site": "", "X-Telegram-Bot-Api-Secret-Token": bot.secret}) as poster:
        yield poster


async def rows(engine: AsyncEngine, query: str) -> list[tuple]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def write(telegram: httpx.AsyncClient, said: str, chat: int = CHAT, **how: Any) -> str:
    """Somebody writes in their chat; what it reads at once."""
    answer = await telegram.post(HOOK, json=bot.said(chat, said, **how))
    assert answer.status_code == 200, answer.text
    return answer.json().get("text", "")


async def a_token(app: FastAPI, claim: Claim) -> str:
    async with signed_in(app, claim) as browser:
        page = (await browser.post(f"/claim/{claim.id}/chats/telegram")).text
    return re.search(rf"https://t\.me/{bot.name}\?start=([\w-]+)", page)[1]


async def connect(app: FastAPI, claim: Claim, telegram: httpx.AsyncClient, chat: int = CHAT) -> None:
    assert await write(telegram, f"/start {await a_token(app, claim)}", chat) == ""


async def test_a_link_from_the_page_ties_the_chat_with_consent_and_makes_it_the_channel(app, engine, claim, telegram):
    token = await a_token(app, claim)
    assert len(token) == 22
    assert await write(telegram, f"/start {token}") == ""
    assert await rows(engine, "select address, channel, ended_at from chat") == [(str(CHAT), "telegram", None)]
    assert await rows(engine, "select purpose, wording_version, given_how from consent") == [
        ("telegram", "telegram-2", "chat")
    ]
    assert await rows(engine, "select channel from preference") == [("telegram",)]
    [(channel, template)] = await rows(engine, "select channel, template from notification")
    assert (channel, template) == ("telegram", "optin_rare")
    assert token not in str(await rows(engine, "select body from inbound"))
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
    assert "Подключён с" in page
    assert "Вы подключили Telegram и согласились" in page


async def test_a_token_works_once_for_fifteen_minutes_and_only_the_newest(app, engine, clock, claim, telegram):
    first, second = await a_token(app, claim), await a_token(app, claim)
    dead = "старше 15 минут"
    assert dead in await write(telegram, f"/start {first}")
    assert dead in await write(telegram, f"/start {'x' * 22}")
    clock.now += timedelta(minutes=15)
    assert dead in await write(telegram, f"/start {second}")
    third = await a_token(app, claim)
    assert await write(telegram, f"/start {third}") == ""
    assert dead in await write(telegram, f"/start {third}", OTHER)
    assert await rows(engine, "select address from chat") == [(str(CHAT),)]


async def test_an_update_that_is_posted_again_has_no_effect(app, engine, claim, telegram):
    update = bot.said(CHAT, f"/start {await a_token(app, claim)}")
    for _ in range(2):
        assert (await telegram.post(HOOK, json=update)).json() == {}
    update = bot.said(CHAT, "/status")
    for _ in range(3):
        assert (await telegram.post(HOOK, json=update)).json() == {}
    update = bot.said(CHAT, "/stop")
    answers = [(await telegram.post(HOOK, json=update)).json() for _ in range(2)]
    assert ["text" in answer for answer in answers] == [True, False]
    assert await rows(engine, "select count(*) from notification where template like 'kw_status%'") == [(1,)]


@pytest.mark.parametrize(
    ("said", "template", "language"),
    [
        ("/status", "kw_status", "ru"),
        ("Status", "kw_status", "en"),
        ("ГДЕ", "kw_status", "ru"),
        ("/more@sandbox_claims_bot", "kw_more", "ru"),
        ("реже", "kw_less", "ru"),
        ("/help", "kw_help", "ru"),
        ("/nonsense", "kw_help", "ru"),
        ("Когда приедет оценщик и что ему показать?", "free_text", "ru"),
    ],
)
async def test_keywords_and_questions_are_heard_as_from_a_telephone(
    app, engine, claim, telegram, said, template, language
):
    await connect(app, claim, telegram)
    assert await write(telegram, said) == ""
    told = await rows(
        engine, f"select template, language, importance, channel from notification where template = '{template}'"
    )
    assert told == [(template, language, Importance.ANSWER, "telegram")]
    asked = await rows(engine, "select channel, text from question where channel = 'telegram'")
    assert asked == ([("telegram", said)] if template == "free_text" else [])


async def test_a_stop_in_the_chat_is_for_the_numbers_too_and_start_takes_all_of_it_back(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    assert (
        await write(telegram, "стоп!")
        == "Готово. Больше не пишем ни сюда, ни в SMS. Решение пришлём письмом. Включить: СТАРТ"
    )
    assert await rows(engine, "select ended_how from chat") == [("stop",)]
    assert await rows(engine, "select withdrawn_how from consent") == [("stop",)]
    assert await rows(engine, "select count(*) > 0 from opt_out where ended_at is null") == [(True,)]
    assert await rows(engine, "select count(*) from notification where state = 'planned'") == [(0,)]
    assert "Подключить" in await write(telegram, "/status")
    assert await write(telegram, "START") == ""
    assert await rows(engine, "select count(*) from chat where ended_at is null") == [(1,)]
    assert await rows(engine, "select count(*) from opt_out where ended_at is null") == [(0,)]


async def test_a_stop_in_the_chat_may_name_one_of_several_claims(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    async with session_scope(engine) as session:
        for number in ("2041-7785", "2041-0142"):
            other = await a_claim(session, claim_number=number)
            other.policyholder_id = claim.policyholder_id
    assert await write(telegram, "STOP 7785") == ""
    assert await rows(engine, "select count(*) from chat where ended_at is null") == [(1,)]
    assert await rows(engine, "select count(*) from opt_out") == [(0,)]
    stopped = "select c.claim_number from claim_stop s join claim c on c.id = s.claim_id where s.ended_at is null"
    assert await rows(engine, stopped) == [("2041-7785",)]
    answers = "select channel from notification where template = 'optout_claim'"
    assert await rows(engine, answers) == [("telegram",)]


async def test_no_texts_on_the_page_ends_the_chat_too(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    async with signed_in(app, claim) as browser:
        await browser.post(f"/claim/{claim.id}/messages", data={"cadence": "none"})
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
    assert "отключён и Telegram" in page
    assert await rows(engine, "select ended_how from chat") == [("stop",)]


async def test_disconnecting_on_the_page_leads_back_to_sms_with_all_that_waits(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    async with signed_in(app, claim) as browser:
        away = await browser.post(f"/claim/{claim.id}/chats/telegram/close")
        page = (await browser.get(away.headers["location"])).text
    assert "Вы отключили Telegram" in page
    assert await rows(engine, "select channel, sender, state from notification") == [("sms", "sms", "planned")]
    assert await rows(engine, "select count(*) from opt_out") == [(0,)]


async def test_who_blocks_the_bot_is_unlinked_and_reads_why_on_the_page(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    assert (await telegram.post(HOOK, json=bot.blocks(CHAT))).json() == {}
    assert await rows(engine, "select ended_how from chat") == [("blocked",)]
    async with signed_in(app, claim) as browser:
        assert "вы заблокировали там нашего бота" in (await browser.get(f"/claim/{claim.id}/messages")).text


async def test_a_number_proves_nothing_and_only_ones_own_card_is_read(app, engine, claim, telegram):
    own = {"phone_number": "79121234567", "first_name": "I", "user_id": CHAT}
    assert "Подключить" in await write(telegram, "", contact=own)
    assert await rows(engine, "select count(*) from chat") == [(0,)]
    await connect(app, claim, telegram)
    assert "чужой контакт" in await write(telegram, "", contact={**own, "user_id": OTHER})
    assert await rows(engine, "select count(*) from question where channel = 'telegram'") == [(0,)]
    assert await write(telegram, "", contact=own) == ""
    assert await rows(engine, "select text from question where channel = 'telegram'") == [("79121234567",)]


async def test_a_chat_is_one_persons_and_a_strangers_chat_is_told_how(app, engine, clock, claim, telegram):
    assert "Подключить" in await write(telegram, "/status")
    assert "Hello." in await write(telegram, "hello", language="en")
    assert await rows(engine, "select count(*) from inbound") == [(0,)]
    await connect(app, claim, telegram)
    async with session_scope(engine) as session:
        other = await a_claim_in(session, "awaiting", now=clock.now)
    assert "другому человеку" in await write(telegram, f"/start {await a_token(app, other)}")
    assert await rows(engine, "select count(*) from chat") == [(1,)]


async def test_a_second_chat_takes_the_place_of_the_first(app, engine, claim, telegram):
    await connect(app, claim, telegram)
    await connect(app, claim, telegram, OTHER)
    assert await rows(engine, "select address, ended_how from chat order by linked_at, address") == [
        (str(CHAT), "replaced"),
        (str(OTHER), None),
    ]


async def test_what_has_not_the_secret_or_is_no_update_is_refused(app, engine, claim, telegram):
    token = await a_token(app, claim)
    update = bot.said(CHAT, f"/start {token}")
    for secret in ("", bot.secret[:-1], bot.secret + "x", "é"):
        forged = await telegram.post(HOOK, json=update, headers={"X-Telegram-Bot-Api-Secret-Token": secret.encode()})
        assert forged.status_code == 403
    odd = [
        b"",
        b"[]",
        b"{}",
        b'{"update_id": "x"}',
        b'{"update_id": 1, "message": 7}',
        b'{"update_id": 1, "message": {}}',
    ]
    answers = [(await telegram.post(HOOK, content=body)).status_code for body in odd]
    assert set(answers) == {422}
    group = bot.said(CHAT, f"/start {token}")
    group["message"]["chat"]["type"] = "group"
    assert (await telegram.post(HOOK, json=group)).json() == {}
    assert (await telegram.post(HOOK, json={"update_id": 5, "poll": {}})).json() == {}
    strange = bot.said(CHAT, "x\x00\ud800")
    body = json.dumps(strange).encode()
    assert (await telegram.post(HOOK, content=body)).status_code == 200
    assert await rows(engine, "select count(*) from chat") == [(0,)]


async def test_where_it_is_forbidden_there_is_no_card_no_link_and_no_webhook(engine, pool, clock, claim):
    settings = portal_settings()
    forbidden = notifier_settings(settings).model_copy(
        update={"telegram_bot_token": SecretStr(bot.token), "telegram_webhook_secret": SecretStr(bot.secret)}
    )
    app = create_app(settings, engine, pool, notifier=forbidden, clock=clock)
    async with signed_in(app, claim) as browser:
        assert "Telegram" not in (await browser.get(f"/claim/{claim.id}/messages")).text
        assert (await browser.post(f"/claim/{claim.id}/chats/telegram")).status_code == 404
    async with visiting(app, headers={"Sec-Fetch-Site": "", "X-Telegram-Bot-Api-Secret-Token": bot.secret}) as poster:
        assert (await poster.post(HOOK, json=bot.said(CHAT, "/status"))).status_code == 403


async def test_a_choice_on_the_page_is_confirmed_where_the_person_reads(app, engine, clock, claim, telegram):
    await connect(app, claim, telegram)
    clock.now += timedelta(days=1)
    async with signed_in(app, claim) as browser:
        await browser.post(f"/claim/{claim.id}/messages", data={"cadence": "often"})
        await browser.post(f"/claim/{claim.id}/chats/telegram/close")
        await browser.post(f"/claim/{claim.id}/messages", data={"cadence": "main"})
    told = await rows(engine, "select template, channel, sender from notification where cause_kind = 'preference'")
    # The first went to the chat; once that was gone it went by SMS, as the second did.
    assert sorted(told) == [("optin_often", "sms", "sms"), ("optin_rare", "sms", "sms")]


async def test_a_choice_is_said_in_the_chat_while_it_is_connected(app, engine, clock, claim, telegram):
    await connect(app, claim, telegram)
    async with signed_in(app, claim) as browser:
        await browser.post(f"/claim/{claim.id}/messages", data={"cadence": "often"})
    told = await rows(engine, "select template, channel from notification where cause_kind = 'preference'")
    assert told == [("optin_often", "telegram")]
