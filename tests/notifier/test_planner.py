"""Each fact is decided on exactly once, in its order, whoever plans and however often."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import CaseEvent
from notifier.planning.planner import plan_batch
from notifier.planning.rulebook import replace_rules, rules_in_force
from notifier.states import Cadence, NotificationState, Reason
from notifier.tables import PlannedEvent, PlannerMark
from tests.factories import NOON, a_document, a_snapshot, later
from tests.notifier.scenes import known, notifications, planned, seen, the_settings

ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}


async def test_a_fact_becomes_one_notification_that_leaves_now(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING))
    [told] = await planned(engine)
    assert (told.template, told.state, told.reason) == ("assessment", NotificationState.PLANNED, None)
    assert (told.not_before, told.send_by) == (NOON, NOON + timedelta(hours=24))
    assert (told.language, told.channel, told.cadence) == ("ru", "sms", Cadence.FREQUENT)
    assert await plan_batch(engine, now=NOON, settings=the_settings()) == 0


async def test_four_planners_decide_each_fact_once(engine: AsyncEngine):
    firsts = [await known(engine) for _ in range(12)]
    await seen(engine, *[later(first, **ASSESSING) for first in firsts])

    async def work(minutes: range) -> int:
        done = 0
        for _ in minutes:
            done += await plan_batch(engine, now=NOON, settings=the_settings(), limit=3)
        return done

    # Whoever comes while another plans goes away with nothing, so the last one finds what is left.
    together = sum(await asyncio.gather(*[work(range(20)) for _ in range(4)]))
    assert together + await work(range(5)) == 12
    async with session_scope(engine) as session:
        assert len(await notifications(session)) == 12
        assert len((await session.exec(select(PlannedEvent))).all()) == 12


async def test_a_fact_committed_after_a_later_one_is_still_decided(engine: AsyncEngine):
    slow, quick = await known(engine), await known(engine)
    async with session_scope(engine) as session:
        # Its `seq` is the lower one, and it is committed last.
        await ledger.record(session, [later(slow, **ASSESSING)], now=NOON, settle=timedelta(0))
        for minute in range(5):
            if minute == 1:
                await seen(engine, later(quick, **ASSESSING))
            # The mark moves on as far as it may while the first transaction is still open.
            await plan_batch(engine, now=NOON + timedelta(minutes=minute), settings=the_settings())
    told = await planned(engine, now=NOON + timedelta(minutes=10))
    assert len(told) == 2


async def test_the_mark_follows_what_is_decided_and_nothing_below_it_is_read_again(engine: AsyncEngine):
    for _ in range(3):
        await seen(engine, later(await known(engine), **ASSESSING))
    async with session_scope(engine) as session:
        highest = (await session.exec(select(CaseEvent.seq).order_by(CaseEvent.seq.desc()))).first()
    for minute in range(1000):  # other databases of this server may have transactions open for a while
        await plan_batch(engine, now=NOON + timedelta(minutes=minute), settings=the_settings())
        async with session_scope(engine) as session:
            mark = (await session.exec(select(PlannerMark))).one()
        if mark.mark == highest:
            break
        await asyncio.sleep(0.02)
    assert mark.mark == highest


async def test_the_mark_never_passes_a_fact_that_waits_for_its_settle_window(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING), settle=timedelta(hours=1))
    await seen(engine, later(await known(engine), **ASSESSING))
    for minute in range(5):
        await plan_batch(engine, now=NOON + timedelta(minutes=minute), settings=the_settings())
    assert len(await planned(engine, now=NOON + timedelta(hours=1, minutes=5))) == 2


async def test_first_sight_is_silent_and_leaves_no_notification(engine: AsyncEngine):
    await known(engine)
    assert await planned(engine) == []
    await seen(engine, a_snapshot(reported_at=NOON))
    assert [each.template for each in await planned(engine)] == ["registered"]


async def test_a_fact_waits_for_its_settle_window(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING), settle=timedelta(minutes=2))
    assert await planned(engine, now=NOON + timedelta(seconds=119)) == []
    assert len(await planned(engine, now=NOON + timedelta(minutes=2))) == 1


async def test_a_slip_that_was_mended_within_the_settle_window_is_not_told(engine: AsyncEngine):
    calm = later(await known(engine), **ASSESSING)
    await seen(engine, calm)
    await planned(engine)
    slip = later(calm, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
    await seen(engine, slip, settle=timedelta(minutes=2))
    await seen(engine, later(slip, **ASSESSING), now=NOON + timedelta(minutes=1), settle=timedelta(minutes=2))
    told = await planned(engine, now=NOON + timedelta(minutes=5))
    assert [(each.template, each.reason) for each in told] == [
        ("assessment", None),
        ("awaiting", Reason.NO_LONGER_TRUE),
        ("assessment", Reason.DUPLICATE_CONTENT),
    ]


async def test_a_later_stage_takes_the_place_of_an_earlier_one_that_has_not_left(engine: AsyncEngine):
    first = await known(engine)
    second = later(first, **ASSESSING)
    await seen(engine, second)
    await planned(engine)
    await seen(engine, later(second, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL))
    told = await planned(engine)
    assert [(each.template, each.state, each.reason) for each in told] == [
        ("assessment", NotificationState.SUPERSEDED, Reason.LATER_STAGE),
        ("awaiting", NotificationState.PLANNED, None),
    ]


async def test_what_is_required_is_never_superseded(engine: AsyncEngine):
    first = await known(engine)
    second = later(first, situation=Situation.DOCS_NEEDED, stage=ClaimStage.CHECKING, documents=(a_document(),))
    await seen(engine, second)
    await planned(engine)
    await seen(engine, later(second, **ASSESSING))
    told = {each.template: each.state for each in await planned(engine)}
    assert told == {"docs_needed": NotificationState.PLANNED, "assessment": NotificationState.PLANNED}


async def test_two_facts_of_one_batch_leave_the_later_one(engine: AsyncEngine):
    first = await known(engine)
    second = later(first, **ASSESSING)
    third = later(second, stage=ClaimStage.FULFILLING, situation=Situation.REPAIR_IN_PROGRESS, outcome=Outcome.APPROVED)
    await seen(engine, second, third)
    told = await planned(engine)
    assert [each.template for each in told if each.state is NotificationState.PLANNED] == ["repair"]


async def test_the_same_news_twice_running_is_told_once(engine: AsyncEngine):
    first = await known(engine)
    second = later(first, stage=ClaimStage.COLLECTING, situation=Situation.INSPECTION_DONE)
    await seen(engine, second)
    await planned(engine)
    await seen(engine, later(second, **ASSESSING))
    told = await planned(engine)
    assert [each.reason for each in told] == [None, Reason.DUPLICATE_CONTENT]


async def test_a_silent_fact_is_looked_at_once_and_leaves_no_notification(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, handler_name="Пётр Ильин"))
    assert await planned(engine) == []
    async with session_scope(engine) as session:
        assert len((await session.exec(select(PlannedEvent))).all()) == 1


async def test_a_crash_between_bookmark_and_notification_leaves_neither(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING))
    async with engine.begin() as connection:
        await connection.execute(text("alter table notification add constraint nobody check (template = '')"))
    with pytest.raises(asyncpg.CheckViolationError, match="nobody"):
        await plan_batch(engine, now=NOON, settings=the_settings())
    async with engine.begin() as connection:
        await connection.execute(text("alter table notification drop constraint nobody"))
    assert len(await planned(engine)) == 1


async def test_an_edited_rule_holds_for_what_is_not_decided_yet(engine: AsyncEngine):
    async with session_scope(engine) as session:
        rules = await rules_in_force(session)
        edited = [
            replace(rule, cadences=(Cadence.EVERY_STEP,)) if rule.template == "assessment" else rule for rule in rules
        ]
        assert await replace_rules(session, edited) == {"added": 0, "changed": 2, "removed": 0}
    await seen(engine, later(await known(engine), **ASSESSING))
    [told] = await planned(engine)
    assert (told.reason, told.rule_version) == (Reason.CADENCE, 2)
