"""A link of ours opens the glance, as often as one likes, and changes nothing; from it, texts can be turned off."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from tests.portal.links import TOKEN, a_link
from tests.portal.portal import Clock, visiting
from tests.portal.states import a_claim_in

COUNTS = """
select (select count(*) from sign_in_code) + (select count(*) from portal_session) + (select count(*) from opt_out)
  + (select count(*) from preference) + (select count(*) from remembered_device)
"""


@pytest.fixture
async def claim(engine: AsyncEngine, clock: Clock) -> Claim:
    """A claim in decision, whose owner has a message with a link."""
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
    await a_link(engine, claim, now=clock.now)
    return claim


async def test_the_link_in_a_text_leads_to_our_own_address_and_is_cleaned(browser: httpx.AsyncClient, claim: Claim):
    short = await browser.get(f"/{TOKEN}", headers={"Host": "evil.example"})
    assert short.headers["location"] == f"https://claims.example/c/{TOKEN}"
    opened = await browser.get(f"/c/{TOKEN}")
    assert (opened.status_code, opened.headers["location"]) == (303, "/c")
    assert "HttpOnly" in opened.headers["set-cookie"]


async def test_the_glance_shows_stage_date_and_strip_and_nothing_about_people(browser: httpx.AsyncClient, claim: Claim):
    await browser.get(f"/c/{TOKEN}")
    page = (await browser.get("/c")).text
    for shown in ("Принимаем решение о выплате", claim.claim_number[-4:], 'class="promise"', "Сейчас от вас ничего"):
        assert shown in page
    for hidden in ("Ирина", "Ковалёва", "Марина", "184", "174", "Kia", claim.claim_number, "Фото", "+7"):
        assert hidden not in page


async def test_scanners_may_open_it_and_press_everything_and_the_owner_still_gets_in(
    app: FastAPI, engine: AsyncEngine, claim: Claim
):
    async with visiting(app, address="203.0.113.9", headers={"Sec-Fetch-Site": "cross-site"}) as scanner:
        answers = await asyncio.gather(*(scanner.get(f"/c/{TOKEN}") for _ in range(20)))
        answers += [await scanner.head(f"/c/{TOKEN}"), await scanner.post("/c"), await scanner.get(f"/u/{TOKEN}")]
        answers += [await scanner.post(f"/u/{TOKEN}", data={"act": "off"})]
    assert max(answer.status_code for answer in answers) < 500
    async with engine.connect() as connection:
        assert (await connection.execute(text(COUNTS))).scalar_one() == 0
    async with visiting(app) as owner:
        assert (await owner.get(f"/c/{TOKEN}")).headers["location"] == "/c"


async def test_an_old_link_says_that_it_is_old(browser: httpx.AsyncClient, claim: Claim, clock: Clock):
    clock.now += timedelta(days=14)
    answer = await browser.get(f"/c/{TOKEN}")
    assert (answer.status_code, "Ссылке больше 14 дней" in answer.text) == (410, True)


async def test_a_newer_message_replaces_the_link(
    browser: httpx.AsyncClient, engine: AsyncEngine, claim: Claim, clock: Clock
):
    await a_link(engine, claim, now=clock.now + timedelta(minutes=1), token="ZZZZ9999")
    answer = await browser.get(f"/c/{TOKEN}")
    assert (answer.status_code, "Есть сообщение новее" in answer.text) == (410, True)
    assert (await browser.get("/c/ZZZZ9999")).status_code == 303


async def test_who_guesses_links_is_stopped_and_others_are_not(app: FastAPI, claim: Claim):
    async with visiting(app, address="203.0.113.9") as guesser:
        tried = [(await guesser.get(f"/c/{number:08}")).status_code for number in range(25)]
        assert tried == [404] * 20 + [429] * 5
        assert (await guesser.get(f"/c/{TOKEN}")).status_code == 429
    async with visiting(app) as owner:
        assert (await owner.get(f"/c/{TOKEN}")).status_code == 303


@pytest.mark.parametrize(
    "token", ["", "short", "toolong99", "a b c d ", "%00%00%00%00", "../../et", "k7Q2mX9é", "'or1=1--"]
)
async def test_what_cannot_be_a_link_is_not_there(browser: httpx.AsyncClient, claim: Claim, token: str):
    assert (await browser.get(f"/c/{token}")).status_code in (401, 404)


async def test_the_button_on_the_glance_sends_a_code_to_the_number_on_file(
    browser: httpx.AsyncClient, engine: AsyncEngine, claim: Claim
):
    await browser.get(f"/c/{TOKEN}")
    assert (await browser.post("/c")).headers["location"] == "/code"
    async with engine.connect() as connection:
        row = (await connection.execute(text("select claim_id, purpose from sign_in_code"))).one()
    assert tuple(row) == (claim.id, "glance")


async def test_looking_at_the_way_out_turns_nothing_off_and_the_button_does(
    browser: httpx.AsyncClient, engine: AsyncEngine, claim: Claim
):
    shown = await browser.get(f"/u/{TOKEN}")
    assert f"Отключить SMS по делу {claim.claim_number[-4:]}?" in shown.text
    async with engine.connect() as connection:
        assert (await connection.execute(text("select count(*) from opt_out"))).scalar_one() == 0
    done = await browser.post(f"/u/{TOKEN}", data={"act": "off"})
    assert "SMS отключены с этой минуты." in done.text
    assert "Включить снова" in done.text
    assert "SMS снова включены" in (await browser.post(f"/u/{TOKEN}", data={"act": "on"})).text
    assert "Только о главном" in (await browser.post(f"/u/{TOKEN}", data={"act": "less"})).text


async def test_texts_can_be_turned_off_from_an_old_message_too(browser: httpx.AsyncClient, claim: Claim, clock: Clock):
    clock.now += timedelta(days=90)
    assert "отключены" in (await browser.post(f"/u/{TOKEN}", data={"act": "off"})).text


async def test_a_message_that_did_not_arrive_replaces_no_link(
    browser: httpx.AsyncClient, engine: AsyncEngine, claim: Claim, clock: Clock
):
    await a_link(engine, claim, now=clock.now + timedelta(minutes=1), token="ZZZZ9999")
    async with engine.begin() as connection:
        lost = "update delivery set state = 'undelivered' where started_at > :now"
        await connection.execute(text(lost), {"now": clock.now})
    assert (await browser.get(f"/c/{TOKEN}")).headers["location"] == "/c"
