"""Signed-in reading has a limit: generous to a person, over all processes, and off the path of the page."""

from datetime import timedelta

from sqlalchemy import text

from claims_portal.auth.guards import READING_WINDOW
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import portal_app


async def add_up(*apps):
    for app in apps:
        portal = app.state.portal
        await portal.readings.flush(portal.pool, portal.clock())


async def test_who_copies_pages_waits_for_the_next_window_and_everybody_else_reads_on(engine, pool, clock):
    app = portal_app(engine, pool, clock, portal_reads_per_session=5)
    claim, other = await a_known_claim(engine), await a_known_claim(engine)
    async with signed_in(app, claim) as browser, signed_in(app, other) as neighbour:
        for _ in range(6):
            assert (await browser.get(f"/claim/{claim.id}")).status_code == 200
        await add_up(app)
        refused = [await browser.get(path) for path in (f"/claim/{claim.id}", "/claims")]
        assert [answer.status_code for answer in refused] == [429, 429]
        assert (await neighbour.get(f"/claim/{other.id}")).status_code == 200
        clock.now += READING_WINDOW
        async with signed_in(app, claim) as again:
            assert (await again.get(f"/claim/{claim.id}")).status_code == 200


async def test_the_limit_holds_over_two_processes(engine, pool, clock):
    here, there = (portal_app(engine, pool, clock, portal_reads_per_session=5) for _ in range(2))
    claim = await a_known_claim(engine)
    async with signed_in(here, claim) as browser, signed_in(there, claim) as same:
        same.cookies = browser.cookies
        for _ in range(3):
            await browser.get("/claims")
            await same.get("/claims")
        await add_up(here, there)
        assert (await same.get("/claims")).status_code == 429


async def test_a_network_has_a_limit_whoever_reads_from_it(engine, pool, clock):
    app = portal_app(engine, pool, clock, portal_reads_per_network=5)
    claim = await a_known_claim(engine)
    for _ in range(3):
        async with signed_in(app, claim, address="203.0.113.9") as reader:
            await reader.get("/claims")
            await reader.get("/claims")
    await add_up(app)
    async with signed_in(app, claim, address="203.0.113.77") as reader, signed_in(app, claim) as elsewhere:
        assert (await reader.get("/claims")).status_code == 429
        assert (await elsewhere.get("/claims")).status_code == 200


async def test_nothing_readable_of_a_reader_is_kept_and_a_day_old_counter_is_forgotten(engine, pool, app, clock):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser:
        await browser.get("/claims")
        token = browser.cookies["__Host-session"]
    await add_up(app)
    async with engine.connect() as connection:
        rows = (await connection.execute(text("select bucket, count from rate_count"))).all()
    assert [row.count for row in rows] == [1, 1]
    assert all(token.encode() not in row.bucket for row in rows)


async def test_a_person_who_reads_a_page_a_second_for_five_minutes_is_never_stopped(engine, pool, app, clock):
    claim = await a_known_claim(engine)
    codes = set()
    async with signed_in(app, claim) as browser:
        for _ in range(300):
            clock.now += timedelta(seconds=1)
            codes.add((await browser.get("/claims")).status_code)
            if clock.now.second == 0:
                await add_up(app)
    assert codes == {200}
