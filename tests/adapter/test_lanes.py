"""A large delivery is written by several processes at once, and nobody can tell."""

import asyncio
import contextlib
import json
import logging
import signal
from csv import DictReader
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Page, Record
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.sync.lanes import Lanes, Task
from backoffice_adapter.sync.writing import Ground
from backoffice_adapter.tables import RunState
from claims_core.errors import SourceUnavailable
from tests.adapter.conftest import Rows
from tests.adapter.test_crash import CONFIG, claims_sync
from tests.adapter.test_files import HEADER, NOW, SMALL, csv, row

PAGE = 1_000
LEDGER = """
select c.source_ref, c.claim_number, c.stage, c.object_label, c.approved, c.version, c.source_hash, p.name,
  (select array_agg((t.kind, t.address) order by t.address) from contact_point t where t.policyholder_id = p.id),
  (select array_agg((e.kind, e.fact_key, e.historic) order by e.seq) from case_event e where e.claim_id = c.id)
from claim c join policyholder p on p.id = c.policyholder_id where c.source = '{source}' order by c.source_ref
"""


async def read(engine: AsyncEngine, folder: Path, *, lanes: int, source: str = "f", **config: Any) -> Summary:
    """Read the folder once."""
    mapping = load(SMALL)
    usual = {"pattern": "*.csv", "format": "csv"}
    settings = FilesConfig(
        kind="files",
        name=source,
        mapping=SMALL,
        folder=folder,
        ref="number",
        page_size=PAGE,
        stable_for=timedelta(0),
        lanes=lanes,
        **usual | config,
    )
    opened = open_source(settings, key=mapping.key, clock=lambda: NOW)
    return await sync_once(Plan(engine, settings, mapping, opened, clock=lambda: NOW, settle=timedelta(0)))


async def test_two_lanes_leave_the_same_ledger_as_none(engine: AsyncEngine, rows: Rows, tmp_path: Path):
    lines = [row(number, state="new" if number % 3 else "unknown") for number in range(1, 4_201)]
    lines[1_500] = lines[1_500].replace("Ирина", "")
    (tmp_path / "1.csv").write_bytes(csv(*lines))
    beside = await read(engine, tmp_path, lanes=2, source="two", most_rejected=0.5)
    alone = await read(engine, tmp_path, lanes=1, source="one", most_rejected=0.5)
    assert beside.counts == alone.counts
    assert (beside.counts.seen, beside.counts.rejected, beside.counts.unmapped) == (4_200, 1, 1_400)
    assert await rows(LEDGER.format(source="two")) == await rows(LEDGER.format(source="one"))
    uses = await rows("select source, rule, times from rule_use order by rule, source")
    assert [(rule, times) for source, rule, times in uses if source == "one"] == [
        (rule, times) for source, rule, times in uses if source == "two"
    ]


