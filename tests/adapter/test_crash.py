"""Killed at any named point of a run, the adapter leaves nothing half, and the next run adds what was missing, once."""

import asyncio
import signal
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import read_config
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from claims_core.clock import utc_now
from claims_core.errors import Refused
from claims_core.failpoints import NAMES
from tests.adapter.test_files import HEADER, SMALL, row
from tests.adapter.workers import run_claims

pytestmark = pytest.mark.crash

POINTS = ["sync.page_fetched", "sync.page_parsed", "sync.before_commit", "sync.after_commit"]
CONFIG = """
[[source]]
name = "f"
kind = "files"
mapping = "small.toml"
folder = "."
pattern = "*.csv"
format = "csv"
ref = "number"
page_size = 4
stable_for = "0s"
settle = "0s"
most_rejected = 0.5
"""
STATE = """
select (select count(*) from claim), (select count(*) from case_event),
  (select count(*) from case_event where historic),
  (select count(*) from contact_point), (select count(*) from rejected_case), (select max(times) from rejected_case),
  (select count(*) from read_file), (select count(*) from source_cursor where complete_at is not null),
  (select count(distinct (claim_id, fact_key)) from case_event)
"""


async def claims_sync(folder: Path, url: str, *, failpoints: str = "") -> int:
    """Run `claims sync` in a process of its own; its exit code."""
    return await run_claims("sync", "--json", folder=folder, url=url, failpoints=failpoints)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backoffice.toml").write_text(CONFIG)
    (tmp_path / "small.toml").write_text(SMALL.read_text())
    lines = [HEADER, *(row(number) for number in range(1, 11)), row(11).replace("Ирина", "")]
    (tmp_path / "1.csv").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


async def again(engine: AsyncEngine, folder: Path) -> Summary:
    """The next run, in this process, once the server has seen that a killed one is gone and holds nothing any more."""
    (config,) = read_config(folder / "backoffice.toml")
    mapping = load(config.mapping)
    source = open_source(config, key=mapping.key, clock=utc_now)
    plan = Plan(engine, config, mapping, source, clock=utc_now, settle=timedelta(0))
    async with asyncio.timeout(20):
        while True:
            try:
                return await sync_once(plan)
            except Refused:
                await asyncio.sleep(0.05)


async def state_of(url: str) -> tuple[int, ...]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(plain)
    try:
        return tuple(await connection.fetchrow(STATE))
    finally:
        await connection.close()


@pytest.mark.parametrize(("point", "nth"), [*((point, 2) for point in POINTS), (POINTS[2], 1), (POINTS[3], 3)])
async def test_a_killed_run_is_replayed_without_a_row_too_many(
    engine: AsyncEngine, database_url: str, folder: Path, point: str, nth: int
):
    killed = await claims_sync(folder, database_url, failpoints=f"{point}=kill@{nth}")
    assert killed == -signal.SIGKILL
    half = await state_of(database_url)
    assert half[0] in (0, 4, 8, 10), "a page is whole or not there"
    assert (await again(engine, folder)).counts.rejected == 1
    claims, events, historic, points, rejects, times, files, complete, facts = await state_of(database_url)
    assert (claims, points, rejects, files, complete) == (10, 10, 1, 1, 1)
    assert events == historic == facts
    assert times <= 2
    before = await state_of(database_url)
    assert (await again(engine, folder)).counts.seen == 0
    assert await state_of(database_url) == before


async def test_a_run_whose_process_died_is_not_running_for_ever(engine: AsyncEngine, database_url: str, folder: Path):
    await claims_sync(folder, database_url, failpoints="sync.page_parsed=kill")
    await again(engine, folder)
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql("select state, problem from sync_run order by started_at")
        states = [tuple(one) for one in found]
    assert states == [("failed", "the process ended before the run did"), ("done", None)]


def test_every_failpoint_of_a_run_is_tried_here():
    assert {name for name in NAMES if name.startswith("sync.")} == set(POINTS)


async def test_a_bug_stops_the_run_and_is_no_bad_data(engine: AsyncEngine, database_url: str, folder: Path):
    code = await claims_sync(folder, database_url, failpoints="sync.page_parsed=raise@2")
    assert code == 1
    async with engine.connect() as connection:
        found = await connection.exec_driver_sql("select state, problem, rejected from sync_run")
        assert [tuple(one) for one in found] == [("failed", "FailpointHit: a mistake of ours", 0)]
