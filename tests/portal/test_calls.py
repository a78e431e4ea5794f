"""A code can be read out on a call, under the same limits, and news too for whoever chose that on their page."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.sealing import unseal
from claims_portal.auth.sender import send_asked
from notifier.direct import send_code
from notifier.states import Market
from notifier.wording.texts import CODE_SEAL, SEALED
from tests.portal.people import signed_in
from tests.portal.portal import SECRET, Clock, portal_app, visiting
from tests.portal.states import a_claim_in

CALLS = {"twilio_account_sid": "AC" + "0" * 32, "twilio_voice_from": "+15550009999"}


@pytest.fixture
def app(engine: AsyncEngine, pool: Any, clock: Clock) -> FastAPI:
    return portal_app(engine, pool, clock, told=CALLS)


async def rows(engine: AsyncEngine, query: str) -> list[tuple]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def a_claim(engine: AsyncEngine, clock: Clock):
    async with session_scope(engine) as session:
        return await a_claim_in(session, "awaiting", now=clock.now)


async def ask(browser: httpx.AsyncClient, engine: AsyncEngine, number: str | None = None) -> None:
    [(known, phone)] = await rows(
        engine, "select c.claim_number, p.address from claim c, contact_point p where p.kind = 'phone'"
    )
    answer = await browser.post("/", data={"number": number or known, "phone": phone})
    assert answer.headers["location"] == "/code"


async def test_a_code_is_read_out_to_whoever_asks_for_that_and_it_signs_in(app, engine, clock):
    await a_claim(engine, clock)
    async with visiting(app) as browser:
        await ask(browser, engine)
        assert "Позвонить и продиктовать код" in (await browser.get("/code")).text
        assert (await browser.post("/code/call")).headers["location"] == "/code?by=call"
        page = (await browser.get("/code?by=call")).text
        assert "мы уже звоним" in page
        assert "Код из звонка" in page
        while await send_asked(app.state.portal, send_code, now=clock.now):
            pass
        told = "select channel, sender, importance, template from notification order by planned_at, channel"
        assert await rows(engine, told) == [("sms", "sms", "code", "otp"), ("voice", "voice", "code", "otp")]
        [(values,)] = await rows(engine, "select values from notification where channel = 'voice'")
        code = unseal(values[SEALED], SECRET, purpose=CODE_SEAL)
        assert (await browser.post("/code", data={"code": code})).status_code == 303


async def test_a_call_counts_as_a_look_up_and_looks_the_same_for_a_claim_that_is_not_there(app, engine, clock):
    await a_claim(engine, clock)
    async with visiting(app) as browser:
        await ask(browser, engine)
        answers = [(await browser.post("/code/call")).status_code for _ in range(3)]
        assert answers == [303, 303, 429]
    async with visiting(app, address="198.51.100.8") as stranger:
        await ask(stranger, engine, "9999-0000")
        answer = await stranger.post("/code/call")
        assert (answer.status_code, answer.headers["location"]) == (303, "/code?by=call")
        await send_asked(app.state.portal, send_code, now=clock.now)
        assert "мы уже звоним" in (await stranger.get("/code?by=call")).text
    assert await rows(engine, "select count(*) from notification where channel = 'voice'") == [(2,)]


async def test_where_nobody_calls_there_is_no_button_and_what_asks_for_a_call_gets_a_text(engine, pool, clock):
    app = portal_app(engine, pool, clock)
    claim = await a_claim(engine, clock)
    async with visiting(app) as browser:
        await ask(browser, engine)
        assert "Позвонить" not in (await browser.get("/code?by=call")).text
        assert (await browser.post("/code/call")).headers["location"] == "/code"
    async with signed_in(app, claim) as browser:
        assert "Звонки" not in (await browser.get(f"/claim/{claim.id}/messages")).text
        assert (await browser.post(f"/claim/{claim.id}/calls")).status_code == 404


async def test_calls_are_chosen_with_their_wording_and_given_up_again_with_all_that_waits(app, engine, clock):
    claim = await a_claim(engine, clock)
    async with signed_in(app, claim) as browser:
        assert "автоответчик" in (await browser.get(f"/claim/{claim.id}/messages")).text
        for _ in range(2):
            await browser.post(f"/claim/{claim.id}/calls")
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
        assert "Звоним вам с" in page
        assert "Вы выбрали звонки" in page
        assert await rows(engine, "select purpose, wording_version, withdrawn_at from consent") == [
            ("voice", "voice-1", None)
        ]
        assert await rows(engine, "select channel from preference") == [("voice",)]
        await browser.post(f"/claim/{claim.id}/calls/close")
        assert "Звонить вместо SMS" in (await browser.get(f"/claim/{claim.id}/messages")).text
    assert await rows(engine, "select withdrawn_how from consent") == [("page",)]
    assert await rows(engine, "select channel from preference") == [(None,)]


WHATSAPP = {"twilio_account_sid": "AC" + "0" * 32, "twilio_whatsapp_from": "+15550009999", "notifier_market": Market.EU}


async def test_whatsapp_is_chosen_with_its_wording_and_given_up_again(engine, pool, clock):
    app = portal_app(engine, pool, clock, told=WHATSAPP)
    claim = await a_claim(engine, clock)
    async with signed_in(app, claim) as browser:
        assert "принадлежит компании Meta" in (await browser.get(f"/claim/{claim.id}/messages")).text
        for _ in range(2):
            await browser.post(f"/claim/{claim.id}/whatsapp")
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
        assert "Пишем вам в WhatsApp с" in page
        assert "Вы выбрали WhatsApp" in page
        agreed = await rows(engine, "select purpose, wording_version, withdrawn_at from consent")
        assert agreed == [("whatsapp", "whatsapp-1", None)]
        assert await rows(engine, "select channel from preference") == [("whatsapp",)]
        await browser.post(f"/claim/{claim.id}/whatsapp/close")
        assert "Писать мне в WhatsApp" in (await browser.get(f"/claim/{claim.id}/messages")).text
    assert await rows(engine, "select withdrawn_how from consent") == [("page",)]
    assert await rows(engine, "select channel from preference") == [(None,)]


async def test_where_the_law_forbids_whatsapp_it_is_not_there(engine, pool, clock):
    app = portal_app(engine, pool, clock, told=WHATSAPP | {"notifier_market": Market.RU})
    claim = await a_claim(engine, clock)
    async with signed_in(app, claim) as browser:
        assert "WhatsApp" not in (await browser.get(f"/claim/{claim.id}/messages")).text
        assert (await browser.post(f"/claim/{claim.id}/whatsapp")).status_code == 404
