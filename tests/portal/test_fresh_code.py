"""A code anew for what changes a contact, leading back to where one was; and a code that comes to a linked chat."""

from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_portal.auth.guards import FRESH_FOR
from claims_portal.pages.fresh import way_back
from notifier.people import chats
from notifier.states import ChannelName
from notifier.tables import AddressNote
from sandbox.telegram import Bot
from tests.portal.people import signed_in
from tests.portal.portal import Clock, portal_app, visiting
from tests.portal.test_getting_in import PHONE, a_claim_of_irina, ask, codes_sent, enter


async def test_a_chat_is_linked_only_with_a_code_of_the_last_ten_minutes(engine: AsyncEngine, pool, clock: Clock):
    app, claim = portal_app(engine, pool, clock, bot=Bot()), await a_claim_of_irina(engine)
    connect = f"/claim/{claim.id}/chats/telegram"
    async with signed_in(app, claim) as browser:
        clock.now += FRESH_FOR - timedelta(seconds=1)
        assert (await browser.post(connect)).status_code == 200
        clock.now += timedelta(seconds=1)
        refused = await browser.post(connect)
        assert (refused.status_code, f'value="{connect}"' in refused.text) == (403, True)
        assert (await browser.get(f"/claim/{claim.id}")).status_code == 200
        before = browser.cookies["__Host-session"]
        assert (await browser.post(f"/claim/{claim.id}/code", data={"back": connect})).headers["location"] == "/code"
        [sent] = await codes_sent(app)
        assert (await enter(browser, sent["code"])).headers["location"] == connect
        assert (await browser.post(connect)).status_code == 200
    # The session is a new one (T08), and the one before is worth nothing.
    async with visiting(app) as thief:
        thief.cookies.set("__Host-session", before)
        assert (await thief.get(f"/claim/{claim.id}")).status_code == 401


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/claim/../desk", "/claim/x", "", "/\r\nx"])
async def test_a_fresh_code_leads_nowhere_else(app: FastAPI, engine: AsyncEngine, back: str):
    claim = await a_claim_of_irina(engine)
    assert way_back(claim.id, back) == f"/claim/{claim.id}"
    assert way_back(claim.id, f"/claim/{uuid4()}") == f"/claim/{claim.id}"
    async with signed_in(app, claim) as browser:
        await browser.post(f"/claim/{claim.id}/code", data={"back": back})
        [sent] = await codes_sent(app)
        assert (await enter(browser, sent["code"])).headers["location"] == f"/claim/{claim.id}"


async def linked(engine: AsyncEngine, claim, channel: ChannelName, *, now) -> None:
    async with session_scope(engine) as session:
        token = await chats.invite(session, claim.policyholder_id, channel, now=now)
        assert await chats.tie(session, channel, "5001", token, now=now) is chats.Tied.YES


async def test_a_code_comes_to_a_chat_that_was_linked_and_proves_no_number(engine: AsyncEngine, pool, clock: Clock):
    app, claim = portal_app(engine, pool, clock, bot=Bot()), await a_claim_of_irina(engine)
    await linked(engine, claim, ChannelName.TELEGRAM, now=clock.now)
    async with visiting(app) as browser:
        await ask(browser)
        assert [sent["channel"] for sent in await codes_sent(app)] == [ChannelName.SMS]
        assert "Прислать в мой мессенджер: Telegram" in (await browser.get("/code")).text
        assert (await browser.post("/code/chat")).headers["location"] == "/code?by=chat"
        assert "подключённый к нему мессенджер" in (await browser.get("/code?by=chat")).text
        [sent] = await codes_sent(app)
        assert sent["channel"] is ChannelName.TELEGRAM
        assert (await enter(browser, sent["code"])).headers["location"] == f"/claim/{claim.id}"
    async with engine.connect() as connection:
        assert (await connection.execute(text("select verified_at from contact_point"))).scalar_one() is None


async def test_where_no_text_reaches_the_number_the_code_goes_to_the_chat_by_itself(
    engine: AsyncEngine, pool, clock: Clock
):
    app, claim = portal_app(engine, pool, clock, bot=Bot()), await a_claim_of_irina(engine)
    await linked(engine, claim, ChannelName.TELEGRAM, now=clock.now)
    async with session_scope(engine) as session:
        session.add(AddressNote(address=PHONE, channel=ChannelName.SMS, code="30006", noted_at=clock.now))
    async with visiting(app) as browser:
        await ask(browser)
        assert [sent["channel"] for sent in await codes_sent(app)] == [ChannelName.TELEGRAM]


async def test_without_a_chat_a_code_asked_there_is_a_text_and_looks_the_same(engine: AsyncEngine, pool, clock: Clock):
    app = portal_app(engine, pool, clock, bot=Bot())
    await a_claim_of_irina(engine)
    answers = []
    for place, number in enumerate(("2041-7785", "9999-0000")):
        async with visiting(app, address=f"192.0.{place}.1") as browser:
            await ask(browser, number)
            await browser.post("/code/chat")
            answers.append((await browser.get("/code?by=chat")).text)
    assert answers[0] == answers[1]
    assert [sent["channel"] for sent in await codes_sent(app)] == [ChannelName.SMS] * 2