async def test_cases_of_json_lines_reach_a_lane_without_their_bodies_and_nobody_can_tell(
    engine: AsyncEngine, rows: Rows, tmp_path: Path
):
    lines = list(DictReader([HEADER, *(row(number) for number in range(1, 3 * PAGE + 1))]))
    lines[2 * PAGE]["name"] = ""
    (tmp_path / "1.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    said = {"pattern": "*.jsonl", "format": "jsonl", "most_rejected": 0.5}
    beside = await read(engine, tmp_path, lanes=2, source="two", **said)
    alone = await read(engine, tmp_path, lanes=1, source="one", **said)
    assert (beside.counts.new, beside.counts.rejected) == (3 * PAGE - 1, 1)
    assert beside.counts == alone.counts
    assert await rows(LEDGER.format(source="two")) == await rows(LEDGER.format(source="one"))
    ((kept, again),) = await rows("select min(raw), max(raw) from rejected_case")
    assert json.loads(kept) == json.loads(again) == lines[2 * PAGE]


async def test_of_a_claim_that_comes_twice_the_later_word_holds_whichever_lane_has_it(
    engine: AsyncEngine, rows: Rows, tmp_path: Path
):
    first = [row(number, thing="Kia") for number in range(1, PAGE + 1)]
    again = [row(number, thing="Lada") for number in range(1, PAGE + 1)]
    others = [row(number) for number in range(PAGE + 1, 3 * PAGE + 1)]
    (tmp_path / "1.csv").write_bytes(csv(*others, *first, *again))
    done = await read(engine, tmp_path, lanes=2)
    assert (done.counts.new, done.counts.changed) == (3 * PAGE, PAGE)
    found = await rows("select object_label, count(*) from claim group by 1 order by 1")
    assert found == [("Kia", 2 * PAGE), ("Lada", PAGE)]


async def test_a_file_of_rejects_is_not_ticked_off_whichever_process_refuses_them(
    engine: AsyncEngine, rows: Rows, tmp_path: Path
):
    (tmp_path / "1.csv").write_bytes(csv(*(row(number).replace("Ирина", "") for number in range(1, 4 * PAGE))))
    done = await read(engine, tmp_path, lanes=2, most_rejected=0.1)
    assert done.state is RunState.FAILED
    assert "cannot be read, the last because of name: is missing" in (done.problem or "")
    assert await rows("select count(*) from read_file") == [(0,)]


async def test_a_page_for_lanes_of_which_one_has_died_is_refused_with_the_reason():
    ground = Ground("f", 1, timedelta(0), first_load=True)
    page = Page(records=[Record(str(number), b"", b"", {}) for number in range(PAGE)], cursor=None)
    async with Lanes(Task("postgresql:///none", ground, "no mapping at all", logging.CRITICAL), 2) as lanes:
        assert [lanes.wants(page) for _ in range(3)] == [False, False, True]  # each opened one dies of its mapping
        for _ in range(2):
            with pytest.raises(SourceUnavailable, match="has died"):  # noqa: PT012
                await lanes.put(page, settle_rejects=False, now=NOW)
                await lanes.drain()


@pytest.mark.crash
async def test_a_lane_that_is_killed_fails_the_run_and_the_next_one_does_its_part(
    engine: AsyncEngine, rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "1.csv").write_bytes(csv(*(row(number) for number in range(1, 5 * PAGE + 1))))
    # Only a process that starts now looks at it: this one has made its plan already.
    monkeypatch.setenv("FAILPOINTS", "sync.before_commit=kill@2")
    done = await read(engine, tmp_path, lanes=2)
    assert (done.state, done.problem) == (
        RunState.FAILED,
        "f: a process that writes claims has died; the next run does its part",
    )
    ((written,),) = await rows("select count(*) from claim")
    assert written % PAGE == 0
    assert written < 5 * PAGE
    monkeypatch.delenv("FAILPOINTS")
    again = await read(engine, tmp_path, lanes=2)
    assert (again.state, again.counts.new) == (RunState.DONE, 5 * PAGE - written)
    found = await rows("select count(*), count(distinct claim_id), bool_and(historic) from case_event")
    assert found == [(5 * PAGE, 5 * PAGE, True)]


@pytest.mark.crash
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
async def test_lanes_end_when_their_reader_is_killed(rows: Rows, tmp_path: Path, database_url: str):
    (tmp_path / "backoffice.toml").write_text(CONFIG.replace("page_size = 4", "page_size = 1000\nlanes = 2"))
    (tmp_path / "small.toml").write_text(SMALL.read_text())
    (tmp_path / "1.csv").write_bytes(csv(*(row(number) for number in range(1, 6 * PAGE + 1))))
    killed = await claims_sync(tmp_path, database_url, failpoints="sync.page_fetched=kill@6")
    assert killed == -signal.SIGKILL
    for _ in range(100):
        if not working_in(tmp_path):
            return
        await asyncio.sleep(0.1)
    pytest.fail("a lane outlived its reader by ten seconds")


def working_in(folder: Path) -> list[str]:
    """The processes whose working folder it is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                found.append(process.name)
    return found
