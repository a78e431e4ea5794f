"""Too many claims changing stage at once: the facts are recorded, the messages wait for a head of team."""

import os
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.sync.mass import FEWEST, most
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.ids import new_id
from claims_portal.desk.waiting.held_runs import read_held, undecided
from notifier.held import decide_run, drop_all, release_all
from notifier.planning.planner import plan_batch
from notifier.states import NotificationState, Reason
from tests.adapter.cases import NOON
from tests.adapter.test_files import SMALL, csv, row
from tests.notifier.scenes import planned, the_settings

Deliver = Callable[..., Awaitable[Summary]]
HELD, PLANNED, SUPPRESSED = NotificationState.HELD, NotificationState.PLANNED, NotificationState.SUPPRESSED


@pytest.fixture
def deliver(engine: AsyncEngine, tmp_path: Path) -> Deliver:
    """Deliver so many claims, the first of them done, and read the folder."""
    runs = iter(range(100))

    async def run(*, claims: int, done: int = 0, full: bool = False) -> Summary:
        path = tmp_path / f"{next(runs):03}.csv"
        path.write_bytes(csv(*(row(n, state="done" if n <= done else "new") for n in range(1, claims + 1))))
        os.utime(path, (NOON.timestamp() - 60,) * 2)
        config = FilesConfig(name="f", kind="files", mapping=SMALL, folder=tmp_path, pattern="*.csv", format="csv",
                             ref="number", page_size=25)  # fmt: skip
        mapping = load(SMALL)
        source = open_source(config, key=mapping.key, clock=lambda: NOON)
        plan = Plan(engine, config, mapping, source, clock=lambda: NOON, settle=timedelta(0), full=full)
        return await sync_once(plan)

    return run


async def decide(engine: AsyncEngine, done: Summary, *, told: bool) -> int:
    async with session_scope(engine) as session:
        return await decide_run(session, done.run_id, told=told, by="M. Kotova", now=NOON + timedelta(hours=1))


async def test_a_mass_change_is_recorded_and_nobody_is_told_before_it_is_released_and_then_each_once(
    engine: AsyncEngine, deliver: Deliver
):
    await deliver(claims=100)
    moved = await deliver(claims=100, done=60)
    assert (moved.counts.moved, moved.held_of) == (60, 100)
    told = await planned(engine, now=NOON)
    assert {(one.state, one.reason) for one in told} == {(HELD, Reason.MASS_CHANGE)}
    assert len({one.claim_id for one in told}) == 60
    assert await decide(engine, moved, told=True) == len(told)
    after = await planned(engine, now=NOON)
    assert [one.id for one in after] == [one.id for one in told], "no message is made twice"
    assert {(one.state, one.reason) for one in after} == {(PLANNED, None)}
    assert {one.send_by for one in after} == {one.send_by for one in told}, "old news does not become young by waiting"
    with pytest.raises(Conflict):
        await decide(engine, moved, told=False)


@pytest.mark.parametrize(("all_of_them", "told", "outcome"), [
    (release_all, True, (PLANNED, None)), (drop_all, False, (SUPPRESSED, Reason.HANDLER_SAID_NO)),
])  # fmt: skip
async def test_the_word_on_the_command_line_is_the_same_decision_as_that_on_the_desk(
    engine: AsyncEngine, deliver: Deliver, all_of_them: Callable[..., Awaitable[int]], told: bool,
    outcome: tuple[NotificationState, Reason | None],
):  # fmt: skip
    await deliver(claims=100)
    moved = await deliver(claims=100, done=60)
    waiting = await planned(engine, now=NOON)
    later = NOON + timedelta(hours=1)
    async with session_scope(engine) as session:
        assert await all_of_them(session, Reason.MASS_CHANGE, by="operator", now=later) == len(waiting)
    assert {(one.state, one.reason) for one in await planned(engine, now=NOON)} == {outcome}
    async with session_scope(engine) as session:
        assert await undecided(session) == 0
        (run,) = await read_held(session, now=later)
        assert (run.id, run.told, run.decided_by, run.waiting) == (moved.run_id, told, "operator", ())
        assert await all_of_them(session, Reason.MASS_CHANGE, by="operator", now=later) == 0
    with pytest.raises(Conflict):
        await decide(engine, moved, told=True)


