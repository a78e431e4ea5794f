"""Somebody whom the policyholder lets read the claim: agrees first, reads until the day, does nothing, is on record."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.tables import Role
from notifier.incoming import inbound
from notifier.states import ChannelName
from tests.factories import a_person
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, notifier_settings, portal_settings, visiting
from tests.portal.test_getting_in import PHONE, a_claim_of_irina, ask, codes_sent, enter

THEIRS = "+79260000009"
FORM = {"name": "Олег Адвокатов", "phone": "8 926 000-00-09", "until": "2026-06-10", "agree": "yes"}


async def rows(engine: AsyncEngine, query: str) -> list[tuple]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


@pytest.fixture
async def claim(engine: AsyncEngine) -> Claim:
    return await a_claim_of_irina(engine)


async def named(app: FastAPI, claim: Claim, **form: str) -> httpx.Response:
    async with signed_in(app, claim) as owner:
        return await owner.post(f"/claim/{claim.id}/representatives", data=FORM | form)


@pytest.fixture
async def reader(app: FastAPI, claim: Claim) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who was named, has signed in with their own telephone, and has not agreed yet."""
    assert (await named(app, claim)).status_code == 303
    async with visiting(app, address="203.0.113.9") as browser:
        await ask(browser, phone=THEIRS)
        [sent] = await codes_sent(app)
        assert (await enter(browser, sent["code"])).headers["location"] == f"/claim/{claim.id}"
        yield browser


async def agree(browser: httpx.AsyncClient, claim: Claim) -> httpx.Response:
    await browser.post(f"/claim/{claim.id}/agree", data={"agree": "yes"})
    return await browser.get(f"/claim/{claim.id}")


async def test_they_agree_first_then_read_and_every_look_is_in_the_audit(app, engine, claim, reader):
    before = await reader.get(f"/claim/{claim.id}")
    assert before.headers["location"] == f"/claim/{claim.id}/agree"
    asked = await reader.get(f"/claim/{claim.id}/agree")
    assert ("до 10\u00a0июня" in asked.text, "2041-7785" in asked.text, "Kia" in asked.text) == (True, False, False)
    assert (await reader.post(f"/claim/{claim.id}/agree")).status_code == 422
    page = await agree(reader, claim)
    assert (page.status_code, "2041-7785" in page.text, "за владельца" in page.text) == (200, True, True)
    # Nothing to press but "sign out" and the look of the page.
    assert "/questions" not in page.text
    assert "/messages" not in page.text
    await reader.get(f"/claim/{claim.id}")
    acts = "select action from audit_entry where actor like 'representative:%' order by seq"
    assert await rows(engine, acts) == [("representative_agreed",), ("claim_read",), ("claim_read",)]
    portal = app.state.portal
    await portal.footprints.flush(portal.pool)
    looked = "select viewer_kind, count(*) from access_log where page = '/claim/{claim_id}' group by 1"
    assert ("representative", 3) in await rows(engine, looked)
    async with signed_in(app, claim) as owner:
        assert "3 просмотра" in (await owner.get(f"/claim/{claim.id}/representatives")).text


async def test_they_can_do_nothing_and_reach_no_other_claim(app, engine, claim, reader):
    other = await a_known_claim(engine, claim_number="2041-9000", policyholder=a_person(phones=("+79990000000",)))
    await agree(reader, claim)
    before = await rows(engine, "select count(*) from question")
    tried = 0
    for route in iter_route_contexts(app.routes):
        if not route.path.startswith("/claim/{claim_id}"):
            continue
        for method in route.methods:
            path = route.path.replace("{claim_id}", str(claim.id)).replace("{channel}", "telegram")
            address = "/".join(str(uuid4()) if part.startswith("{") else part for part in path.split("/"))
            answer = await reader.request(method, address, data={"question": "?", "agree": "yes", "cadence": "often"})
            theirs = route.path in ("/claim/{claim_id}", "/claim/{claim_id}/agree", "/claim/{claim_id}/news")
            assert (answer.status_code in (200, 303)) if theirs else answer.status_code == 404, (method, route.path)
            tried += 1
    assert tried > 10
    assert await rows(engine, "select count(*) from question") == before
    for path in ("", "/agree", "/messages"):
        assert (await reader.get(f"/claim/{other.id}{path}")).status_code == 404


