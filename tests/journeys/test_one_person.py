"""One human with claims in two back offices: one code opens both, a choice holds for both, and a split closes both."""

import argparse
import asyncio
import json
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_cli import people
from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.errors import NotFound, Refused
from claims_core.tables import Claim
from claims_portal.auth.devices import close_device, devices_of, remember_device
from claims_portal.auth.links import find_link
from claims_portal.auth.sender import send_asked
from notifier.incoming import inbound
from notifier.people import preferences
from notifier.planning.facts import background_for
from notifier.planning.planner import plan_batch
from notifier.states import Cadence, ChannelName
from notifier.tables import Inbound
from tests.factories import a_person, a_snapshot, later
from tests.notifier.queue import MOVED, a_desk
from tests.notifier.scenes import seen, the_settings
from tests.portal.conftest import app, clock, pool  # noqa: F401  (fixtures)
from tests.portal.links import TOKEN, a_link
from tests.portal.people import a_known_claim
from tests.portal.portal import NOON, visiting

PHONE, DAY = "+79121234567", date(1984, 3, 7)


class Post:
    """Stands in for the notifier's queue and remembers the codes."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, session: object, **values: Any) -> None:
        self.sent.append(values)


async def a_claim_in(engine: AsyncEngine, source: str, number: str, **person: Any) -> Claim:
    known = a_person(**{"phones": (PHONE,), "birth_date": DAY} | person)
    return await a_known_claim(engine, source=source, claim_number=number, policyholder=known)


async def sign_in(app: FastAPI, browser: httpx.AsyncClient, number: str) -> httpx.Response:  # noqa: F811
    await browser.post("/", data={"number": number, "phone": PHONE})
    post, portal = Post(), app.state.portal
    await send_asked(portal, post, now=portal.clock())
    [sent] = post.sent
    return await browser.post("/code", data={"code": sent["code"]})


async def test_one_code_opens_the_claims_of_both_back_offices(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    motor = await a_claim_in(engine, "motor", "2041-1111")
    home = await a_claim_in(engine, "home", "2041-2222")
    async with visiting(app) as browser:
        await sign_in(app, browser, "2041-1111")
        listed = (await browser.get("/claims")).text
        assert str(motor.id) in listed
        assert str(home.id) in listed
        assert (await browser.get(f"/claim/{home.id}")).status_code == 200


async def test_nothing_is_joined_before_a_code_proves_the_telephone(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    motor = await a_claim_in(engine, "motor", "2041-1111")
    await a_claim_in(engine, "home", "2041-2222")
    async with session_scope(engine) as session:
        assert await ledger.join_people(session, [motor.policyholder_id], now=NOON) == 0


@pytest.mark.parametrize("twin", [{"birth_date": date(1991, 1, 1)}, {"birth_date": None}, {"given_name": "Олег"}])
async def test_another_person_with_the_same_telephone_sees_nothing_of_the_other(
    app: FastAPI,  # noqa: F811
    engine: AsyncEngine,
    twin: dict[str, Any],
):
    motor = await a_claim_in(engine, "motor", "2041-1111")
    home = await a_claim_in(engine, "home", "2041-2222", **twin)
    async with visiting(app) as browser:
        await sign_in(app, browser, "2041-2222")
        listed = (await browser.get("/claims")).text
        assert str(home.id) in listed
        assert str(motor.id) not in listed
        assert (await browser.get(f"/claim/{motor.id}")).status_code == 404


async def test_a_wrong_join_is_undone_and_who_was_signed_in_is_out(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    motor = await a_claim_in(engine, "motor", "2041-1111")
    home = await a_claim_in(engine, "home", "2041-2222")
    async with visiting(app) as browser:
        await sign_in(app, browser, "2041-1111")
        async with session_scope(engine) as session:
            [join] = await ledger.joins_of(session, [motor.policyholder_id])
            assert await people.split(session, join.id, by="ivanova") == 1
        assert (await browser.get("/claims")).status_code == 401
        await sign_in(app, browser, "2041-1111")
        listed = (await browser.get("/claims")).text
        assert str(motor.id) in listed
        assert str(home.id) not in listed
        assert (await browser.get(f"/claim/{home.id}")).status_code == 404


async def test_a_session_that_outlives_a_join_sees_only_its_own(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    """The guard looks at the joins each time; ending the sessions is a second lock."""
    await a_claim_in(engine, "motor", "2041-1111")
    home = await a_claim_in(engine, "home", "2041-2222")
    async with visiting(app) as browser:
        await sign_in(app, browser, "2041-1111")
        assert (await browser.get(f"/claim/{home.id}")).status_code == 200
        async with session_scope(engine) as session:
            [join] = await ledger.joins_of(session, [home.policyholder_id])
            await ledger.undo_join(session, join.id, by="facts", now=NOON)
        assert (await browser.get(f"/claim/{home.id}")).status_code == 404


async def test_a_link_to_the_others_claim_dies_with_the_join_but_still_turns_texts_off(
    app: FastAPI,  # noqa: F811
    engine: AsyncEngine,
):
    motor = await a_claim_in(engine, "motor", "2041-1111", phones_verified=True)
    home = await a_claim_in(engine, "home", "2041-2222")
    link = await a_link(engine, home, now=NOON)
    async with session_scope(engine) as session:
        await ledger.join_people(session, [motor.policyholder_id], now=NOON)
        [join] = await ledger.joins_of(session, [motor.policyholder_id])
    await app.state.portal.pool.execute("update notification set recipient_id = $1", motor.policyholder_id)
    key = app.state.portal.settings.portal_secret_key
    async with session_scope(engine) as session:
        assert await find_link(session, TOKEN, key=key, now=NOON) is not None, link
        await ledger.undo_join(session, join.id, by="ivanova", now=NOON)
        assert await find_link(session, TOKEN, key=key, now=NOON) is None
        assert await find_link(session, TOKEN, key=key, now=NOON, forever=True) is not None


async def test_the_devices_of_one_human_are_one_list_until_they_are_split(engine: AsyncEngine):
    motor = await a_claim_in(engine, "motor", "2041-1111", phones_verified=True)
    home = await a_claim_in(engine, "home", "2041-2222")
    async with session_scope(engine) as session:
        for claim, agent in ((motor, "Android Chrome/140"), (home, "iPhone Safari/600")):
            await remember_device(session, claim.policyholder_id, agent=agent, now=NOON)
        assert len(await devices_of(session, motor.policyholder_id, now=NOON)) == 1
        await ledger.join_people(session, [motor.policyholder_id], now=NOON)
        [join] = await ledger.joins_of(session, [motor.policyholder_id])
        lists = [await devices_of(session, one.policyholder_id, now=NOON) for one in (motor, home)]
        assert {one.id for one in lists[0]} == {one.id for one in lists[1]}
        assert len(lists[0]) == 2
        [theirs] = [one for one in lists[0] if one.policyholder_id == home.policyholder_id]
        assert await close_device(session, motor.policyholder_id, theirs.id)
        await remember_device(session, home.policyholder_id, agent="iPad Safari/600", now=NOON)
        await ledger.undo_join(session, join.id, by="ivanova", now=NOON)
        [left] = await devices_of(session, home.policyholder_id, now=NOON)
        assert not await close_device(session, motor.policyholder_id, left.id)


async def test_where_is_answered_for_all_claims_of_one_human_and_for_none_of_two(engine: AsyncEngine):
    motor = await a_claim_in(engine, "motor", "2041-1111", phones_verified=True)
    await a_claim_in(engine, "home", "2041-2222")
    told = []
    async with session_scope(engine) as session:
        for ref in ("apart", "joined"):
            await inbound.receive(
                session, provider="twilio", provider_ref=ref, channel=ChannelName.SMS, address=PHONE, body="СТАТУС",
                now=NOON, settings=the_settings(),
            )  # fmt: skip
            told += [(await session.exec(select(Inbound.outcome).where(Inbound.provider_ref == ref))).one()]
            await ledger.join_people(session, [motor.policyholder_id], now=NOON)
    assert told == ["kw_help", "kw_status_many"]


async def test_the_daily_cap_counts_what_reached_the_human_about_any_claim(engine: AsyncEngine, database_url: str):
    person = {"phones": (PHONE,), "birth_date": DAY, "phones_verified": True}
    async with a_desk(engine, database_url, notifier_daily_cap=1) as desk:
        first = [a_snapshot(source=source, policyholder=a_person(**person)) for source in ("motor", "home")]
        await seen(engine, *first, now=desk.now - timedelta(hours=1), first_load=True)
        motor = await desk.pool.fetchval("select id from policyholder where source = 'motor'")
        async with session_scope(engine) as session:
            await ledger.join_people(session, [motor], now=NOON)
        await seen(engine, *[later(shot, **MOVED) for shot in first], now=desk.now)
        await plan_batch(engine, now=desk.now, settings=desk.settings)
        for _ in range(3):
            await desk.dispatch()
            desk.later(seconds=5)
        assert len(desk.twilio.taken) == 1


async def test_the_command_shows_joins_and_splits(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    motor = await a_claim_in(engine, "motor", "2041-1111", phones=("+79120000001",))
    home = await a_claim_in(engine, "home", "2041-2222")

    async def claims_people(*words: str) -> str:
        parser = argparse.ArgumentParser()
        people.add_arguments(parser)
        assert await asyncio.to_thread(people.run, parser.parse_args(list(words))) == 0
        return capsys.readouterr().out

    joined = await claims_people("join", str(motor.policyholder_id), str(home.policyholder_id), "--yes")
    join_id = joined.split()[-1]
    shown = await claims_people("show", "2041-1111")
    assert all(said in shown for said in ("2041-2222", "by_hand", "…4567"))
    assert PHONE not in shown
    assert "sessions ended: 0" in await claims_people("undo", join_id, "--yes")
    alone = [json.loads(line) for line in (await claims_people("show", "2041-1111", "--json")).splitlines()]
    assert [one.get("claims") for one in alone] == [["2041-1111"], None]
    assert alone[1]["undone_by"]
    with pytest.raises(NotFound):
        await claims_people("show", "2041-3333")
    with pytest.raises(Refused):
        await claims_people("undo", join_id)


async def test_what_one_row_chose_holds_for_the_other_until_they_are_split(engine: AsyncEngine):
    motor = await a_claim_in(engine, "motor", "2041-1111", phones_verified=True)
    home = await a_claim_in(engine, "home", "2041-2222", phones=(PHONE, "+79120000002"), contact_prohibited=True)
    async with session_scope(engine) as session:
        await ledger.join_people(session, [motor.policyholder_id], now=NOON)
        await preferences.choose(session, home.policyholder_id, cadence=Cadence.ESSENTIAL, how="page", now=NOON)
        await preferences.choose(
            session, motor.policyholder_id, language="en", how="page", now=NOON + timedelta(minutes=1)
        )
        connection = await driver_connection(session)
        for claim in (motor, home):
            stands = await background_for(connection, claim.policyholder_id, claim_id=claim.id, now=NOON)
            assert (stands.chosen_cadence, stands.language, stands.contact_prohibited) == ("essential", "en", True)
        assert (await preferences.get(session, home.policyholder_id)).cadence is Cadence.ESSENTIAL
        await preferences.choose(session, motor.policyholder_id, stop=True, how="page", now=NOON)
        assert (await preferences.get(session, home.policyholder_id)).stopped
        [join] = await ledger.joins_of(session, [home.policyholder_id])
        await ledger.undo_join(session, join.id, by="ivanova", now=NOON)
        stands = await background_for(connection, motor.policyholder_id, claim_id=motor.id, now=NOON)
        assert not stands.contact_prohibited