async def test_what_is_dropped_stays_untold_and_what_comes_later_is_told(engine: AsyncEngine, deliver: Deliver):
    await deliver(claims=100)
    moved = await deliver(claims=100, done=60)
    await planned(engine, now=NOON)
    await decide(engine, moved, told=False)
    assert {(one.state, one.reason) for one in await planned(engine, now=NOON)} == {
        (SUPPRESSED, Reason.HANDLER_SAID_NO)
    }
    await deliver(claims=100, done=62)
    assert [one.state for one in await planned(engine, now=NOON)].count(PLANNED) == 2


@pytest.mark.parametrize(("told", "outcome"), [(True, (PLANNED, None)), (False, (SUPPRESSED, Reason.HANDLER_SAID_NO))])
async def test_a_decision_also_holds_for_what_the_planner_had_not_seen_yet(
    engine: AsyncEngine, deliver: Deliver, told: bool, outcome: tuple[NotificationState, Reason | None]
):
    await deliver(claims=100)
    moved = await deliver(claims=100, done=60)
    assert await decide(engine, moved, told=told) == 0
    assert {(one.state, one.reason) for one in await planned(engine, now=NOON)} == {outcome}


async def test_a_mass_change_that_comes_with_a_full_reading_is_held_like_any_other(
    engine: AsyncEngine, deliver: Deliver
):
    await deliver(claims=100)
    assert (await deliver(claims=101, done=60, full=True)).held_of == 100
    told = await planned(engine, now=NOON)
    assert {(one.state, one.reason) for one in told} == {(HELD, Reason.MASS_CHANGE)}
    assert len({one.claim_id for one in told}) == 60


async def test_of_a_small_source_a_large_share_is_no_mass(engine: AsyncEngine, deliver: Deliver):
    await deliver(claims=3)
    assert (await deliver(claims=3, done=1)).held_of is None
    assert {one.state for one in await planned(engine, now=NOON)} == {PLANNED}


async def test_where_many_claims_move_every_day_ten_times_as_many_are_needed(engine: AsyncEngine, deliver: Deliver):
    await deliver(claims=300)
    for done in (10, 20, 30):
        assert (await deliver(claims=300, done=done)).held_of is None
    assert (await deliver(claims=300, done=130)).held_of is None, "ten times the usual ten"
    assert (await deliver(claims=300, done=290)).held_of == 300


async def test_a_first_load_is_history_and_nothing_to_decide_on(engine: AsyncEngine, deliver: Deliver):
    assert (await deliver(claims=100, done=100)).held_of is None
    assert await planned(engine, now=NOON) == []


async def test_facts_of_a_run_under_way_wait_for_its_end_but_not_for_a_dead_process(
    engine: AsyncEngine, deliver: Deliver
):
    await deliver(claims=100)
    await deliver(claims=100, done=5)
    async with engine.begin() as connection:
        await connection.execute(text("update sync_run set state = 'running' where moved = 5"))
    assert await plan_batch(engine, now=NOON, settings=the_settings()) == 0
    assert await plan_batch(engine, now=NOON + timedelta(minutes=11), settings=the_settings()) > 0


async def test_what_a_killed_run_had_written_and_not_counted_is_judged_by_the_next(
    engine: AsyncEngine, deliver: Deliver
):
    await deliver(claims=100)
    killed = await deliver(claims=100, done=60)
    async with engine.begin() as connection:
        uncounted = "update sync_run set state = 'running', moved = 0, held_at = null, claims = null where id = :run"
        await connection.execute(text(uncounted), {"run": killed.run_id})
    await deliver(claims=100, done=60)
    assert {(one.state, one.reason) for one in await planned(engine, now=NOON)} == {(HELD, Reason.MASS_CHANGE)}


async def test_only_a_held_run_can_be_decided_on(engine: AsyncEngine, deliver: Deliver):
    done = await deliver(claims=3)
    with pytest.raises(NotFound):
        await decide(engine, done, told=True)
    async with session_scope(engine) as session:
        with pytest.raises(NotFound):
            await decide_run(session, new_id(), told=True, by="x", now=NOON)


@given(st.integers(0, 10**7), st.floats(0, 10**6), st.floats(0, 1))
def test_the_bound_is_never_below_its_floor_its_share_or_ten_times_the_usual(claims: int, usual: float, share: float):
    bound = most(claims=claims, usual=usual, share=share)
    assert bound >= FEWEST
    assert bound >= share * claims
    assert bound >= 10 * usual
    assert bound in (FEWEST, share * claims, 10 * usual)
