"""Delivered files: whole or left alone, each read once, and one bad row costs one row."""

import asyncio
import gzip
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from claims_core.errors import SourceUnavailable
from tests.adapter.conftest import Rows

SMALL = Path(__file__).with_name("small.toml")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEADER = "number,state,reported,sum,name,phone,thing"
Deliver = Callable[..., Awaitable[Summary]]


def row(number: int, *, state: str = "new", reported: str = "2026-11-01T10:00:00", thing: str = "Kia") -> str:
    return f'{number},{state},{reported},"1 500,50",Ирина,+7916123{number:04},{thing}'


def csv(*rows: str) -> bytes:
    return "".join(f"{line}\n" for line in (HEADER, *rows)).encode()


@pytest.fixture
def deliver(engine: AsyncEngine, tmp_path: Path) -> Deliver:
    """Put a file into the folder, long ago, and read the folder once."""

    async def run(
        content: bytes | None = None, name: str = "a.csv", *, age: float = 60, mapping: Path = SMALL, **config: Any
    ) -> Summary:
        if content is not None:
            path = tmp_path / name
            path.write_bytes(content)
            os.utime(path, (NOW.timestamp() - age,) * 2)
        said = {"pattern": "*.csv", "format": "csv", "ref": "number", "most_rejected": 0.9} | config
        settings = FilesConfig(**{"name": "f", "kind": "files", "mapping": mapping, "folder": tmp_path, **said})
        loaded = load(mapping)
        source = open_source(settings, key=loaded.key, clock=lambda: NOW)
        return await sync_once(Plan(engine, settings, loaded, source, clock=lambda: NOW, settle=timedelta(0)))

    return run


async def test_a_file_that_is_still_being_written_is_left_alone(deliver: Deliver):
    assert (await deliver(csv(row(1)), age=2)).counts.seen == 0
    assert (await deliver(csv(row(1)), age=6)).counts.new == 1


@pytest.mark.parametrize("name", [".a.csv", "~a.csv", "a.csv.part", "a.csv.tmp", "a.csv.filepart"])
async def test_a_file_under_a_temporary_name_is_left_alone(deliver: Deliver, name: str):
    assert (await deliver(csv(row(1)), name, pattern="*")).counts.seen == 0


async def test_a_file_whose_last_line_has_no_end_is_left_alone(deliver: Deliver):
    assert (await deliver(csv(row(1), row(2))[:-9])).counts.seen == 0
    assert (await deliver(csv(row(1), row(2)))).counts.new == 2


async def test_a_file_without_its_trailer_or_with_a_wrong_count_is_left_alone(deliver: Deliver):
    rule = {"end": "trailer", "trailer": r"#END (\d+)"}
    assert (await deliver(csv(row(1), row(2)), **rule)).counts.seen == 0
    assert (await deliver(csv(row(1), row(2), "#END 3"), **rule)).counts.seen == 0
    assert (await deliver(csv(row(1), row(2), "#END 2"), **rule)).counts.new == 2


async def test_a_packed_file_that_is_cut_is_left_alone(deliver: Deliver):
    packed = gzip.compress(csv(*(row(number) for number in range(200))))
    assert (await deliver(packed[:-20], "a.csv.gz", pattern="*.gz")).counts.seen == 0
    assert (await deliver(packed, "a.csv.gz", pattern="*.gz")).counts.new == 200


async def test_the_same_file_under_another_name_is_read_once(deliver: Deliver):
    await deliver(csv(row(1)), "a.csv")
    assert (await deliver(csv(row(1)), "b.csv")).counts.seen == 0


async def test_two_deliveries_at_once_are_read_in_their_order(deliver: Deliver, rows: Rows):
    await deliver(csv(row(1)), "1.csv")
    await deliver(csv(row(1, state="done")), "2.csv", age=1)
    await deliver(csv(row(1, thing="Lada")), "3.csv", age=1)
    await deliver(csv(row(1, state="done", thing="Lada")), "4.csv")
    assert await rows("select stage, object_label from claim") == [("closed", "Lada")]


