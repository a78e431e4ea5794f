"""What falls on the same moment is said once, as it stands by then: over a night, over a full day, beside a silence."""

from datetime import UTC, datetime, timedelta
from typing import Any

from claims_core.snapshot import ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, Situation
from notifier.planning.heartbeat import beat
from notifier.planning.planner import plan_batch
from tests.factories import a_document, a_snapshot, later
from tests.notifier.queue import Desk, a_desk
from tests.notifier.scenes import seen

EVENING = datetime(2026, 6, 1, 19, tzinfo=UTC)  # 22:00 in Moscow
ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
DECIDING = {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL}
BY_NIGHT = {"notifier_quiet_hours": True, "notifier_daily_cap": 1}


async def a_claim(desk: Desk, *, since: timedelta = timedelta(hours=1)) -> ClaimSnapshot:
    """A claim that is known since then."""
    claim = a_snapshot()
    await seen(desk.engine, claim, now=desk.now - since, first_load=True)
    return claim


async def news(desk: Desk, claim: ClaimSnapshot, **fields: Any) -> ClaimSnapshot:
    """The back office says this now; it is decided on, and what may leave does."""
    claim = later(claim, **fields)
    await seen(desk.engine, claim, now=desk.now)
    while await plan_batch(desk.engine, now=desk.now, settings=desk.settings):
        pass
    await desk.dispatch()
    return claim


async def said(desk: Desk) -> list[str]:
    """What has left, in its order."""
    rows = await desk.pool.fetch(
        "select n.template from notification n join delivery d on d.notification_id = n.id order by d.started_at, d.id"
    )
    return [row["template"] for row in rows]


async def test_of_two_stages_of_one_night_the_morning_says_the_later(engine, database_url):
    async with a_desk(engine, database_url, **BY_NIGHT) as desk:
        desk.now = EVENING
        claim = await news(desk, await a_claim(desk), **ASSESSING)
        desk.now += timedelta(hours=2)
        await news(desk, claim, **DECIDING)
        for _ in range(3):
            desk.now += timedelta(hours=6)
            await desk.dispatch()
        assert await said(desk) == ["awaiting"]
        states = [
            state["state"] for state in await desk.pool.fetch("select state from notification order by event_seq")
        ]
        assert states == ["superseded", "sent"]


async def test_what_a_full_day_put_off_is_superseded_by_what_comes_until_then(engine, database_url):
    async with a_desk(engine, database_url, **BY_NIGHT) as desk:
        desk.now = EVENING - timedelta(hours=9)
        claim = await news(desk, await a_claim(desk), **ASSESSING)
        for fields in (DECIDING, ASSESSING, DECIDING):
            desk.now += timedelta(hours=1)
            claim = await news(desk, claim, **fields)
        desk.now += timedelta(hours=20)
        for _ in range(3):
            await desk.dispatch()
        assert await said(desk) == ["assessment", "awaiting"]


async def test_what_is_required_leaves_before_the_progress_that_came_after_it(engine, database_url):
    async with a_desk(engine, database_url, **BY_NIGHT) as desk:
        desk.now = EVENING
        asked = {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED, "documents": (a_document(),)}
        claim = await news(desk, await a_claim(desk), **asked)
        desk.now += timedelta(hours=1)
        await news(desk, claim, stage=ClaimStage.DECIDED, situation=None, outcome=Outcome.REFUSED, documents=())
        desk.now += timedelta(hours=12)
        for _ in range(4):
            await desk.dispatch()
            desk.later(seconds=2)
        told = await said(desk)
        assert told[-1] == "declined"
        order = await desk.pool.fetch(
            "select n.event_seq from notification n join delivery d on d.notification_id = n.id order by d.started_at"
        )
        assert [row["event_seq"] for row in order] == sorted(row["event_seq"] for row in order)


async def test_a_silence_is_not_broken_beside_news_that_waits_and_gives_way_to_news(engine, database_url):
    async with a_desk(engine, database_url, **BY_NIGHT) as desk:
        desk.now = EVENING
        claim = await news(desk, await a_claim(desk, since=timedelta(days=8)), **ASSESSING)
        await beat(engine, now=desk.now, settings=desk.settings)  # seven days are over, and the news waits for nine
        desk.now += timedelta(hours=12)
        for _ in range(3):
            await desk.dispatch()
            desk.later(seconds=2)
        assert await said(desk) == ["assessment"]
        await desk.pool.execute("update delivery set started_at = started_at - interval '8 days'")
        desk.now += timedelta(hours=11)
        await beat(engine, now=desk.now, settings=desk.settings)
        desk.now += timedelta(hours=1)
        await news(desk, claim, **DECIDING)
        desk.now += timedelta(hours=12)
        for _ in range(3):
            await desk.dispatch()
            desk.later(seconds=2)
        assert await said(desk) == ["assessment", "awaiting"]
