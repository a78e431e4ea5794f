"""Who waits hears from us although nothing happened: the truth, in their cadence, and no machine's monologue."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core.db import driver_connection, session_scope
from claims_core.ids import new_id
from claims_core.stages import ClaimStage, Outcome, Situation
from notifier.deciding.heartbeats import template_for
from notifier.planning.facts import ready_for
from notifier.planning.heartbeat import beat
from notifier.rendering import render
from notifier.states import ChannelName, DeliveryState, NotificationState, Reason
from notifier.tables import Delivery, Notification
from tests.factories import NOON, a_claim, a_claimant, a_document, a_question, later
from tests.notifier.scenes import a_background, known, notifications, planned, seen, the_settings

DAY = timedelta(days=1)
ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}


async def beats(engine: AsyncEngine, *, now, **overrides) -> list[Notification]:
    """Every heartbeat there is once the job has run at `now`."""
    await beat(engine, now=now, settings=the_settings(**overrides))
    async with session_scope(engine) as session:
        return [each for each in await notifications(session) if each.cause_kind == "silence_slot"]


async def arrive(engine: AsyncEngine, notification_id: UUID, at) -> None:
    """The provider takes this one at `at`."""
    async with session_scope(engine) as session:
        told = await session.get_one(Notification, notification_id)
        told.state = NotificationState.SETTLED
        session.add(
            Delivery(
                notification_id=told.id,
                attempt=1,
                token_hash=new_id().bytes,
                channel=ChannelName.SMS,
                provider="twilio",
                address="+7",
                text="…",
                state=DeliveryState.DELIVERED,
                worker="w",
                started_at=at,
                send_by=at,
            )
        )


@pytest.mark.parametrize(("cadence", "days"), [("frequent", 7), ("every_step", 30), ("essential", 30)])
async def test_the_silence_is_as_long_as_the_cadence_says(engine: AsyncEngine, cadence: str, days: int):
    await known(engine, **ASSESSING)
    start = NOON - DAY  # the day we first saw the claim
    assert await beats(engine, now=start + days * DAY - timedelta(seconds=1), notifier_cadence=cadence) == []
    [told] = await beats(engine, now=start + days * DAY, notifier_cadence=cadence)
    assert (told.template, told.reason) == ("heartbeat", None)


async def test_a_span_of_silence_is_told_once_however_often_the_job_runs(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    for hour in range(5):
        told = await beats(engine, now=NOON + 6 * DAY + timedelta(hours=hour))
    assert len(told) == 1
    assert len(await beats(engine, now=NOON + 13 * DAY)) == 2


async def test_the_clock_starts_again_with_every_message_that_arrives(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING))
    [told] = await planned(engine)
    await arrive(engine, told.id, NOON + 5 * DAY)
    assert await beats(engine, now=NOON + 11 * DAY) == []
    assert len(await beats(engine, now=NOON + 12 * DAY)) == 1


async def test_a_message_that_did_not_arrive_does_not_start_the_clock_again(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING))
    [told] = await planned(engine)
    await arrive(engine, told.id, NOON + 5 * DAY)
    async with session_scope(engine) as session:
        [delivery] = (await session.exec(select(Delivery))).all()
        delivery.state = DeliveryState.UNDELIVERED
    assert len(await beats(engine, now=NOON + 6 * DAY)) == 1


async def test_no_heartbeat_goes_into_an_open_question(engine: AsyncEngine):
    async with session_scope(engine) as session:
        claim = await a_claim(session, **ASSESSING)
        await a_question(session, claim)
    [told] = await beats(engine, now=NOON + 7 * DAY)
    assert (told.state, told.reason) == (NotificationState.SUPPRESSED, Reason.OPEN_QUESTION)


async def test_the_same_is_not_said_again_until_a_person_has_looked(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    now = NOON - DAY
    for _ in range(2):
        now += 7 * DAY
        told = (await beats(engine, now=now))[-1]
        if told.reason is None:
            await arrive(engine, told.id, now)
    states = [(each.state, each.reason) for each in await beats(engine, now=now)]
    assert states == [(NotificationState.SETTLED, None), (NotificationState.HELD, Reason.APPROVAL)]


async def test_a_heartbeat_says_what_is_true(engine: AsyncEngine):
    waits = {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED, "documents": (a_document(),)}
    await known(engine, **waits)
    [told] = await beats(engine, now=NOON + 7 * DAY)
    assert told.template == "waiting_you"
    async with session_scope(engine) as session:
        ready = await ready_for(
            await driver_connection(session), [told.id], settings=the_settings(), now=NOON + 7 * DAY
        )
    assert "стоит: ждём ваши документы (1)" in render("waiting_you", "sms", "ru", ready[told.id].values)


@pytest.mark.parametrize(
    ("overrides", "missed", "template"),
    [
        ({}, False, "heartbeat"),
        ({}, True, "late"),
        ({"outcome": "approved", "page_state": "approved", "stage": "decided"}, True, "heartbeat"),
        ({"page_state": "docs_needed", "open_documents": 2}, True, "waiting_you"),
        ({"page_state": "docs_needed", "open_documents": 0}, False, "heartbeat"),
    ],
)
def test_the_text_of_a_heartbeat_follows_from_the_claim(overrides: dict, missed: bool, template: str):
    assert template_for(a_background(**overrides), missed=missed) == template


async def test_a_heartbeat_that_is_no_longer_true_does_not_leave(engine: AsyncEngine):
    first = await known(engine, **ASSESSING)
    [told] = await beats(engine, now=NOON + 7 * DAY)
    await seen(engine, later(first, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL), now=NOON + 7 * DAY)
    async with session_scope(engine) as session:
        ready = await ready_for(
            await driver_connection(session), [told.id], settings=the_settings(), now=NOON + 7 * DAY
        )
    assert ready[told.id].verdict is Reason.NO_LONGER_TRUE


@pytest.mark.parametrize(
    "over",
    [
        {"stage": ClaimStage.CLOSED, "situation": None, "outcome": Outcome.APPROVED},
        {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.REFUSED},
        {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_SENT, "outcome": Outcome.APPROVED},
    ],
)
async def test_where_nobody_waits_for_us_there_is_silence(engine: AsyncEngine, over: dict):
    await known(engine, **over)
    assert await beats(engine, now=NOON + 365 * DAY) == []


@pytest.mark.parametrize(("approved", "heard"), [(None, 1), (Decimal(100), 2)])
async def test_a_policyholder_whose_policy_pays_another_waits_for_nothing_once_it_is_decided(
    engine: AsyncEngine, approved: Decimal | None, heard: int
):
    decided = {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.APPROVED, "approved": approved}
    await known(engine, claimants=(a_claimant(),), **decided)
    assert len(await beats(engine, now=NOON + 9 * DAY)) == heard