async def test_a_delivery_in_two_parts_is_read_in_both(deliver: Deliver):
    await deliver(csv(row(1)), "1.csv", age=1)
    assert (await deliver(csv(row(2)), "2.csv")).counts.new == 1


BAD = {
    "an invalid byte": (row(9).encode().replace("Ирина".encode(), b"\xff\xfe\xc0"), "is not utf-8"),
    "a NUL": (row(9).encode().replace(b"Kia", b"K\x00a"), "has a NUL"),
    "too few cells": (b"9,new", "has 2 cells, and the header 7"),
    "too many cells": (row(9).encode() + b",x", "has 8 cells"),
    "a cell of 10 MB": (row(9).encode().replace(b"Kia", b"K" * 10_000_000), "bytes, more than"),
    "a quote never closed": (row(9).encode().replace(b"Kia", b'"Kia'), "never closed"),
    "no number": (row(9).encode().replace(b"9,", b",", 1), "has no 'number'"),
    "no name": (row(9).encode().replace("Ирина".encode(), b"  "), "name: is missing"),
    "a huge sum": (row(9).encode().replace(b"1 500,50", b"9" * 400), "approved: is not an amount"),
    "a sum in words": (row(9).encode().replace(b"1 500,50", b"many"), "approved: is not an amount"),
    "not a date": (row(9, reported="31.02.2026 10:00").encode(), "reported_at: '31.02.2026 10:00' is not a date"),
    "a day far ahead": (row(9, reported="2026-12-24T00:00:00").encode(), "more than a day ahead"),
    "a day of 1900": (row(9, reported="1900-01-01T00:00:00").encode(), "is before 1990"),
    "a control character": (row(9).encode().replace(b"Kia", b"K\x07a"), "object_label: has a control character"),
}


@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD.keys())
async def test_a_bad_row_stands_alone_in_quarantine_with_its_line_and_reason(
    deliver: Deliver, rows: Rows, bad: bytes, reason: str
):
    content = csv(*(row(number) for number in range(1, 6))) + bad + b"\n"
    content += "".join(f"{row(number)}\n" for number in range(20, 25)).encode()
    summary = await deliver(content)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 10, 1)
    ((place, said, raw, times),) = await rows("select place, reason, raw, times from rejected_case")
    assert place.endswith("line 7")
    assert reason in said
    assert len(raw) <= 200_000
    assert times == 1


async def test_a_quoted_line_end_belongs_to_its_row(deliver: Deliver, rows: Rows):
    await deliver(csv(row(1, thing='"Kia\nRio"'), row(2)))
    assert await rows("select object_label from claim order by claim_number") == [("Kia\nRio",), ("Kia",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "koi8-r"])
async def test_the_declared_encoding_is_read_without_a_wrong_letter(deliver: Deliver, rows: Rows, encoding: str):
    content = csv(row(1), row(2)).decode().encode(encoding)
    assert (await deliver(content, encoding="utf-8" if encoding == "utf-8-sig" else encoding)).counts.new == 2
    assert await rows("select distinct name from policyholder") == [("Ирина",)]


async def test_another_encoding_than_declared_fails_the_run_and_ticks_nothing_off(deliver: Deliver, rows: Rows):
    content = csv(row(1), row(2)).decode().encode("cp1251")
    summary = await deliver(content, most_rejected=0.1)
    assert (summary.state, summary.counts.rejected) == (RunState.FAILED, 2)
    assert await rows("select count(*) from read_file") == [(0,)]
    assert (await deliver(encoding="cp1251")).counts.new == 2


async def test_a_wrong_delimiter_is_told_in_one_sentence(deliver: Deliver):
    summary = await deliver(csv(row(1)), delimiter=";")
    assert (summary.state, "is the delimiter ';'?" in str(summary.problem)) == (RunState.FAILED, True)


