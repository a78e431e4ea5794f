"""A third party claims against somebody's policy: each hears of their own, reads their own page, and nothing else."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_cli import people
from claims_core import ledger
from claims_core.claimants import part_ref
from claims_core.db import driver_connection, session_scope
from claims_core.snapshot import ClaimSnapshot, PaymentState
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import Claim
from claims_portal.auth.sender import send_asked
from notifier.incoming import inbound
from notifier.people import preferences
from notifier.planning.facts import background_for, ready_for
from notifier.planning.planner import plan_batch
from notifier.rendering import render
from notifier.states import ChannelName, NotificationState, Reason
from notifier.tables import Inbound
from tests.factories import NOON, a_claimant, a_document, a_payment, a_person, a_snapshot, later
from tests.journeys.test_one_person import Post
from tests.notifier.queue import a_desk
from tests.notifier.scenes import notifications, planned, seen, the_settings
from tests.portal.conftest import app, clock, pool  # noqa: F401  (fixtures)
from tests.portal.portal import visiting

LIABLE, HARMED, OTHER = "+79120000001", "+79120000002", "+79120000003"
DECIDED = {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.APPROVED}
SENT = {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_SENT, "outcome": Outcome.APPROVED}


def an_accident(*claimants: Any, **over: Any) -> ClaimSnapshot:
    """Whose policy it is, and whoever was harmed."""
    person = a_person(ref="liable", phones=(LIABLE,), name="Игорь Виноватов")
    return a_snapshot(**{"policyholder": person, "claim_number": "2041-7001", "claimants": claimants} | over)


def harmed(phone: str = HARMED, **over: Any) -> Any:
    return a_claimant(person=a_person(ref="harmed", phones=(phone,), name="Пётр Зимин"), **over)


async def side(engine: AsyncEngine, shot: ClaimSnapshot, ref: str = "harmed") -> Claim:
    async with session_scope(engine) as session:
        found = select(Claim).where(Claim.source_ref == part_ref(shot.source_ref, ref))
        return (await session.exec(found)).one()


async def test_each_hears_of_their_own(engine: AsyncEngine, database_url: str):
    async with a_desk(engine, database_url) as desk:
        two = a_claimant(person=a_person(ref="other", phones=(OTHER,)))
        start = desk.now - timedelta(hours=1)
        accident = an_accident(harmed(), two, reported_at=start, stage=ClaimStage.DECIDING, situation=None)
        await seen(engine, accident, now=start, first_load=True)
        approved = harmed(approved=Decimal(98500))
        refused = two.model_copy(update={"stage": ClaimStage.DECIDED, "outcome": Outcome.REFUSED})
        decided = later(accident, claimants=(approved, refused), **DECIDED)
        await seen(engine, decided, now=desk.now)
        paid = harmed(payments=(a_payment(amount=Decimal(98500), sent_date=desk.now.date()),))
        for _ in range(2):
            await plan_batch(engine, now=desk.now, settings=desk.settings)
            await desk.dispatch()
            desk.later(seconds=5)
            await seen(engine, later(decided, claimants=(paid, refused), **SENT), now=desk.now)
        texts: dict[str, list[str]] = {}
        for delivery in await desk.deliveries():
            texts.setdefault(delivery["address"], []).append(delivery["text"])
        assert [len(texts[phone]) for phone in (LIABLE, HARMED, OTHER)] == [1, 2, 1]
        assert "решение принято" in texts[LIABLE][0]
        assert "98 500" in texts[HARMED][0].replace("\u00a0", " ")
        assert "отправили" in texts[HARMED][1]
        assert "отказ" in texts[OTHER][0]
        assert not [text for phone in (LIABLE, OTHER) for text in texts[phone] if "98" in text.replace("2041", "")]


async def test_papers_are_asked_of_the_one_who_is_meant(engine: AsyncEngine):
    accident = an_accident(harmed(), stage=ClaimStage.CHECKING, situation=None)
    await seen(engine, accident, now=NOON - timedelta(days=1), first_load=True)
    asked = harmed(documents=(a_document(),))
    await seen(engine, later(accident, claimants=(asked,), situation=Situation.DOCS_NEEDED))
    [told] = await planned(engine)
    assert (told.template, told.claim_id) == ("docs_needed", (await side(engine, accident)).id)


async def test_a_number_that_the_file_gives_to_two_readers_of_a_claim_is_told_nothing_of_the_claimant(
    engine: AsyncEngine,
):
    accident = an_accident(harmed(phone=LIABLE), stage=ClaimStage.ASSESSING, situation=None)
    await seen(engine, accident, now=NOON - timedelta(days=1), first_load=True)
    await seen(engine, later(accident, stage=ClaimStage.DECIDING))
    whose = {told.claim_id: (told.state, told.reason) for told in await planned(engine)}
    assert whose.pop((await side(engine, accident)).id) == (NotificationState.SUPPRESSED, Reason.ANOTHERS_NUMBER)
    assert list(whose.values()) == [(NotificationState.PLANNED, None)]


async def test_a_stop_on_a_shared_number_stops_for_everybody_who_has_it(engine: AsyncEngine):
    accident = an_accident(harmed(phone=LIABLE))
    await seen(engine, accident, now=NOON - timedelta(days=1), first_load=True)
    async with session_scope(engine) as session:
        await inbound.receive(
            session, provider="twilio", provider_ref="1", channel=ChannelName.SMS, address=LIABLE, body="СТАТУС",
            now=NOON, settings=the_settings(),
        )  # fmt: skip
        await inbound.receive(
            session, provider="twilio", provider_ref="2", channel=ChannelName.SMS, address=LIABLE, body="СТОП",
            now=NOON, settings=the_settings(),
        )  # fmt: skip
        outcomes = (await session.exec(select(Inbound.outcome).order_by(Inbound.provider_ref))).all()
        people = set((await session.exec(select(Claim.policyholder_id))).all())
        assert [(await preferences.get(session, person)).stopped for person in people] == [True, True]
    assert outcomes == ["kw_help", "optout"]


async def test_a_claimant_chooses_for_themselves(engine: AsyncEngine):
    accident = an_accident(harmed())
    await seen(engine, accident, now=NOON - timedelta(days=1), first_load=True)
    mine = await side(engine, accident)
    async with session_scope(engine) as session:
        await preferences.choose(session, mine.policyholder_id, language="en", stop=True, how="page", now=NOON)
        whole = (await session.exec(select(Claim).where(Claim.id == mine.part_of))).one()
        connection = await driver_connection(session)
        own = await background_for(connection, mine.policyholder_id, claim_id=mine.id, now=NOON)
        other = await background_for(connection, whole.policyholder_id, claim_id=whole.id, now=NOON)
    assert (own.language, sorted(own.stopped), own.side) == ("en", ["sms", "voice", "whatsapp"], "claimant")
    assert (other.language, other.stopped, other.side) == ("ru", [], "liable")


async def look_up(app: FastAPI, browser: Any, number: str, phone: str) -> list[dict[str, Any]]:  # noqa: F811
    await browser.post("/", data={"number": number, "phone": phone})
    post, portal = Post(), app.state.portal
    await send_asked(portal, post, now=portal.clock())
    return post.sent


@pytest.fixture
async def accident(engine: AsyncEngine) -> ClaimSnapshot:
    """The harmed party is paid; the policyholder was asked for nothing."""
    paid = harmed(approved=Decimal(98500), payments=(a_payment(amount=Decimal(98500), state=PaymentState.SENT),))
    shot = an_accident(paid, policy_number="ХХХ 7000000001", **SENT)
    await seen(engine, shot, first_load=True)
    return shot


async def test_a_claimant_signs_in_by_the_claims_number_and_their_own_phone_and_by_no_policy(
    app: FastAPI,  # noqa: F811
    engine: AsyncEngine,
    accident: ClaimSnapshot,
):
    mine = await side(engine, accident)
    async with visiting(app) as browser:
        assert await look_up(app, browser, "7000000001", HARMED) == []
        [sent] = await look_up(app, browser, "2041-7001", HARMED)
        opened = await browser.post("/code", data={"code": sent["code"]})
        assert opened.headers["location"] == f"/claim/{mine.id}"
        page = (await browser.get(f"/claim/{mine.id}")).text
        said = page.replace("\u00a0", " ")
        assert all(word in said for word in ("98 500", "Lada Vesta", "Вы пострадавшая сторона"))
        assert not [word for word in ("Kia Rio", "7000000001", "0001") if word in said]
        assert (await browser.get(f"/claim/{mine.part_of}")).status_code == 404
        assert (await browser.get(f"/claim/{mine.id}/messages")).status_code == 200


async def test_the_policyholder_reads_that_it_was_decided_and_nothing_of_the_money(
    app: FastAPI,  # noqa: F811
    engine: AsyncEngine,
    accident: ClaimSnapshot,
):
    mine = await side(engine, accident)
    async with visiting(app) as browser:
        [sent] = await look_up(app, browser, "2041-7001", LIABLE)
        await browser.post("/code", data={"code": sent["code"]})
        said = (await browser.get(f"/claim/{mine.part_of}")).text.replace("\u00a0", " ")
        assert "По требованию другой стороны принято решение" in said
        assert not [word for word in ("98 500", "4821", "Lada", "Зимин", "0002") if word in said]
        assert (await browser.get(f"/claim/{mine.id}")).status_code == 404


async def test_the_policyholder_is_promised_no_money_while_it_is_decided(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    accident = an_accident(harmed(), stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
    await seen(engine, accident, first_load=True)
    async with visiting(app) as browser:
        [sent] = await look_up(app, browser, "2041-7001", LIABLE)
        await browser.post("/code", data={"code": sent["code"]})
        said = (await browser.get(f"/claim/{(await side(engine, accident)).part_of}")).text
    assert "Деньги" not in said
    assert "Сообщим решение" in said


async def test_a_number_that_is_both_partys_opens_the_policyholders_side(app: FastAPI, engine: AsyncEngine):  # noqa: F811
    accident = an_accident(harmed(phone=LIABLE))
    await seen(engine, accident, first_load=True)
    async with visiting(app) as browser:
        [sent] = await look_up(app, browser, "2041-7001", LIABLE)
    assert sent["claim_id"] == (await side(engine, accident)).part_of


async def test_rows_of_the_two_are_never_joined_and_a_claimant_is_joined_with_what_they_have_elsewhere(
    engine: AsyncEngine,
):
    born = {"birth_date": "1990-01-01", "phones_verified": True, "phones": (LIABLE,)}
    liable = a_person(ref="liable", given_name="Игорь", **born)
    accident = an_accident(a_claimant(person=a_person(ref="harmed", given_name="Пётр", **born)), policyholder=liable)
    home = a_snapshot(source="home", policyholder=a_person(given_name="Пётр", **born | {"phones": (HARMED,)}))
    await seen(engine, accident, home, first_load=True)
    mine = await side(engine, accident)
    async with session_scope(engine) as session:
        assert await ledger.join_people(session, [mine.policyholder_id], now=NOON) == 0
        theirs = a_claimant(person=a_person(ref="harmed", given_name="Пётр", **born | {"phones": (HARMED,)}))
        await ledger.record(session, [later(accident, claimants=(theirs,))], now=NOON, settle=timedelta(0))
        assert await ledger.join_people(session, [mine.policyholder_id], now=NOON) == 1
        assert set(await people._named(session, "2041-7001")) >= {mine.policyholder_id}


PAYS_ANOTHER = {
    "decided": DECIDED,
    "settled": {"stage": ClaimStage.CLOSED, "situation": None, "outcome": Outcome.APPROVED},
    "refused": DECIDED | {"outcome": Outcome.REFUSED},
    "repaired": SENT | {"situation": Situation.REPAIR_IN_PROGRESS},
    "account asked": DECIDED | {"situation": Situation.BANK_DETAILS_NEEDED},
}


@pytest.mark.parametrize("stands", PAYS_ANOTHER.values(), ids=PAYS_ANOTHER)
async def test_wherever_the_policyholder_looks_nothing_says_how_it_ended_for_the_other_party(
    app: FastAPI,  # noqa: F811
    engine: AsyncEngine,
    stands: dict[str, Any],
):
    shot = an_accident(harmed(), **stands)
    await seen(engine, shot, first_load=True)
    mine = await side(engine, shot)
    async with visiting(app, headers={"Accept-Language": "en"}) as browser:
        [sent] = await look_up(app, browser, "2041-7001", LIABLE)
        await browser.post("/code", data={"code": sent["code"]})
        pages = [(await browser.get(path)).text for path in ("/claims", f"/claim/{mine.part_of}")]
    async with session_scope(engine) as session:
        await inbound.receive(
            session, provider="twilio", provider_ref="1", channel=ChannelName.SMS, address=LIABLE, body="STATUS",
            now=NOON, settings=the_settings(),
        )  # fmt: skip
        connection = await driver_connection(session)
        [told] = await notifications(session)
        [ready] = (await ready_for(connection, [told.id], settings=the_settings(), now=NOON)).values()
        texts = [render(told.template, told.channel, "en", ready.values)]
    betrayed = ("Approved", "approved", "Paid", "Payment", "repaired", "Declined", "payable", "account", "Repair")
    for said in (*(re.sub(r"<style.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL) for page in pages), *texts):
        assert not [word for word in betrayed if word in said], said
