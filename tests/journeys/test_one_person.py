"""One human with claims in two back offices: one code opens both, a choice holds for both, and a split closes both."""

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_cli import people
from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.tables import Claim
from claims_portal.auth.sender import send_asked
from notifier import preferences
from notifier.facts import background_for
from notifier.states import Cadence
from tests.factories import a_person
from tests.portal.conftest import app, clock, pool  # noqa: F401  (fixtures)
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