async def test_more_than_a_tenth_rejected_fails_the_run_but_keeps_the_good_rows(deliver: Deliver, rows: Rows):
    good = [row(number) for number in range(1, 9)]
    summary = await deliver(csv(*good, "9,new", "10,new"), most_rejected=0.1)
    assert (summary.state, summary.counts.new) == (RunState.FAILED, 8)
    assert "2 of 10 cases cannot be read" in str(summary.problem)
    assert await rows("select count(*) from read_file") == [(0,)]


async def test_a_row_that_comes_right_later_is_settled(deliver: Deliver, rows: Rows):
    await deliver(csv(row(1), row(2).replace("Ирина", "")), "1.csv")
    assert await rows("select settled_at is null from rejected_case") == [(True,)]
    await deliver(csv(row(1), row(2)), "2.csv")
    assert await rows("select settled_at is null from rejected_case") == [(False,)]


async def test_the_same_bad_row_again_is_counted_and_not_kept_twice(deliver: Deliver, rows: Rows):
    bad = row(2).replace("Ирина", "")
    await deliver(csv(row(1), bad), "1.csv")
    await deliver(csv(row(1), row(3), bad), "2.csv")
    assert await rows("select times from rejected_case") == [(2,)]


async def test_an_unknown_code_leaves_the_claim_and_is_counted_for_somebody_to_look(deliver: Deliver, rows: Rows):
    await deliver(csv(row(1)), "1.csv")
    summary = await deliver(csv(row(1, state="limbo")), "2.csv")
    assert summary.counts.unmapped == 1
    assert await rows("select stage from claim") == [("registered",)]
    assert await rows("select code, times, example_ref from unmapped_code") == [("state=limbo", 1, "1")]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_each_rule_is_counted_by_the_mapping_version_and_unchanged_cases_are_not(deliver: Deliver, rows: Rows):
    await deliver(csv(row(1), row(2), row(3, state="done"), row(4, state="limbo")), "1.csv")
    await deliver(csv(row(1), row(2, state="done"), row(3, state="done")), "2.csv")
    used = await rows("select mapping_version, rule, times from rule_use order by rule")
    assert used == [(1, "done", 2), (1, "new", 2)]
    assert await rows("select distinct mapping_version from case_event") == [(1,)]


async def test_a_record_that_the_database_refuses_is_found_by_halving(
    deliver: Deliver, rows: Rows, engine: AsyncEngine
):
    # The mapping refuses what it knows to be bad; a rule of the database stands for what it does not know.
    async with engine.begin() as connection:
        await connection.exec_driver_sql("alter table claim add constraint no_17 check (claim_number <> '17')")
    try:
        summary = await deliver(csv(*(row(number) for number in range(1, 41))))
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("alter table claim drop constraint no_17")
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 39, 1)
    ((ref, reason),) = await rows("select case_ref, reason from rejected_case")
    assert (ref, reason) == ("17", "the database refuses it: CheckViolationError")


@pytest.mark.parametrize("poisoned", [{1}, {40}, {20, 21}, {1, 2, 3, 38, 39, 40}, set(range(1, 41, 4))], ids=str)
async def test_wherever_poison_stands_it_costs_itself_and_nothing_else(
    deliver: Deliver, rows: Rows, engine: AsyncEngine, poisoned: set[int]
):
    named = ", ".join(f"'{number}'" for number in sorted(poisoned))
    async with engine.begin() as connection:
        await connection.exec_driver_sql(
            f"alter table claim add constraint poison check (claim_number not in ({named}))"
        )
    try:
        summary = await deliver(csv(*(row(number) for number in range(1, 41))))
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql("alter table claim drop constraint poison")
    assert (summary.state, summary.counts.new) == (RunState.DONE, 40 - len(poisoned))
    assert {int(ref) for (ref,) in await rows("select case_ref from rejected_case")} == poisoned