async def test_their_day_ends_it_and_so_does_the_owner_at_once(app, engine, claim, reader, clock: Clock):
    await agree(reader, claim)
    async with signed_in(app, claim) as owner:
        [(one,)] = await rows(engine, "select id from representative")
        assert (await owner.post(f"/claim/{claim.id}/representatives/{uuid4()}/end")).status_code == 404
        assert (await owner.post(f"/claim/{claim.id}/representatives/{one}/end")).status_code == 303
        assert "Олег" not in (await owner.get(f"/claim/{claim.id}/representatives")).text
    assert (await reader.get(f"/claim/{claim.id}")).status_code == 404
    await named(app, claim)
    clock.now += timedelta(days=9, hours=12)
    async with visiting(app, address="203.0.113.10") as late:
        await ask(late, phone=THEIRS)
        assert await codes_sent(app) == []


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": ""}, "Введите имя"),
        ({"phone": "12"}, "Введите телефон с кодом страны"),
        ({"until": "2026-05-31"}, "Выберите последний день"),
        ({"until": "2027-06-02"}, "Выберите последний день"),
        ({"until": "завтра"}, "Выберите последний день"),
        ({"agree": ""}, "Поставьте отметку, если согласны"),
    ],
)
async def test_what_is_wrong_is_said_and_nobody_is_named(app, engine, claim, form: dict[str, str], said: str):
    answer = await named(app, claim, **form)
    assert (answer.status_code, answer.text.count(said) >= 2) == (422, True)
    assert await rows(engine, "select count(*) from representative") == [(0,)]


async def test_naming_wants_a_fresh_code_and_takes_five_people_each_once(app, engine, claim, clock: Clock):
    states = [(await named(app, claim, phone=f"+7926000000{n}")).status_code for n in (1, 1, 2, 3, 4, 5, 6)]
    assert states == [303, 422, 303, 303, 303, 303, 422]
    async with signed_in(app, claim) as owner:
        clock.now += timedelta(minutes=10)
        assert (await owner.post(f"/claim/{claim.id}/representatives", data=FORM)).status_code == 403


async def test_the_desk_names_somebody_from_a_paper_and_the_owner_sees_and_ends_it(app, engine, claim):
    address = f"/desk/{claim.id}/representatives"
    async with at_the_desk(app, engine, Role.HANDLER) as handler:
        refused = await handler.post(address, data=FORM)
        assert (refused.status_code, "I have seen the power of attorney" in refused.text) == (422, True)
        assert (await handler.post(address, data=FORM | {"paper": "seen"})).status_code == 303
        assert THEIRS in (await handler.get(address)).text
        assert (await handler.get(f"/desk/{uuid4()}/representatives")).status_code == 404
    async with signed_in(app, claim) as owner:
        assert "Олег Адвокатов" in (await owner.get(f"/claim/{claim.id}/representatives")).text
    [(one,)] = await rows(engine, "select id from representative")
    async with at_the_desk(app, engine, Role.SUPERVISOR) as head:
        assert (await head.post(f"{address}/{one}/end")).status_code == 303
    assert await rows(engine, "select action from audit_entry where action like 'representative%' order by seq") == [
        ("representative_named",),
        ("representative_ended",),
    ]


async def test_the_owner_reaches_their_own_side_where_both_have_one_telephone(app, engine, claim):
    await named(app, claim, phone=PHONE)
    async with visiting(app) as browser:
        await ask(browser)
        [sent] = await codes_sent(app)
    assert sent["policyholder_id"] == claim.policyholder_id


async def test_a_policy_number_finds_nothing_for_them(app, claim):
    await named(app, claim)
    async with visiting(app) as browser:
        await ask(browser, "XXX 0123456789", THEIRS)
        assert await codes_sent(app) == []


async def test_being_named_changes_nothing_about_their_own_telephone(app, engine, claim, clock: Clock):
    own = await a_known_claim(engine, claim_number="2041-9001", policyholder=a_person(phones=(THEIRS,)))
    await named(app, claim)
    async with session_scope(engine) as session:
        await ledger.mark_shared(session)
        values = {"provider": "twilio", "provider_ref": "1", "channel": ChannelName.SMS, "address": THEIRS}
        settings = notifier_settings(portal_settings())
        await inbound.receive(session, **values, body="Можно экспертизу?", now=clock.now, settings=settings)
    assert await rows(engine, "select distinct shared from contact_point") == [(False,)]
    assert await rows(engine, "select policyholder_id, claim_id from question") == [(own.policyholder_id, own.id)]
