"""Once a night everything is read again: what was missed is repaired, what is gone is marked, none is deleted."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.reconcile import Reconciled, last_due, reconcile, reconcile_if_due
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Record
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan
from backoffice_adapter.sync.vanishing import still_there
from claims_core.errors import SourceUnavailable
from tests.adapter.cases import NOON, activity
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_files import SMALL, csv, row
from tests.adapter.test_there_and_back import Paged, a_record

DAY = timedelta(days=1)
Night = Callable[..., Awaitable[Reconciled]]


def the_plan(engine: AsyncEngine, cc: FakeClaimCenter, now: datetime = NOON, **config: object) -> Plan:
    source = cc.source(key=MAPPING.key, **config)
    return Plan(engine, source.config, MAPPING, source, clock=lambda: now, settle=timedelta(0))


@pytest.fixture
def night(engine: AsyncEngine, tmp_path: Path) -> Night:
    """Deliver these rows, and reconcile on the night of that day."""

    async def run(*rows: str, day: int) -> Reconciled:
        path = tmp_path / f"{day}.csv"
        path.write_bytes(csv(*rows))
        os.utime(path, (NOON.timestamp() - 60,) * 2)
        config = FilesConfig(
            name="f", kind="files", mapping=SMALL, folder=tmp_path, pattern="*.csv", format="csv", ref="number",
            most_rejected=0.9,
        )  # fmt: skip
        mapping = load(SMALL)
        source = open_source(config, key=mapping.key, clock=lambda: NOON + day * DAY)
        plan = Plan(engine, config, mapping, source, clock=lambda: NOON + day * DAY, settle=timedelta(0))
        return await reconcile(plan)

    return run


GONE = "select source_ref from claim where gone_at is not null order by 1"


async def test_a_change_that_the_list_did_not_show_is_found_repaired_and_told_like_any_news(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    await sync()
    cc.put_silently("cc:1", activities=[activity("request_documents")])
    assert (await sync()).counts.changed == 0, "the list gives the same mark, and so nobody reads it"
    plan = the_plan(engine, cc)
    done = await reconcile(plan)
    await plan.source.close()
    assert (done.drift, done.gone) == (1, 0)
    assert await rows("select kind from case_event where not historic") == [("documents_requested",)]
    assert await rows("select changed from sync_run where again") == [(1,)]


async def test_a_claim_that_two_nights_do_not_show_is_marked_and_none_is_told_or_deleted(night: Night, rows: Rows):
    everything = [row(number) for number in range(1, 21)]
    await night(*everything, day=0)
    assert (await night(*everything[1:], day=1)).gone == 0
    assert await rows(GONE) == []
    assert (await night(*everything[1:], day=2)).gone == 1
    assert await rows(GONE) == [("1",)]
    assert await rows("select count(*) from claim") == [(20,)]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_what_comes_back_is_there_again(night: Night, rows: Rows):
    everything = [row(number) for number in range(1, 21)]
    for day, shown in enumerate((everything, everything[1:], everything[1:])):
        await night(*shown, day=day)
    await night(*everything, day=3)
    assert await rows(GONE) == []


async def test_once_missing_and_there_again_is_no_beginning(night: Night, rows: Rows):
    everything = [row(number) for number in range(1, 21)]
    for day, shown in enumerate((everything, everything[1:], everything, everything[1:])):
        await night(*shown, day=day)
    assert await rows(GONE) == []


async def test_half_a_listing_deletes_nobody(night: Night, rows: Rows, caplog: pytest.LogCaptureFixture):
    everything = [row(number) for number in range(1, 41)]
    for day, shown in enumerate((everything, everything[:20], everything[:20])):
        await night(*shown, day=day)
    assert await rows(GONE) == []
    assert "too_many_missing" in caplog.messages


async def test_a_row_whose_key_nobody_can_read_is_no_missing_claim(night: Night, rows: Rows):
    everything = [row(number) for number in range(1, 21)]
    for day, shown in enumerate((everything, ["broken", *everything[1:]], ["broken", *everything[1:]])):
        await night(*shown, day=day)
    assert await rows(GONE) == []


async def test_another_number_under_the_same_key_is_the_same_claim(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    await sync()
    cc.put("cc:1", claimNumber="000-00-000099")
    await sync()
    assert await rows("select claim_number from claim") == [("000-00-000099",)]
    assert await rows("select number from claim_number") == [("N-cc:1",)]


async def test_a_night_is_due_once_and_not_for_a_source_that_was_never_read(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync
):
    cc.put("cc:1")
    tomorrow = the_plan(engine, cc, NOON + DAY)
    assert await reconcile_if_due(tomorrow) is None
    await sync()
    assert await reconcile_if_due(the_plan(engine, cc)) is None, "the first load is younger than last night's hour"
    assert await reconcile_if_due(tomorrow) == Reconciled(seen=1, drift=0, gone=0)
    assert await reconcile_if_due(tomorrow) is None
    assert await reconcile_if_due(the_plan(engine, cc, NOON + 2 * DAY, reconcile_hour=None)) is None


def test_the_hour_is_that_of_the_sources_own_clock():
    zone = ZoneInfo("Europe/Moscow")
    at_four = datetime(2026, 6, 2, 1, 0, tzinfo=UTC)
    assert last_due(at_four, hour=3, zone=zone) == datetime(2026, 6, 2, 0, 0, tzinfo=UTC)
    assert last_due(at_four - timedelta(hours=2), hour=3, zone=zone) == datetime(2026, 6, 1, 0, 0, tzinfo=UTC)


class Asked(Paged):
    """A source that shows each claim by its key, and counts how many are asked for at once; one key it cannot show."""

    def __init__(self, away: str = "") -> None:
        super().__init__()
        self.away, self.asked, self.now, self.most = away, 0, 0, 0

    async def get(self, ref: str) -> Record | None:
        self.asked, self.now = self.asked + 1, self.now + 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if ref == self.away:
            raise SourceUnavailable("away")
        return a_record(ref, "new") if int(ref) % 2 else None


async def test_missing_claims_are_asked_for_a_handful_at_a_time_and_written_a_page_at_a_time():
    source, refs = Asked(), [str(number) for number in range(250)]
    pages = [page async for page in still_there(source, refs)]
    assert [len(page.records) for page in pages] == [50, 50, 25]
    assert (source.asked, source.most) == (250, 5)


async def test_nobody_is_asked_for_any_more_when_the_source_has_gone_away():
    source = Asked(away="101")
    pages = still_there(source, [str(number) for number in range(250)])
    assert len((await anext(pages)).records) == 50
    with pytest.raises(SourceUnavailable):
        await anext(pages)
    assert (source.asked, source.now) == (105, 0)