@pytest.mark.parametrize(
    "poison",
    [
        b'{"number": "9", "state": "new", "name": "\\ud800"}',
        b'{"number": "9", "state": "new", "sum": 1' + b"0" * 400 + b"}",
        b'{"number": "9", "state": "new", "reported": 1e400}',
        b'{"number": "9", "state": "new", "reported": -9999999999999999, "name": "I"}',
        b'{"number": "9", "state": {"code": {"code": []}}, "name": [[[]]]}',
        b"\xff{}",
    ],
)
async def test_a_poisoned_line_of_json_stands_alone(deliver: Deliver, rows: Rows, poison: bytes):
    good = [orjson.dumps({"number": str(n), "state": "new", "reported": "2026-11-01", "name": "I"}) for n in (1, 2)]
    content = b"\n".join([good[0], poison, good[1]]) + b"\n"
    summary = await deliver(content, "a.jsonl", format="jsonl", pattern="*.jsonl")
    assert (summary.state, summary.counts.new) == (RunState.DONE, 2)
    assert summary.counts.rejected + summary.counts.unmapped == 1


async def test_json_lines_are_read_and_what_is_no_object_is_quarantined(deliver: Deliver, rows: Rows):
    good = {"number": "1", "state": "new", "reported": 1_790_000_000, "name": "Ирина", "phone": "8 916 123-45-67"}
    lines = [orjson.dumps(good), b"[1]", b'{"number": ', b"null", orjson.dumps({**good, "number": 7})]
    lines += [b'{"number": "8", "state": ' + b"[" * 3_000 + b"]" * 3_000 + b"}"]
    summary = await deliver(b"\n".join(lines) + b"\n", "a.jsonl", format="jsonl", pattern="*.jsonl")
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 2, 4)
    assert await rows("select distinct address from contact_point") == [("+79161234567",)]


async def test_an_empty_folder_is_no_fault_and_a_missing_one_is(deliver: Deliver):
    assert (await deliver()).state is RunState.DONE
    assert (await deliver(folder=Path("/nowhere/at/all"))).state is RunState.FAILED


async def test_of_two_files_that_wait_the_later_one_holds_where_a_claim_goes_and_comes_back(
    deliver: Deliver, rows: Rows, tmp_path: Path
):
    await deliver(csv(row(1, thing="Kia"), row(2)), "1.csv")
    (tmp_path / "2.csv").write_bytes(csv(row(1, thing="Lada"), row(2)))
    os.utime(tmp_path / "2.csv", (NOW.timestamp() - 60,) * 2)
    done = await deliver(csv(row(1, thing="Kia"), row(2), row(3)), "3.csv")
    assert (done.counts.seen, done.counts.changed, done.counts.new, done.counts.unchanged) == (5, 2, 1, 2)
    assert await rows("select object_label from claim where source_ref = '1'") == [("Kia",)]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_of_a_claim_that_stands_twice_in_a_file_the_last_row_holds_also_where_it_is_as_we_know_the_claim(
    deliver: Deliver, rows: Rows, kind: str
):
    def as_delivered(*things: tuple[int, str]) -> bytes:
        if kind == "csv":
            return csv(*(row(number, thing=thing) for number, thing in things))
        usual = {"state": "new", "reported": "2026-11-01T10:00:00", "sum": "1500,50", "name": "A"}
        made = ({"number": number, **usual, "thing": thing} for number, thing in things)
        return b"".join(orjson.dumps(one) + b"\n" for one in made)

    config = {"pattern": "*", "format": kind}
    await deliver(as_delivered((1, "Kia"), (2, "Kia"), (3, "Kia")), "1", **config)
    again = as_delivered((1, "Lada"), (2, "Kia"), (1, "Kia"), (3, "Kia"), (3, "Lada"))
    done = await deliver(again, "2", page_size=2, **config)
    assert (done.counts.seen, done.state) == (5, RunState.DONE)
    assert await rows("select object_label from claim order by source_ref") == [("Kia",), ("Kia",), ("Lada",)]


