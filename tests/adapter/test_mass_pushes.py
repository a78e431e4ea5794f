"""Too much pushed at once waits for a head of team, as too much polled does; and a push says that a source lives."""

import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.sync import Ear, version_of, work_off
from backoffice_adapter.sync.mass import WINDOW, still_counts
from backoffice_adapter.tables import SourceNotice
from claims_core.db import session_scope
from claims_portal.desk.waiting.held_runs import read_held
from notifier.held import decide_run
from notifier.states import NotificationState, Reason
from tests.adapter.cases import NOON, activity
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at
from tests.adapter.test_notices import HOOK, event_of
from tests.notifier.scenes import planned

HELD, PLANNED = NotificationState.HELD, NotificationState.PLANNED
RUNS = "select moved, claims, held_at is not null from sync_run where pushed order by started_at"
FRESH = "select fresh_at from source_freshness"
Push = Callable[..., Awaitable[None]]


@pytest.fixture
async def many(cc: FakeClaimCenter, sync: Sync) -> None:
    """Forty claims that were read once."""
    for number in range(40):
        cc.put(f"cc:{number}")
    await sync(page_size=100)


@pytest.fixture
def push(engine: AsyncEngine, cc: FakeClaimCenter, monkeypatch: pytest.MonkeyPatch) -> Push:
    """The claim center moves these claims and tells so, and the adapter works it off."""
    monkeypatch.setenv("CC_HOOK", "secret")
    source = cc.source(key=MAPPING.key, webhook=HOOK)

    async def run(numbers: range, *, now: datetime = NOON, pattern: str = "request_documents", ring: bool = False):
        async with session_scope(engine) as session:
            for number in numbers:
                cc.put(f"cc:{number}", activities=[activity(pattern)])
                event = {"id": "x", "claimId": f"cc:{number}"} if ring else event_of(cc, f"cc:{number}")
                session.add(SourceNotice(source="cc", body=json.dumps(event).encode(), received_at=now))
                await session.flush()
        version = await version_of(engine, "cc", MAPPING, now=now)
        translate = MAPPING.translator(source="cc", mapping_version=version)
        await work_off(Ear(engine, source, source, translate, version, lambda: now, timedelta(0), 0.05))

    return run


async def test_a_mass_that_is_pushed_is_recorded_and_nobody_is_told_before_a_person_decides(
    engine: AsyncEngine, push: Push, rows: Rows, many: None
):
    await push(range(30))
    assert await rows(RUNS) == [(30, 40, True)]
    told = await planned(engine, now=NOON)
    assert {(one.state, one.reason) for one in told} == {(HELD, Reason.MASS_CHANGE)}
    assert len({one.claim_id for one in told}) == 30
    async with session_scope(engine) as session:
        (run,) = await read_held(session, now=NOON)
        assert (run.moved, run.claims, run.is_running) == (30, 40, False)
        assert await decide_run(session, run.id, told=True, by="M. Kotova", now=NOON) == len(told)
    assert {one.state for one in await planned(engine, now=NOON)} == {PLANNED}


async def test_what_is_pushed_one_by_one_is_counted_over_the_last_hour(
    engine: AsyncEngine, push: Push, rows: Rows, many: None
):
    late = NOON + timedelta(minutes=55)
    await push(range(2))
    await push(range(2, 18), now=late)
    assert {one.state for one in await planned(engine, now=late)} == {PLANNED}
    # The hour of the first push is over, and most of what it counts for is not.
    after = NOON + timedelta(minutes=62)
    await push(range(18, 24), now=after)
    assert await rows(RUNS) == [(18, None, False), (6, 40, True)]
    states = [one.state for one in await planned(engine, now=after)]
    assert (states.count(HELD), states.count(PLANNED)) == (6, 18)


async def test_what_moved_long_ago_does_not_count(engine: AsyncEngine, push: Push, rows: Rows, many: None):
    await push(range(18))
    later = NOON + timedelta(hours=2)
    await push(range(18, 36), now=later)
    assert await rows(RUNS) == [(18, None, False), (18, None, False)]


async def test_pushes_are_no_reading_of_the_source(engine: AsyncEngine, push: Push, sync: Sync, rows: Rows, many: None):
    await push(range(30))
    await sync()
    usual = "select held_at from sync_run where not pushed order by started_at"
    assert await rows(usual) == [(None,), (None,)]
    assert await rows('select count(*) from sync_run where "full" and pushed') == [(0,)]


async def test_a_push_makes_fresh_what_it_tells_of_and_one_that_waits_for_its_source_does_not(
    cc: FakeClaimCenter, push: Push, rows: Rows, many: None
):
    assert await rows(FRESH) == [(NOON,)]
    later = NOON + timedelta(hours=1)
    await push(range(1), now=later)
    assert await rows(FRESH) == [(later,)]
    for _ in range(5):
        cc.once(at("/claim/v1/claims/cc:5", httpx.ConnectError("away")))
    await push(range(5, 6), now=later + timedelta(hours=1), ring=True)
    assert await rows(FRESH) == [(later,)]


@given(st.timedeltas(timedelta(0), timedelta(hours=5)), st.timedeltas(timedelta(0), timedelta(hours=1)))
def test_a_window_counts_whole_at_its_end_and_never_more_later(ago: timedelta, later: timedelta):
    share = still_counts(started_at=NOON - ago, now=NOON)
    assert 0 <= share <= 1
    assert share >= still_counts(started_at=NOON - ago, now=NOON + later)
    assert (share == 1) is (ago <= WINDOW)
    assert (share == 0) is (ago >= 2 * WINDOW)
