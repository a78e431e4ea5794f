"""Logs of activities: each activity a change in its order, whatever the order of files and rows."""

import csv
import gzip
import io
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from tests.adapter.conftest import Rows

MAPPING = Path(__file__).with_name("activities.toml")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Activity = tuple[str, str, str]
Deliver = Callable[..., Awaitable[Summary]]
NAMES = ("case:concept:name", "concept:name", "time:timestamp", "case:client")
STORY: list[Activity] = [
    ("A", "Register", "2026-11-01T10:00:00+03:00"),
    ("B", "Register", "2026-11-02T10:00:00+03:00"),
    ("A", "Check", "2026-11-03T10:00:00+03:00"),
    ("A", "Decide", "2026-11-05T10:00:00+03:00"),
    ("B", "Check", "2026-11-06T10:00:00+03:00"),
]


def as_csv(story: list[Activity]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([NAMES, *((*one, "Irina Petrova") for one in story)])
    return out.getvalue().encode()


def as_jsonl(story: list[Activity]) -> bytes:
    return b"".join(orjson.dumps(dict(zip(NAMES, (*one, "Irina Petrova"), strict=True))) + b"\n" for one in story)


def as_xes(story: list[Activity]) -> bytes:
    traces = []
    for case in dict.fromkeys(one[0] for one in story):
        events = "".join(
            f'<event><string key="concept:name" value={quoteattr(name)}/>'
            f'<date key="time:timestamp" value="{at}"/></event>'
            for ref, name, at in story
            if ref == case
        )
        about = f'<string key="concept:name" value={quoteattr(case)}/><string key="client" value="Irina Petrova"/>'
        traces.append(f"<trace>{about}{events}</trace>")
    head = '<?xml version="1.0" encoding="UTF-8"?><log xmlns="http://www.xes-standard.org/" xes.version="1849.2016">'
    return f"{head}{''.join(traces)}</log>".encode()


FORMATS = {"csv": as_csv, "jsonl": as_jsonl, "xes": as_xes}


@pytest.fixture
def deliver(engine: AsyncEngine, tmp_path: Path) -> Deliver:
    async def run(content: bytes | None = None, name: str = "1.csv", *, full: bool = False, **said: Any) -> Summary:
        if content is not None:
            path = tmp_path / name
            path.write_bytes(content)
            os.utime(path, (NOW.timestamp() - 60,) * 2)
        usual = {"pattern": "*", "format": "csv", "ref": NAMES[0], "log": {"at": NAMES[2]}, "most_rejected": 0.9}
        config = FilesConfig(
            **{"name": "log", "kind": "files", "mapping": MAPPING, "folder": tmp_path, **usual, **said}
        )
        mapping = load(MAPPING)
        source = open_source(config, key=mapping.key, clock=lambda: NOW)
        try:
            plan = Plan(engine, config, mapping, source, clock=lambda: NOW, settle=timedelta(0), full=full)
            return await sync_once(plan)
        finally:
            await source.close()

    return run


FACTS = """select c.claim_number, e.kind, e.stage, to_char(e.occurred_at at time zone 'UTC', 'MM-DD HH24'), e.historic
  from case_event e join claim c on c.id = e.claim_id order by c.claim_number, e.seq"""
TOLD = [
    ("A", "registered", "11-01 07"),
    ("A", "checking", "11-03 07"),
    ("A", "decided", "11-05 07"),
    ("B", "registered", "11-02 07"),
    ("B", "checking", "11-06 07"),
]


def told(found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Which stages were reached, and when."""
    return [(case, stage, at) for case, _, stage, at, _ in found]


@pytest.mark.parametrize("kind", FORMATS)
async def test_each_activity_is_a_change_in_its_order(deliver: Deliver, rows: Rows, kind: str):
    summary = await deliver(FORMATS[kind](STORY), f"1.{kind}", format=kind)
    assert (summary.state, summary.counts.new) == (RunState.DONE, 2)
    found = await rows(FACTS)
    assert list(dict.fromkeys(told(found))) == TOLD
    assert all(historic for *_, historic in found), "a first load is told to nobody"


async def test_the_order_is_that_of_time_and_not_of_the_rows(deliver: Deliver, rows: Rows):
    await deliver(as_csv(STORY[::-1]))
    assert list(dict.fromkeys(told(await rows(FACTS)))) == TOLD


async def test_a_later_file_brings_only_what_is_new(deliver: Deliver, rows: Rows):
    await deliver(as_csv(STORY[:2]))
    before = len(await rows(FACTS))
    summary = await deliver(as_csv(STORY[2:]), "2.csv")
    assert summary.counts.changed == 3
    found = await rows(FACTS)
    assert list(dict.fromkeys(told(found))) == TOLD
    assert not any(historic for *_, historic in sorted(found, key=str)[before:] if _[2] != "registered")


async def test_a_whole_log_delivered_again_with_more_brings_only_the_more(deliver: Deliver, rows: Rows):
    await deliver(as_csv(STORY[:3]))
    many = len(await rows(FACTS))
    assert (await deliver(as_csv(STORY), "2.csv")).counts.changed == 2
    assert len(await rows(FACTS)) > many
    assert (await deliver(as_csv(STORY), "3.csv")).counts.seen == 0
    assert list(dict.fromkeys(told(await rows(FACTS)))) == TOLD


async def test_an_activity_that_comes_late_does_not_put_a_case_back(deliver: Deliver, rows: Rows):
    await deliver(as_csv([STORY[0], STORY[3]]))
    await deliver(as_csv([STORY[2]]), "2.csv")
    assert await rows("select stage from claim where claim_number = 'A'") == [("decided",)]


async def test_reading_everything_again_tells_nothing_again(deliver: Deliver, rows: Rows):
    await deliver(as_csv(STORY))
    facts = await rows(FACTS)
    await deliver(full=True)
    assert await rows(FACTS) == facts


async def test_a_case_is_never_parted_between_two_pages(deliver: Deliver, rows: Rows):
    story = [(f"C{case}", name, f"2026-11-0{day}T10:00:00Z") for case in range(9)
             for day, name in enumerate(("Register", "Check", "Decide"), 1)]  # fmt: skip
    assert (await deliver(as_csv(story), page_size=2)).counts.new == 9
    assert {historic for *_, historic in await rows(FACTS)} == {True}


BAD = {
    "no case": (("", "Check", "2026-11-03T10:00:00Z"), "has no 'case:concept:name'"),
    "no time": (("A", "Check", ""), "has no 'time:timestamp'"),
    "no date": (("A", "Check", "yesterday"), "time:timestamp: 'yesterday' is not a date"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("kind", FORMATS)
async def test_a_bad_activity_costs_itself(deliver: Deliver, rows: Rows, kind: str, bad: Activity, reason: str):
    summary = await deliver(FORMATS[kind]([*STORY, bad]), f"1.{kind}", format=kind)
    assert (summary.counts.new, summary.counts.rejected) == (2, 1)
    ((said,),) = await rows("select reason from rejected_case")
    assert reason in said


async def test_a_case_without_end_is_named(deliver: Deliver, rows: Rows):
    story = [("A", "Check", f"2026-11-03T10:{n // 60:02}:{n % 60:02}Z") for n in range(501)]
    assert (await deliver(as_csv([*story, STORY[1]]))).counts.rejected == 1
    assert await rows("select case_ref, reason from rejected_case") == [("A", "activities: 501 of them, more than 500")]


CUT = as_xes(STORY)
BROKEN = {
    "cut in the middle": CUT[: len(CUT) // 2],
    "cut before its last word": CUT[:-5],
    "cut in its packing": gzip.compress(CUT)[:-9],
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
async def test_a_log_that_is_cut_is_left_alone_and_read_when_it_is_whole(deliver: Deliver, content: bytes):
    name = "1.xes.gz" if content[:2] == b"\x1f\x8b" else "1.xes"
    assert (await deliver(content, name, format="xes")).counts.seen == 0
    whole = gzip.compress(CUT) if name.endswith("gz") else CUT
    assert (await deliver(whole, name, format="xes")).counts.new == 2


WRONG = {
    "a tag that is not closed": (CUT.replace(b"</event>", b"", 1), "is not XML: mismatched tag: line 1"),
    "another kind of XML": (b"<html></html></log>", "it begins with <html>"),
    "a NUL": (CUT.replace(b"Irina", b"Ir\x00ina", 1), "is not XML"),
    "bytes that are no UTF-8": (CUT.replace(b"Irina", b"Ir\xffina", 1), "is not XML"),
    "a bomb": (b'<!DOCTYPE log [<!ENTITY a "aaaa">]><log>&a;</log>', "DTDForbidden"),
    "a file of the machine": (b'<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]><log>&a;</log>', "Forbidden"),
}


@pytest.mark.parametrize(("content", "reason"), WRONG.values(), ids=WRONG.keys())
async def test_a_log_that_is_none_fails_the_run_and_nothing_of_it_counts(
    deliver: Deliver, rows: Rows, content: bytes, reason: str
):
    summary = await deliver(content, "1.xes", format="xes")
    assert summary.state is RunState.FAILED
    assert reason in str(summary.problem)
    assert "1.xes" in str(summary.problem)
    assert await rows("select count(*) from claim") == [(0,)]


async def test_lists_in_lists_without_end_cost_their_event_and_name_its_attribute(deliver: Deliver, rows: Rows):
    deep = "<list key='extra'>" * 2_000 + "</list>" * 2_000
    content = as_xes(STORY).replace(b"</event>", f"{deep}</event>".encode(), 1)
    assert (await deliver(content, "1.xes", format="xes")).counts.rejected == 1
    assert await rows("select reason from rejected_case") == [("extra: is nested deeper than 50 levels",)]


async def test_activities_that_are_too_deep_only_together_cost_their_case(deliver: Deliver, rows: Rows):
    deep = "[" * 253 + "]" * 253
    line = (
        f'{{"case:concept:name":"A","concept:name":"Register","time:timestamp":"2026-11-03T10:00:00Z","extra":{deep}}}'
    )
    assert (await deliver(f"{line}\n".encode(), "1.jsonl", format="jsonl")).counts.rejected == 1
    ((ref, reason),) = await rows("select case_ref, reason from rejected_case")
    assert (ref, str(reason).partition(":")[0]) == ("A", "activities")


async def test_the_first_load_of_a_long_log_is_held_for_nobody(deliver: Deliver, rows: Rows):
    story = [(f"C{number}", name, at) for number in range(30) for case, name, at in STORY if case == "A"]
    summary = await deliver(as_csv(story))
    assert (summary.counts.new, summary.counts.moved) == (30, 0)
    assert await rows("select count(*) from sync_run where held_at is not null") == [(0,)]


@pytest.mark.parametrize("carry", [True, False])
async def test_what_an_activity_leaves_empty_is_as_it_was_unless_each_shows_its_case_whole(
    deliver: Deliver, rows: Rows, carry: bool
):
    first, last = as_jsonl(STORY[:1]), as_jsonl(STORY[2:3]).replace(b"Irina Petrova", b"")
    summary = await deliver(first + last, "1.jsonl", format="jsonl", log={"at": NAMES[2], "carry": carry})
    assert (summary.counts.new, summary.counts.rejected) == (1, 0 if carry else 1)
    assert await rows("select stage from claim") == [("checking" if carry else "registered",)]