TOLD = "select c.source_ref, e.kind from case_event e join claim c on c.id = e.claim_id where not e.historic order by 1"


async def test_of_files_that_wait_for_the_first_load_nothing_is_told_and_of_the_next_one_all_that_is_new(
    deliver: Deliver, rows: Rows, tmp_path: Path
):
    for name, lines in [("1.csv", [row(1)]), ("2.csv", [row(1, state="done"), row(2)])]:
        (tmp_path / name).write_bytes(csv(*lines))
        os.utime(tmp_path / name, (NOW.timestamp() - 60,) * 2)
    done = await deliver(csv(row(1, state="done", thing="Lada"), row(2), row(3)), "3.csv")
    assert (done.first_load, done.counts.new, done.counts.changed, done.counts.moved) == (True, 3, 2, 0)
    assert await rows(TOLD) == []
    await deliver(csv(row(1, state="done", thing="Lada"), row(2, state="done"), row(3), row(4)), "4.csv")
    assert await rows(TOLD) == [("2", "decision_made"), ("4", "registered")]


async def test_a_folder_in_which_nothing_was_ready_to_read_has_not_had_its_first_load(deliver: Deliver, rows: Rows):
    assert (await deliver(csv(row(1)), age=2)).counts.seen == 0
    assert (await deliver(csv(row(1)), age=60)).first_load
    assert await rows(TOLD) == []
    assert not (await deliver(csv(row(1), row(2)), "b.csv")).first_load
    assert await rows(TOLD) == [("2", "registered")]


class NothingKnown:
    """Of whom the hashes of all cases are asked and never answered."""

    full, asked = False, False

    async def hashes(self) -> set[bytes]:
        self.asked = True
        await asyncio.Event().wait()
        return set()

    async def hashes_of(self, refs: Collection[str]) -> set[bytes]:
        return set()

    async def same_marks(self, marks: Mapping[str, str]) -> set[str]:
        return set()

    async def has_file(self, checksum: str) -> bool:
        return False


@pytest.mark.parametrize("there", [False, True])
async def test_nobody_is_asked_what_is_known_after_all_is_read_or_has_failed(tmp_path: Path, there: bool):
    def no_clock() -> datetime:
        raise SourceUnavailable("what time is it?")

    if there:
        (tmp_path / "a.csv").write_bytes(csv(row(1)))
    config = FilesConfig(
        name="f", kind="files", mapping=SMALL, folder=tmp_path, pattern="*.csv", format="csv", ref="number"
    )
    source, known, before = open_source(config, key=b"", clock=no_clock), NothingKnown(), asyncio.all_tasks()
    with pytest.raises(SourceUnavailable) if there else nullcontext():
        assert [page.records async for page in source.changed_since(None, known)] == [[]]
    assert (known.asked, asyncio.all_tasks()) == (there, before)


async def test_a_cell_may_hold_json_and_one_that_does_not_costs_its_row(deliver: Deliver, rows: Rows, tmp_path: Path):
    mapping = tmp_path / "nested.toml"
    mapping.write_text(SMALL.read_text().replace('object_label = "thing"', 'object_label = "thing.what[].name"'))
    good = row(1, thing='"{""what"": [{""name"": ""Kia""}]}"')
    delivered = csv(good, row(2, thing='"{""what"""'), row(3, thing=""))
    summary = await deliver(delivered, mapping=mapping, json=["thing"])
    assert (summary.counts.new, summary.counts.rejected) == (2, 1)
    assert await rows("select object_label from claim order by claim_number") == [("Kia",), (None,)]
    ((reason, ref),) = await rows("select reason, case_ref from rejected_case")
    assert (reason.startswith("thing: is not JSON"), ref) == (True, "2")
