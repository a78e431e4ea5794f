"""After an outage nothing comes in one burst: what waited for hours is put aside until a person has looked."""

import pytest

from claims_core.db import session_scope
from claims_core.stages import ClaimStage, Situation
from notifier import held
from notifier.dispatch.rates import open_sender
from notifier.planning.planner import plan_batch
from notifier.states import Reason
from notifier.sweeps import hold_backlog
from tests.factories import a_snapshot, later
from tests.notifier.queue import MOVED, a_desk
from tests.notifier.scenes import seen


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def test_facts_that_nobody_decided_on_for_hours_are_held_and_one_a_claim_goes_when_released(desk):
    first = a_snapshot()
    moved = later(first, **MOVED)
    await seen(desk.engine, first, now=desk.now, first_load=True)
    await seen(desk.engine, moved, now=desk.now)
    at_last = later(moved, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
    await seen(desk.engine, at_last, now=desk.later(minutes=10))
    await plan_batch(desk.engine, now=desk.later(hours=3), settings=desk.settings)
    rows = await desk.pool.fetch("select template, state, reason from notification order by event_seq")
    assert [tuple(row) for row in rows][-1] == ("awaiting", "held", "backlog")
    assert all(row["state"] in ("superseded", "suppressed") for row in rows[:-1])
    assert await desk.dispatch() == 0
    async with session_scope(desk.engine) as session:
        assert await held.release_all(session, Reason.BACKLOG, by="staff:someone", now=desk.now) == 1
    assert await desk.dispatch() == 1


async def test_what_came_due_while_nobody_sent_is_held_but_for_codes(desk):
    await open_sender(desk.pool, "sms", per_second=10, now=desk.now)
    await desk.queue(3)
    assert await hold_backlog(desk.pool, now=desk.later(minutes=119)) == 0
    code = await desk.code()
    assert await hold_backlog(desk.pool, now=desk.later(minutes=1)) == 3
    assert await desk.states() == {"held": 3, "planned": 1}
    assert await desk.dispatch() == 1
    assert (await desk.notification(code))["state"] == "sent"


async def test_a_sender_that_is_merely_busy_works_its_queue_off(desk):
    await open_sender(desk.pool, "sms", per_second=10, now=desk.now)
    await desk.queue(3)
    desk.later(hours=3)
    await desk.pool.execute("update sender_rate set refilled_at = $1", desk.now)
    assert await hold_backlog(desk.pool, now=desk.now) == 0


async def test_what_waited_for_a_provider_that_was_down_for_hours_is_held(desk):
    await open_sender(desk.pool, "sms", per_second=10, now=desk.now)
    await desk.queue(3)
    desk.later(hours=3)
    await desk.pool.execute("update sender_rate set refilled_at = $1, pause_reason = 'failing'", desk.now)
    assert await hold_backlog(desk.pool, now=desk.now) == 3
