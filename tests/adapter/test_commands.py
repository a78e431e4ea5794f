"""`claims sync`: what it says, what it returns, and a watch that reads and writes back by itself."""

import argparse
import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import commands
from backoffice_adapter.settings import BackofficeSettings, read_config
from backoffice_adapter.sync import Plan, only_one, rehearse
from backoffice_adapter.watch import Watched, watch
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.errors import Misconfigured, Refused
from claims_core.installation import adopt, bind_database
from claims_core.requested import ChangeAction
from tests.adapter.cases import activity
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_files import HEADER, SMALL, row
from tests.adapter.test_write_back import ask

CONFIG = """
[[source]]
name = "f"
kind = "files"
mapping = "small.toml"
folder = "."
pattern = "*.csv"
format = "csv"
ref = "number"
interval = "1h"
stable_for = "0s"
most_rejected = 0.5
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "backoffice.toml").write_text(CONFIG)
    (tmp_path / "small.toml").write_text(SMALL.read_text())
    (tmp_path / "1.csv").write_text("".join(f"{line}\n" for line in (HEADER, row(1), row(2))))
    return tmp_path


@pytest.fixture
def claims_sync(folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command as the operator does; its exit code and what it printed."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BACKOFFICE_CONFIG", str(folder / "backoffice.toml"))

    async def run(*words: str) -> tuple[int, str]:
        parser = argparse.ArgumentParser()
        commands.add_arguments(parser)
        code = await asyncio.to_thread(commands.run, parser.parse_args(list(words)))
        return code, capsys.readouterr().out

    return run


async def test_a_run_without_a_fault_returns_0_and_one_with_rejects_3(engine: AsyncEngine, claims_sync, folder: Path):
    code, said = await claims_sync()
    assert (code, "2 new" in said) == (0, True)
    (folder / "2.csv").write_text("".join(f"{line}\n" for line in (HEADER, row(1), row(2), row(3), "4,new")))
    code, said = await claims_sync("--json")
    told = json.loads(said)
    assert (code, told["rejected"], told["new"], told["unchanged"]) == (3, 1, 1, 2)


async def test_a_run_that_fails_returns_1_and_the_reason(engine: AsyncEngine, claims_sync, folder: Path):
    (folder / "1.csv").write_text("a;b\n1;2\n")
    code, said = await claims_sync()
    assert (code, "the header has no 'number'" in said) == (1, True)


async def test_a_rehearsal_says_what_would_change_and_keeps_nothing(
    engine: AsyncEngine, claims_sync, folder: Path, rows: Rows
):
    await claims_sync()
    state = (
        "select (select count(*) from case_event), (select count(*) from sync_run), (select count(*) from read_file)"
    )
    before = await rows(state)
    (folder / "2.csv").write_text("".join(f"{line}\n" for line in (HEADER, row(1, state="done"), row(3))))
    code, said = await claims_sync("--dry-run")
    assert code == 0
    assert "1: decision_made (closed)" in said
    assert "3: registered" in said
    assert await rows(state) == before
    assert await rows("select distinct stage from claim") == [("registered",)]


async def test_what_would_be_told_can_be_looked_at_while_the_facts_are_there(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    await sync()
    cc.put("cc:1", activities=[activity("request_documents")])
    source, seen = cc.source(key=MAPPING.key), []

    async def look(session, events):
        seen.extend(event.kind.value for event in events)

    await rehearse(Plan(engine, source.config, MAPPING, source, clock=utc_now, settle=timedelta(0)), look=look)
    assert seen == ["documents_requested"]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_two_runs_of_one_source_do_not_meet(engine: AsyncEngine, sync: Sync):
    async with only_one(engine, "sync:cc"):
        with pytest.raises(Refused):
            await sync()
    assert (await sync()).problem is None


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ('interval = "1h"', 'interval = "soon"', "backoffice.toml:10:1: source.0.interval: 'soon' is not a span"),
        ('kind = "files"', 'kind = "fax"', "backoffice.toml:2:1: source.0:"),
        ('format = "csv"', 'format = "xls"', "backoffice.toml:8:1: source.0.format:"),
        ('ref = "number"', 'reff = "number"', "backoffice.toml:9:1: source.0.reff: Extra inputs"),
        ('name = "f"', 'name = "F!"', "backoffice.toml:3:1: source.0.name:"),
    ],
)
def test_a_mistake_in_the_sources_is_told_with_line_and_column(folder: Path, good: str, bad: str, said: str):
    path = folder / "backoffice.toml"
    path.write_text(CONFIG.replace(good, bad))
    with pytest.raises(Misconfigured) as told:
        read_config(path)
    assert said in str(told.value)


def test_two_sources_of_one_name_are_refused(folder: Path):
    path = folder / "backoffice.toml"
    path.write_text(CONFIG + CONFIG)
    with pytest.raises(Misconfigured, match="'f' is there already"):
        read_config(path)


def test_a_broken_mapping_stops_the_start(folder: Path):
    (folder / "small.toml").write_text(SMALL.read_text().replace('stage = "registered"', 'stage = "x"'))
    with pytest.raises(Misconfigured, match=r"small\.toml:28:1"):
        commands.describe(BackofficeSettings(backoffice_config=folder / "backoffice.toml"))


def test_a_missing_secret_is_told_by_the_name_of_its_variable(cc: FakeClaimCenter, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CC_SECRET")
    with pytest.raises(Misconfigured, match="CC_SECRET"):
        cc.source()


async def test_watching_reads_the_source_and_writes_back_what_a_handler_asked(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows
):
    cc.put("cc:1")
    source, stop = cc.source(key=MAPPING.key, interval=timedelta(hours=1)), asyncio.Event()
    watched = Watched(source.config, MAPPING, source, timedelta(0))
    task = asyncio.create_task(watch(engine, [watched], clock=utc_now, stop=stop))
    try:
        await _until(rows, "select stage from claim", "checking")
        await ask(engine, ChangeAction.APPROVE, now=utc_now(), undo_for=timedelta(0))
        await _until(rows, "select state from change_request", "applied")
    finally:
        stop.set()
        await task
    assert await rows("select stage, outcome from claim") == [("decided", "approved")]
    assert (await rows("select result from job_slot where job = 'sync cc'"))[0][0] == "1 of 1 changed"


async def test_in_a_copy_of_a_database_nothing_is_written_back_until_it_is_taken_over(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows
):
    cc.put("cc:1")
    await bind_database(engine, instance_id="original", now=utc_now())
    source, stop = cc.source(key=MAPPING.key, interval=timedelta(hours=1)), asyncio.Event()
    watched = Watched(source.config, MAPPING, source, timedelta(0))
    task = asyncio.create_task(watch(engine, [watched], clock=utc_now, stop=stop, instance_id="copy"))
    try:
        await _until(rows, "select stage from claim", "checking")
        await ask(engine, ChangeAction.APPROVE, now=utc_now(), undo_for=timedelta(0))
        # The bell has rung and the poll comes every second: a change that is due would be gone by now.
        await asyncio.sleep(2.5)
        assert await rows("select state from change_request") == [("waiting",)]
        async with session_scope(engine) as session:
            await adopt(session, instance_id="copy", now=utc_now())
        await _until(rows, "select state from change_request", "applied")
    finally:
        stop.set()
        await task


async def _until(rows: Rows, query: str, word: str) -> None:
    async with asyncio.timeout(30):
        while await rows(query) != [(word,)]:
            await asyncio.sleep(0.05)
