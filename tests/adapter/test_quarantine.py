"""What could not be read is tried again: by hand, by the desk, and by itself when the mapping is corrected."""

import asyncio
import getpass
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import quarantine
from backoffice_adapter.sync import Plan
from backoffice_adapter.watch import Watched, jobs
from claims_cli import main
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.masks import masked
from claims_core.ticks import Context
from tests.adapter.cases import NOON, change
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter

OPEN = "select count(*) from rejected_case where settled_at is null"


def test_a_masked_case_keeps_its_shape_and_the_names_of_its_keys():
    assert masked('{"name": "Irina 7", "sum": 12.5, "paid": null}').split() == (
        ["{", '"name":', '"xxxxx', '9",', '"sum":', '"99.9",', '"paid":', "null", "}"]
    )
    assert masked("1,new,2026-11-01,Ирина") == "9,xxx,9999-99-99,xxxxx"


async def test_a_corrected_mapping_tries_rejected_cases_again_on_the_next_run(home: Path, claims, rows: Rows):
    change(home / "src" / "claims-01.csv", "02/02/2020,2019/12/31,A", "2020-02-02,2019/12/31,A")
    code, _ = await claims("sync")
    assert (code, await rows(OPEN)) == (3, [(1,)])
    change(home / "life.toml", 'date_formats = ["%m/%d/%Y"]', 'date_formats = ["%m/%d/%Y", "iso"]')
    code, _ = await claims("sync")
    assert (code, await rows(OPEN)) == (0, [(0,)])
    assert await rows("select count(*) from claim") == [(200,)]


async def test_the_quarantine_is_listed_shown_masked_and_retried_by_command(home: Path, claims, rows: Rows):
    change(home / "src" / "claims-01.csv", "02/02/2020,2019/12/31,A", "02/31/2020,2019/12/31,A")
    await claims("sync")
    code, said = await claims("quarantine", "list", "--json")
    (row,) = [json.loads(line) for line in said.splitlines()]
    assert (code, row["place"]) == (3, "claims-01.csv, line 2")
    assert row["reason"].startswith("reported_at: ")
    code, said = await claims("quarantine", "show", row["id"])
    assert (code, "Leach" in said, "xxxx xxxxx" in said) == (0, False, True)
    code, said = await claims("quarantine", "show", row["id"], "--raw")
    assert "Mark Leach" in said
    assert await rows("select action, actor from audit_entry") == [("raw_seen", getpass.getuser())]
    assert (await claims("quarantine", "retry"))[0] == 3
    change(home / "src" / "claims-01.csv", "02/31/2020", "02/02/2020")
    code, said = await claims("quarantine", "retry", row["id"])
    assert (code, said) == (0, "life: 1 of 1 can be read now\n")
    assert (await claims("quarantine", "list"))[1] == "every case could be read\n"
    assert (await claims("quarantine", "show", str(new_id())))[0] == 1


@pytest.mark.parametrize("words", [("list", "lief"), ("list", "lief", "--json"), ("retry", "--source", "lief")])
async def test_of_a_source_that_does_not_exist_nothing_is_said_to_be_readable(
    home: Path, claims, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
):
    await claims("sync")
    code = await asyncio.to_thread(main, ["quarantine", *words])
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert "claims quarantine: there is no source 'lief'; there are: life" in said.err
    assert await claims("quarantine", "list", "life") == (0, "every case could be read\n")


async def test_a_case_that_the_desk_wants_retried_is_read_alone_by_its_key(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    cc.put("cc:2", reportedDate="never")
    await sync()
    ((rejected,),) = await rows("select id from rejected_case")
    cc.put("cc:2")
    async with session_scope(engine) as session:
        await ledger.request_retry(session, rejected, by="supervisor", now=NOON + timedelta(seconds=1))
    source = cc.source(key=MAPPING.key)
    watched = Watched(source.config, MAPPING, source, timedelta(0))
    (job,) = [one for one in jobs([watched], lambda: NOON + timedelta(seconds=2)) if one.name == "retry cc"]
    assert await job.run(Context(engine, NOON)) == "1 of 1 can be read now"
    assert await job.run(Context(engine, NOON)) is None, "it is done once"
    assert await rows("select source_ref from claim order by 1") == [("cc:1",), ("cc:2",)]
    assert await rows("select seen from sync_run order by started_at desc limit 1") == [(1,)]
    await source.close()


async def test_what_cannot_be_had_by_its_key_does_not_stop_the_others(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:2", reportedDate="never")
    await sync()
    source = cc.source(key=MAPPING.key)
    plan = Plan(engine, source.config, MAPPING, source, clock=lambda: NOON, settle=timedelta(0))
    done = await quarantine.retry(plan, [row[0] for row in await rows("select id from rejected_case")])
    assert done == quarantine.Retried(tried=1, settled=0)
    assert await rows("select times, tried_at is not null from rejected_case") == [(2, True)]
    await source.close()


async def test_a_bad_row_without_a_key_is_settled_when_a_complete_reading_meets_it_no_more(
    engine: AsyncEngine,
    home: Path,
    claims,
    rows: Rows,
):
    path = home / "src" / "claims-01.csv"
    good = path.read_text()
    path.write_text(good + "only,three,cells\n")
    await claims("sync")
    assert await rows("select case_ref, settled_at is null from rejected_case") == [(None, True)]
    path.write_text(good)
    assert (await claims("quarantine", "retry"))[0] == 0
    assert await rows(OPEN) == [(0,)]
