"""Two that lock each other out: the database gives one up, and a policyholder never hears of it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Message, Receive, Scope, Send

from claims_core.db import session_scope
from claims_portal.second_try import SecondTry
from tests.portal.people import signed_in
from tests.portal.test_getting_in import TYPED, a_claim_of_irina, ask, codes_sent, enter

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
    assert "form_answered_anew" in caplog.messages
    async with engine.connect() as connection:
        tries = await connection.execute(text("select tries_left, used_at is not null from sign_in_code"))
        assert tries.all() == [(4, True)], "the try that was undone does not count"


@contextmanager
def in_the_way_of(engine: AsyncEngine, *, times: int) -> Iterator[None]:
    """Give up so many of the units of work that have written, at the end of each, as PostgreSQL does."""
    left, wrote = [times], [False]

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        wrote[0] = wrote[0] or statement.lstrip().lower().startswith(("insert", "update", "delete", "with"))

    def give_up(_connection: Any) -> None:
        has_written, wrote[0] = wrote[0], False
        if has_written and left[0]:
            left[0] -= 1
            raise asyncpg.DeadlockDetectedError("deadlock detected")

    event.listen(engine.sync_engine, "before_cursor_execute", look)
    event.listen(engine.sync_engine, "commit", give_up)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", look)
        event.remove(engine.sync_engine, "commit", give_up)


@pytest.mark.parametrize(("form", "typed", "written"), [
    ("/", {"number": "2041-7785", "phone": TYPED}, "sign_in_code"),
    ("/claim/{id}/questions", {"question": "Когда?"}, "question"),
    ("/claim/{id}/messages", {"cadence": "often"}, "preference"),
])  # fmt: skip
async def test_whatever_form_was_given_up_is_answered_anew_once(
    app: FastAPI, engine: AsyncEngine, form: str, typed: dict[str, str], written: str
):
    claim = await a_claim_of_irina(engine)
    async with signed_in(app, claim) as browser:
        with in_the_way_of(engine, times=1):
            assert (await browser.post(form.format(id=claim.id), data=typed)).status_code == 303
        async with engine.connect() as connection:
            assert (await connection.execute(text(f"select count(*) from {written}"))).scalar_one() == 1
        with in_the_way_of(engine, times=2):
            assert (await browser.post(form.format(id=claim.id), data=typed)).status_code == 500


async def test_what_no_second_try_mends_is_raised_and_not_tried_again(engine: AsyncEngine):
    calls = []

    async def form(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(await receive())
        async with session_scope(engine) as session:
            await (await session.connection()).execute(text("select 1 / 0"))

    async def nothing() -> Message:
        return {"type": "http.request"}

    async def nobody(message: Message) -> None:
        raise AssertionError(message)

    with pytest.raises(DBAPIError):
        await SecondTry(form)({"type": "http", "method": "POST", "path": "/"}, nothing, nobody)
    assert len(calls) == 1
