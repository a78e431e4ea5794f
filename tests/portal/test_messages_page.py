"""How often we write: the choice, the pilot with its own unticked box, the history, as the policyholder meets them."""

import re
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from tests.pilots import a_pilot
from tests.portal.people import signed_in
from tests.portal.portal import Clock
from tests.portal.states import a_claim_in


@pytest.fixture
async def claim(engine: AsyncEngine, clock: Clock) -> Claim:
    async with session_scope(engine) as session:
        day = timedelta(days=1)
        await a_pilot(session, name="often", starts_at=clock.now - day, ends_at=clock.now + 60 * day)
        return await a_claim_in(session, "awaiting", now=clock.now)


async def one(engine: AsyncEngine, query: str) -> object:
    async with engine.connect() as connection:
        return (await connection.execute(text(query))).scalar_one()


def chosen(page: str) -> str:
    return re.search(r'name="cadence" value="(\w+)"[^>]* checked', page)[1]


async def test_a_choice_is_kept_and_said_back(app: FastAPI, engine: AsyncEngine, claim: Claim):
    path = f"/claim/{claim.id}/messages"
    async with signed_in(app, claim) as browser:
        before = (await browser.get(path)).text
        assert chosen(before) == "main"
        choice = {"cadence": "often", "language": "en", "night_from": "22:00", "night_to": "08:00"}
        saved = await browser.post(path, data=choice)
        page = (await browser.get(saved.headers["location"])).text
    assert chosen(page) == "often"
    assert "Сохранили. Теперь: Часто." in page
    assert await one(engine, "select cadence || language || quiet_from || quiet_to from preference") == (
        "frequenten22:00:0008:00:00"
    )


async def test_no_texts_means_none_and_can_be_taken_back(app: FastAPI, engine: AsyncEngine, claim: Claim):
    path = f"/claim/{claim.id}/messages"
    async with signed_in(app, claim) as browser:
        await browser.post(path, data={"cadence": "none"})
        assert chosen((await browser.get(path)).text) == "none"
        assert await one(engine, "select count(*) > 0 from opt_out where ended_at is null")
        await browser.post(path, data={"cadence": "main"})
        assert chosen((await browser.get(path)).text) == "main"
    assert not await one(engine, "select count(*) from opt_out where ended_at is null")


async def test_the_counts_on_the_page_are_computed(app: FastAPI, claim: Claim):
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
    often, main = (int(n) for n in re.findall(r"Около (\d+)\u00a0SMS", page))
    assert often > main > 0


async def test_the_box_is_never_ticked_for_anybody(app: FastAPI, claim: Claim):
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
    box = re.search(r"<input[^>]*name=\"agree\"[^>]*>", page)[0]
    assert "checked" not in box


async def test_only_a_ticked_box_says_yes(app: FastAPI, engine: AsyncEngine, claim: Claim):
    path = f"/claim/{claim.id}"
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"{path}/messages")).text
        form = dict(re.findall(r'type="hidden" name="(pilot|wording_version)" value="([^"]+)"', page))
        bare = await browser.post(f"{path}/pilot", data=form)
        assert (bare.status_code, "Поставьте отметку, если согласны" in bare.text) == (422, True)
        assert await one(engine, "select count(*) from consent") == 0
        stale = await browser.post(f"{path}/pilot", data={**form, "wording_version": "older", "agree": "yes"})
        assert stale.status_code == 404
        await browser.post(f"{path}/pilot", data={**form, "agree": "yes"})
        page = (await browser.get(f"{path}/messages")).text
        assert "Вы участвуете с" in page
        assert "Вы согласились участвовать в проверке частых SMS" in page
        assert await one(engine, "select wording_version from consent") == "pilot-1"
        await browser.post(f"{path}/pilot", data={"leave": "yes"})
        page = (await browser.get(f"{path}/messages")).text
    assert "Отозвано" in page


async def test_nonsense_in_the_form_is_answered_and_changes_nothing(app: FastAPI, engine: AsyncEngine, claim: Claim):
    path = f"/claim/{claim.id}"
    async with signed_in(app, claim) as browser:
        answers = [
            await browser.post(f"{path}/messages", data={"cadence": "hourly"}),
            await browser.post(f"{path}/messages", data={"cadence": "\x00"}),
            await browser.post(f"{path}/messages", content=b"\xff\xfe", headers={"Content-Type": "text/html"}),
            await browser.post(f"{path}/pilot", data={"agree": "yes", "pilot": "none"}),
            await browser.post(f"{path}/pilot", data={"agree": "yes", "pilot": str(claim.id)}),
            await browser.post(f"{path}/devices/{claim.id}/close"),
            await browser.post(f"{path}/devices/nothing/close"),
        ]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 404, 404, 404]
    assert await one(engine, "select count(*) from preference") == 0
