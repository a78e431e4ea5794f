"""News of an open claim page: what moves the figure and what does not, who is told, and when a stream ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth.sessions import end_session, open_session, token_hash
from claims_portal.news import MOST_OF_SESSION, News
from claims_portal.queries import versions_of
from claims_portal.serving import told_of_the_end
from tests.factories import a_question
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock


@pytest.fixture
async def claim(engine: AsyncEngine) -> Claim:
    return await a_known_claim(engine)


@pytest.fixture
async def token(engine: AsyncEngine, claim: Claim, clock: Clock) -> str:
    async with session_scope(engine) as session:
        return await open_session(session, claim.policyholder_id, now=clock.now)


async def figure(pool: asyncpg.Pool, token: str, claim: Claim, clock: Clock) -> int | None:
    key = (token_hash(token), claim.id)
    return (await versions_of(pool, [key], now=clock.now)).get(key)


async def one_more(stream: AsyncIterator[bytes]) -> bytes | None:
    async with asyncio.timeout(5):
        return await anext(stream, None)


async def do(engine: AsyncEngine, statement: str, **values: object) -> None:
    async with session_scope(engine) as session:
        await (await session.connection()).execute(text(statement), values)


async def test_an_answer_moves_the_figure_and_what_nobody_sees_does_not(
    engine: AsyncEngine, pool: asyncpg.Pool, claim: Claim, token: str, clock: Clock
):
    async with session_scope(engine) as session:
        asked = await a_question(session, claim, now=clock.now)
    seen = [await figure(pool, token, claim, clock)]
    hidden = "update claim set source_hash = 'ff', observed_at = observed_at + interval '1 hour' where id = :id"
    await do(engine, hidden, id=claim.id)
    assert await figure(pool, token, claim, clock) == seen[0], "a reader would hear of work behind the scenes"
    async with session_scope(engine) as session:
        await ledger.answer_question(session, asked.id, answer="Завтра.", by="Марина", now=clock.now)
    seen.append(await figure(pool, token, claim, clock))
    await do(engine, "update claim set handler_name = 'Олег' where id = :id", id=claim.id)
    seen.append(await figure(pool, token, claim, clock))
    assert None not in seen
    assert len(set(seen)) == 3


async def test_only_whoever_may_read_the_claim_has_a_figure(
    engine: AsyncEngine, pool: asyncpg.Pool, claim: Claim, token: str, clock: Clock
):
    other = await a_known_claim(engine)
    assert await figure(pool, token, other, clock) is None
    async with session_scope(engine) as session:
        named = ledger.Named("Олег", "+79260000009", "page", None, "ru", clock.now + timedelta(days=9))
        one = await ledger.name_representative(session, other.id, named, by="a test", now=clock.now)
    own = "update representative set person_id = :person where id = :id"
    await do(engine, own, person=claim.policyholder_id, id=one)
    assert await figure(pool, token, other, clock) is None, "not before they have agreed"
    async with session_scope(engine) as session:
        await ledger.agree_to_represent(session, one, wording="w", now=clock.now)
    assert await figure(pool, token, other, clock) is not None
    await do(engine, "update representative set ended_at = :now where id = :id", now=clock.now, id=one)
    assert await figure(pool, token, other, clock) is None


async def test_an_open_page_is_told_once_of_each_change_and_let_go_when_its_session_ends(
    engine: AsyncEngine, pool: asyncpg.Pool, claim: Claim, token: str, clock: Clock
):
    news, version = News(), await figure(pool, token, claim, clock)
    assert version is not None
    looking = asyncio.create_task(news.run(pool, clock))
    await asyncio.sleep(0)
    async with aclosing(news.follow(token_hash(token), claim.id, version)) as stream:
        assert f"data: {version}\n\n".encode() in (await one_more(stream) or b"")
        await do(engine, "update claim set team = 'Служба выплат' where id = :id", id=claim.id)
        await news.look(pool, clock.now)
        told = await one_more(stream)
        assert told not in (None, f"data: {version}\n\n".encode())
        async with session_scope(engine) as session:
            await end_session(session, token)
        await news.look(pool, clock.now)
        assert await one_more(stream) is None
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    assert not news.is_full(token_hash(token))


async def test_an_idle_session_ends_its_stream_although_news_came(
    app: FastAPI, pool: asyncpg.Pool, claim: Claim, clock: Clock
):
    async with signed_in(app, claim) as browser:
        clock.now += timedelta(minutes=14)
        page = await browser.get(f"/claim/{claim.id}", headers={"X-By-Itself": "1"})
        await app.state.portal.footprints.flush(pool)
        clock.now += timedelta(minutes=2)
        assert (page.status_code, (await browser.get(f"/claim/{claim.id}/news")).status_code) == (200, 401)
    async with pool.acquire() as connection:
        assert await connection.fetchval("select count(*) from access_log") == 1


async def test_the_end_of_the_process_ends_every_stream_at_once(pool: asyncpg.Pool, claim: Claim, clock: Clock):
    news, heard = News(), []
    before = signal.signal(signal.SIGTERM, lambda *said: heard.append(said))
    try:
        looking = asyncio.create_task(news.run(pool, clock))
        await asyncio.sleep(0)
        async with aclosing(news.follow(b"", claim.id, 7)) as stream:
            await one_more(stream)
            with told_of_the_end(news.stop):
                os.kill(os.getpid(), signal.SIGTERM)
                assert await one_more(stream) is None
            assert len(heard) == 1, "the server hears it, too"
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_a_reader_with_many_windows_keeps_lines_for_the_pages(app: FastAPI, claim: Claim):
    news: News = app.state.portal.news
    async with signed_in(app, claim) as browser:
        address, own = f"/claim/{claim.id}/news", token_hash(browser.cookies["__Host-session"])
        streams = [news.follow(own, claim.id, 7) for _ in range(MOST_OF_SESSION)]
        for stream in streams:
            await anext(stream)
        assert (await browser.get(address)).status_code == 429
        for stream in streams:
            await stream.aclose()
        answer = await browser.get(address)
    assert (answer.status_code, answer.headers["X-Accel-Buffering"]) == (200, "no")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Cache-Control"] == "no-store"
