"""How old our knowledge of a source is: told by the adapter, said by the page, an alarm past twice what is expected."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import freshness
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sync import Summary
from claims_core.db import session_scope
from tests.adapter.cases import NOON, change
from tests.adapter.conftest import Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_files import NOW, Deliver, csv, deliver, row  # noqa: F401 - a fixture

FRESH = "select fresh_at, old_after_seconds from source_freshness"


async def test_a_complete_reading_is_fresh_and_past_twice_the_interval_it_is_an_alarm(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows, caplog: pytest.LogCaptureFixture
):
    cc.put("cc:1")
    done: Summary = await sync(interval=timedelta(minutes=10))
    assert done.problem is None
    assert await rows(FRESH) == [(NOON, 1200)]
    async with session_scope(engine) as session:
        assert await freshness.alarm(session, "cc", now=NOON + timedelta(minutes=20)) is None
        assert await freshness.alarm(session, "cc", now=NOON + timedelta(minutes=21)) == "nothing new for 21 min"
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == ["source_is_old"]


async def test_a_reading_that_fails_makes_nothing_fresh(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    for number in range(12):
        cc.put(f"cc:{number}", reportedDate="never")
    assert (await sync(page_size=100)).problem is not None
    assert await rows(FRESH) == [(None, 300)]


async def test_a_folder_without_the_expected_file_grows_old_though_it_is_looked_at(deliver: Deliver, rows: Rows):  # noqa: F811
    daily = {"expected": timedelta(days=1)}
    await deliver(csv(row(1)), **daily)
    assert await rows(FRESH) == [(NOW, 2 * 86400)]
    await deliver(**daily)
    assert await rows(FRESH) == [(NOW, 2 * 86400)], "the same file again is nothing new"


def test_a_short_interval_does_not_make_a_slow_run_an_alarm():
    values = {"name": "f", "kind": "files", "mapping": Path("m"), "folder": Path("d"), "pattern": "*", "format": "csv"}
    config = FilesConfig(**values, ref="r", interval="30s")
    assert config.old_after == timedelta(minutes=5)
    assert FilesConfig(**values, ref="r", expected="1d").old_after == timedelta(days=2)


async def test_the_standing_of_a_source_says_what_waits_for_a_person(home: Path, claims, rows: Rows):
    code, said = await claims("sync", "--status")
    assert (code, said) == (0, "life: never read whole; last run none\n")
    change(home / "src" / "claims-01.csv", "02/02/2020,2019/12/31,A", "02/31/2020,2019/12/31,A")
    await claims("sync")
    code, said = await claims("sync", "--status", "--json")
    told = json.loads(said)
    assert (code, told["rejected"], told["is_old"], told["last_run"]) == (3, 1, False, "done")


async def test_the_doctor_names_the_source_that_brought_nothing_new(home: Path, claims, engine: AsyncEngine):
    await claims("sync")
    code, said = await claims("doctor")
    assert "ok   freshness" in said
    assert "1 sources, none too old" in said
    async with engine.begin() as connection:
        await connection.execute(text("update source_freshness set fresh_at = '2026-01-02 03:04Z'"))
    code, said = await claims("doctor")
    assert code == 1
    assert "BAD  freshness" in said
    assert "life: nothing new since 2026-01-02 03:04 UTC" in said
