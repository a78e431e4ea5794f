"""Two that lock each other out: the database gives one up, and a policyholder never hears of it."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import in_one_scope
from tests.portal.test_getting_in import a_claim_of_irina, ask, codes_sent, enter

WAITS = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def until_somebody_waits(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        while not (await connection.execute(text(WAITS))).scalar_one():
            await connection.rollback()
            await asyncio.sleep(0.01)


async def test_somebody_who_signs_in_while_their_claim_is_being_read_gets_in(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    await a_claim_of_irina(engine)
    await ask(browser)
    [sent] = await codes_sent(app)
    async with engine.begin() as reading:
        # Whoever reads waits longer before looking for a deadlock: so it is the person who is given up.
        await reading.execute(text("set local deadlock_timeout = '60s'"))
        await reading.execute(text("update contact_point set place = place"))
        entering = asyncio.create_task(enter(browser, sent["code"]))
        await until_somebody_waits(engine)
        await reading.execute(text("update policyholder set name = name"))
    answer = await entering
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/claim/")
    assert "unit_of_work_repeated" in caplog.messages
    async with engine.connect() as connection:
        tries = await connection.execute(text("select tries_left, used_at is not null from sign_in_code"))
        assert tries.all() == [(4, True)], "the try that was undone does not count"


async def test_what_no_second_try_mends_is_raised_and_not_tried_again(engine: AsyncEngine):
    calls = []

    async def work(session: AsyncSession) -> None:
        calls.append(session)
        await (await session.connection()).execute(text("select 1 / 0"))

    with pytest.raises(DBAPIError):
        await in_one_scope(engine, work)
    assert len(calls) == 1
