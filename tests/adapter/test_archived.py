"""Claims that a ClaimCenter has put away keep their last public state: no list shows them, and none of them is gone."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.reconcile import Reconciled, reconcile
from backoffice_adapter.sync import Plan
from tests.adapter.cases import NOON, activity, check
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at

SAYS = "select c.stage, c.outcome, c.gone_at, p.address from claim c join contact_point p using (policyholder_id)"
GONE = "select source_ref from claim where gone_at is not null"
CLOSED = {"state": {"code": "closed"}, "closedOutcome": {"code": "denied"}}
Nights = Callable[..., Awaitable[list[Reconciled]]]


@pytest.fixture
def nights(engine: AsyncEngine, cc: FakeClaimCenter) -> Nights:
    """The nightly readings of three days."""

    async def run(**config: object) -> list[Reconciled]:
        found = []
        for day in (1, 2, 3):
            source, now = cc.source(key=MAPPING.key, **config), NOON + timedelta(days=day)
            found.append(
                await reconcile(Plan(engine, source.config, MAPPING, source, lambda now=now: now, timedelta(0)))
            )
            await source.close()
        return found

    return run


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("composite", [False, True])
async def test_an_archived_claim_keeps_what_its_page_says(
    cc: FakeClaimCenter, sync: Sync, nights: Nights, rows: Rows, listed: bool, composite: bool
):
    cc.put("cc:1", **CLOSED, checks=[check("voided")])
    await sync()
    before = await rows(SAYS)
    cc.archive("cc:1", listed=listed)
    done = await nights(composite=composite)
    assert [(one.problem, one.drift, one.gone) for one in done] == [(None, 0, 0)] * 3
    assert await rows(SAYS) == before == [("closed", "refused", None, "+79000001234")]


@pytest.mark.parametrize(("archives", "gone"), [(True, []), (False, [("cc:1",)])])
async def test_a_closed_claim_that_answers_no_more_was_archived_where_the_installation_archives(
    cc: FakeClaimCenter, sync: Sync, nights: Nights, rows: Rows, archives: bool, gone: list[tuple[str]]
):
    cc.put("cc:1", **CLOSED)
    cc.put("cc:2")
    await sync()
    cc.hidden = {"cc:1"}
    await nights(archives=archives)
    assert await rows(GONE) == gone


async def test_an_open_claim_that_answers_no_more_is_gone(cc: FakeClaimCenter, sync: Sync, nights: Nights, rows: Rows):
    cc.put("cc:1")
    await sync()
    cc.hidden = {"cc:1"}
    assert [one.gone for one in await nights()] == [0, 1, 0]
    assert await rows(GONE) == [("cc:1",)]


async def test_a_claim_that_the_list_leaves_out_and_that_answers_is_not_gone_and_its_news_is_taken(
    cc: FakeClaimCenter, sync: Sync, nights: Nights, rows: Rows
):
    cc.put("cc:1")
    await sync()
    cc.put("cc:1", activities=[activity("calculation")])
    cc.unlisted = {"cc:1"}
    await nights()
    assert await rows("select stage, gone_at from claim") == [("assessing", None)]


async def test_while_the_claims_system_is_away_nothing_is_marked(
    cc: FakeClaimCenter, sync: Sync, nights: Nights, rows: Rows
):
    cc.put("cc:1")
    await sync()
    cc.unlisted = {"cc:1"}
    for _ in range(5):
        cc.once(at("/claim/v1/claims/cc:1", httpx.ConnectError("away")))
    assert "ConnectError" in str((await nights())[1].problem)
    assert await rows(GONE) == []


async def test_a_claim_stamped_ahead_of_time_does_not_hide_those_that_come_after_it(
    cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    cc.claims["cc:1"]["claim"]["updateTime"] = "2999-01-01T00:00:00.000Z"
    await sync()
    cc.put("cc:2")
    cc.claims["cc:2"]["claim"]["updateTime"] = "2026-11-20T12:00:00.000Z"
    assert (await sync()).counts.new == 1
