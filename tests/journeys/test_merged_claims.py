"""A claim that the back office joined with another one leads there, after proof, and nothing is told about it."""

# ruff: noqa: F811 - fixtures go by their names
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.mapping import parse
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.snapshot import ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome
from claims_core.tables import Claim
from notifier.incoming import inbound
from notifier.planning.planner import plan_batch
from notifier.states import ChannelName
from notifier.tables import Notification
from tests.adapter.cases import NOON as TODAY
from tests.adapter.cases import as_record
from tests.adapter.hostile import GOOD
from tests.adapter.test_files import SMALL
from tests.factories import a_person, a_question, a_snapshot, claim_of, later
from tests.journeys.test_one_person import PHONE, sign_in
from tests.notifier.scenes import the_settings
from tests.portal.conftest import app, built, clock, pool  # noqa: F401  (fixtures)
from tests.portal.desk import at_the_desk
from tests.portal.links import TOKEN, a_link
from tests.portal.people import signed_in
from tests.portal.portal import NOON, visiting

IRINA = {"policyholder": a_person(phones=(PHONE,))}


async def heard(engine: AsyncEngine, *snapshots: ClaimSnapshot, first_load: bool = False) -> list[Claim]:
    """What the back office says now."""
    async with session_scope(engine) as session:
        await ledger.record(session, snapshots, now=NOON, settle=timedelta(0), first_load=first_load)
        return [await claim_of(session, snapshot) for snapshot in snapshots]


@pytest.fixture
async def joined(engine: AsyncEngine) -> list[Claim]:
    """Two claims of Irina; the first was joined with the second today, and closed as its duplicate."""
    first, second = a_snapshot(**IRINA), a_snapshot(**IRINA)
    await heard(engine, first, second, first_load=True)
    closed: dict[str, Any] = {"stage": ClaimStage.CLOSED, "outcome": Outcome.DUPLICATE}
    return await heard(engine, later(first, merged_into=second.source_ref, **closed), later(second))


@pytest.mark.parametrize(("language", "says"), [("ru", "Мы объединили с этим дело"), ("en", "We joined claim")])
async def test_whoever_opens_the_old_claim_reads_the_new_one_after_the_code(
    app: FastAPI,
    engine: AsyncEngine,
    joined: list[Claim],
    language: str,
    says: str,
):
    old, new = joined
    async with visiting(app, headers={"Accept-Language": language}) as browser:
        assert (await browser.get(f"/claim/{old.id}")).status_code == 401, "nothing before proof"
        answer = await sign_in(app, browser, old.claim_number)
        assert answer.headers["location"] == f"/claim/{old.id}"
        led = await browser.get(answer.headers["location"])
        assert (led.status_code, led.headers["location"]) == (303, f"/claim/{new.id}")
        page = (await browser.get(led.headers["location"])).text.replace("\xa0", " ")
        assert says in page
        assert old.claim_number in page.replace("‑", "-").replace("&#8209;", "-")
        listed = (await browser.get("/claims")).text
        assert (f"/claim/{new.id}" in listed, f"/claim/{old.id}" in listed) == (True, False)


async def test_nothing_is_told_about_a_claim_that_was_joined(engine: AsyncEngine, joined: list[Claim]):
    await plan_batch(engine, now=NOON + timedelta(minutes=5), settings=the_settings())
    async with session_scope(engine) as session:
        told = (await session.exec(select(Notification))).all()
    assert [one.claim_id for one in told if one.claim_id == joined[0].id] == []


async def test_several_joins_lead_to_the_last_and_a_circle_nowhere(app: FastAPI, engine: AsyncEngine):
    shots = [a_snapshot(**IRINA) for _ in range(3)]
    chain = [
        later(shots[0], merged_into=shots[1].source_ref), later(shots[1], merged_into=shots[2].source_ref), shots[2],
    ]  # fmt: skip
    claims = await heard(engine, *chain, first_load=True)
    async with signed_in(app, claims[0]) as browser:
        assert (await browser.get(f"/claim/{claims[0].id}")).headers["location"] == f"/claim/{claims[2].id}"
    await heard(engine, later(shots[2], merged_into=shots[0].source_ref))
    async with signed_in(app, claims[0]) as browser:
        assert (await browser.get(f"/claim/{claims[0].id}")).status_code == 200


@pytest.mark.parametrize("known", [True, False])
async def test_into_another_ones_claim_nobody_is_led_and_its_number_is_not_said(
    app: FastAPI,
    engine: AsyncEngine,
    known: bool,
):
    theirs = a_snapshot(policyholder=a_person(phones=("+79990000000",)))
    mine = a_snapshot(**IRINA, merged_into=theirs.source_ref)
    claim, *_ = await heard(engine, mine, *([theirs] if known else []), first_load=True)
    async with signed_in(app, claim, headers={"Accept-Language": "en"}) as browser:
        answer = await browser.get(f"/claim/{claim.id}")
    assert answer.status_code == 200
    assert "We handle this claim together with another one now" in answer.text
    assert theirs.claim_number not in answer.text.replace("‑", "-")


@pytest.mark.parametrize(("language", "went", "came"), [
    ("ru", "объединила это дело с делом", "объединила с этим делом дело"),
    ("en", "joined this claim with claim", "with this one."),
])  # fmt: skip
async def test_the_desk_says_it_on_both_claims_with_the_way_to_the_other(
    app: FastAPI,
    engine: AsyncEngine,
    joined: list[Claim],
    language: str,
    went: str,
    came: str,
):
    old, new = joined
    async with at_the_desk(app, engine) as browser:
        browser.headers["Accept-Language"] = language
        for here, there, said in ((old, new, went), (new, old, came)):
            page = (await browser.get(f"/desk/{here.id}")).text.replace("\xa0", " ")
            assert said in page
            assert f'href="/desk/{there.id}"' in page


def test_the_mapping_says_where_the_source_says_it():
    mapping = parse(SMALL.read_text().replace('object_label = "thing"', 'object_label = "thing"\nmerged_into = "into"'))
    translate = mapping.translator(source="f", mapping_version=1)
    said = [translate(as_record({**GOOD, "number": "1", "into": into}), TODAY) for into in ("7", "", None)]
    assert [one.merged_into for one in said if isinstance(one, ClaimSnapshot)] == ["7", None, None]


async def test_what_was_asked_about_the_old_claim_stands_on_the_new_one(
    app: FastAPI, engine: AsyncEngine, joined: list[Claim]
):
    old, new = joined
    async with session_scope(engine) as session:
        asked = await a_question(session, old, text="Где мои деньги?", now=NOON)
        await ledger.answer_question(session, asked.id, answer="Придут в пятницу", by="Анна", now=NOON)
    async with signed_in(app, new) as browser:
        page = (await browser.get(f"/claim/{new.id}")).text
    assert ("Где мои деньги?" in page, "Придут в пятницу" in page) == (True, True)


async def test_a_link_about_the_old_claim_shows_where_the_new_one_stands(
    app: FastAPI, engine: AsyncEngine, joined: list[Claim]
):
    old, new = joined
    await a_link(engine, old, now=NOON)
    async with visiting(app) as browser:
        await browser.get(f"/c/{TOKEN}")
        page = (await browser.get("/c")).text
    assert new.claim_number[-4:] in page
    assert old.claim_number[-4:] not in page


async def test_an_open_claim_that_was_joined_is_counted_once_for_its_owner_and_for_the_desk(
    app: FastAPI, engine: AsyncEngine
):
    first, second = a_snapshot(**IRINA), a_snapshot(**IRINA)
    await heard(engine, first, second, first_load=True)
    old, new = await heard(engine, later(first, merged_into=second.source_ref), second)
    async with session_scope(engine) as session:
        await inbound.receive(
            session, provider="twilio", provider_ref="1", channel=ChannelName.SMS, address=PHONE, body="СТАТУС",
            now=NOON, settings=the_settings(),
        )  # fmt: skip
        [told] = (await session.exec(select(Notification).where(Notification.cause_kind == "inbound"))).all()
    assert (told.template, told.claim_id) == ("kw_status", new.id)
    async with at_the_desk(app, engine) as browser:
        queue, found = (await browser.get("/desk")).text, (await browser.get(f"/desk?q={old.claim_number}")).text
    assert (f"/desk/{new.id}" in queue, f"/desk/{old.id}" in queue, f"/desk/{old.id}" in found) == (True, False, True)
    await a_link(engine, old, now=NOON)
    async with visiting(app) as browser:
        await browser.get(f"/c/{TOKEN}")
        glance = (await browser.get("/c")).text
    assert (new.claim_number[-4:] in glance, old.claim_number[-4:] in glance) == (True, False)
