"""A view in MariaDB: read as one in PostgreSQL is, with what is peculiar to MySQL's family made usual at the border."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from backoffice_adapter.source import Record
from backoffice_adapter.tables import RunState
from claims_core.errors import SourceRefused, SourceUnavailable
from tests.adapter import mariadb
from tests.adapter.conftest import Rows
from tests.adapter.views import NOW, Sync, read_view, source_of

pytest.importorskip("aiomysql", reason='the driver is not installed: pip install "claims-status[mysql]"')
pytestmark = pytest.mark.skipif(mariadb.MISSING is not None, reason=str(mariadb.MISSING))

AT = NOW.replace(tzinfo=None)
TABLE = """
create table claims (number bigint primary key, state varchar(20), reported datetime, sum decimal(12,2),
  name varchar(100), phone varchar(20), thing varchar(40), updated_at datetime(6), key (updated_at, number))
  default charset utf8mb4
"""
INSERT = """
replace into claims values (:number, :state, '2026-11-01 10:00', 1500.50, :name, concat('+7916', lpad(:number, 7, '0')),
  'Kia', :at)
"""


class Theirs:
    """Their database: ours to read alone, theirs to change."""

    def __init__(self, server: mariadb.Server, name: str, engine: AsyncEngine) -> None:
        self.server, self.name, self._engine = server, name, engine

    async def put(self, *numbers: int, state: str = "new", at: datetime | str = AT, name: str = "Ирина") -> None:
        rows = [{"number": number, "state": state, "name": name, "at": at} for number in numbers]
        async with self._engine.begin() as connection:
            await connection.execute(text(INSERT), rows)

    async def say(self, *statements: str) -> list[Any]:
        """In one connection; the rows of the last."""
        async with self._engine.begin() as connection:
            for statement in statements:
                result = await connection.exec_driver_sql(statement)
            return list(result) if result.returns_rows else []


@pytest.fixture(scope="module")
def server() -> Iterator[mariadb.Server]:
    with mariadb.running() as running:
        yield running


@pytest.fixture
async def theirs(server: mariadb.Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Theirs]:
    name = f"theirs_{uuid.uuid4().hex[:12]}"
    admin = create_async_engine(server.address("root", "mysql", driver="mysql+aiomysql"))
    async with admin.begin() as connection:
        for statement in (
            f"create database {name} character set utf8mb4",
            "create or replace user reader@localhost identified by 'hush'",
            f"grant select, execute on {name}.* to reader@localhost",
        ):
            await connection.exec_driver_sql(statement)
    await admin.dispose()
    monkeypatch.setenv("THEIR_DATABASE", server.address("reader:hush", name))
    engine = create_async_engine(server.address("root", name, driver="mysql+aiomysql"))
    one = Theirs(server, name, engine)
    await one.say(TABLE)
    yield one
    await one.say(f"drop database {name}")
    await engine.dispose()


@pytest.fixture
def sync(engine: AsyncEngine) -> Sync:
    return partial(read_view, engine)


async def test_a_view_is_read_in_pages_and_then_only_what_moved(theirs: Theirs, sync: Sync, rows: Rows):
    await theirs.put(*range(1, 8), at=AT - timedelta(days=9))
    await theirs.put(*range(8, 12), at=AT - timedelta(days=8, microseconds=1))
    assert (await sync()).counts.new == 11
    await theirs.put(4, state="done", at=AT - timedelta(minutes=9))
    summary = await sync()
    assert (summary.counts.changed, summary.counts.seen) == (1, 1 + summary.counts.unchanged)
    assert await rows("select claim_number from claim where stage = 'closed'") == [("4",)]


async def test_a_row_committed_late_is_seen_by_the_overlap(theirs: Theirs, sync: Sync):
    await theirs.put(1, at=AT - timedelta(minutes=1))
    await sync()
    await theirs.put(2, at=AT - timedelta(minutes=3, microseconds=1))
    assert (await sync(overlap="0s")).counts.new == 0
    assert (await sync(overlap="5m")).counts.new == 1


@pytest.mark.parametrize("driver", ["mysql", "mariadb", "mysql+pymysql"])
async def test_every_way_to_write_the_address_reads_the_same(
    theirs: Theirs, sync: Sync, monkeypatch: pytest.MonkeyPatch, driver: str
):
    monkeypatch.setenv("THEIR_DATABASE", theirs.server.address("reader:hush", theirs.name, driver=driver))
    await theirs.put(*range(1, 6))
    assert (await sync()).counts.new == 5
    assert "doesn't exist" in str((await sync(view="nowhere")).problem)


async def test_cells_reach_the_mapping_as_those_of_other_databases_do(theirs: Theirs):
    await theirs.put(1, name="Ирина 🙂")
    await theirs.say(
        "alter table claims add urgent tinyint(1) default 1, add flag bit default 1, add off bit default 0"
    )
    query = """select number, updated_at, name, sum, reported, urgent, flag, off,
      cast('2026-11-02 03:04:05.000006' as datetime(6)) as seen, cast('1980-02-03' as date) as born,
      json_object('a', json_array(1, 2)) as payments, 18446744073709551615 as big from claims"""
    source = source_of(view=None, query=query, json=["payments"])
    record = await source.get("1")
    await source.close()
    assert isinstance(record, Record)
    assert record.body == {
        "number": 1, "updated_at": "2026-11-20T12:00:00", "name": "Ирина 🙂", "sum": "1500.50",
        "reported": "2026-11-01T10:00:00", "urgent": 1, "flag": 1, "off": 0, "seen": "2026-11-02T03:04:05.000006",
        "born": "1980-02-03", "payments": {"a": [1, 2]}, "big": "18446744073709551615",
    }  # fmt: skip


async def test_a_zero_date_is_no_date(theirs: Theirs):
    await theirs.put(1)
    add = "alter table claims add born date, add seen timestamp(6) not null default 0, add part date"
    await theirs.say(
        "set sql_mode = ''",
        add,
        "update claims set born = '0000-00-00', seen = '0000-00-00 00:00:00', reported = 0, part = '1980-00-00'",
    )
    source = source_of()
    record = await source.get("1")
    await source.close()
    assert isinstance(record, Record)
    assert [record.body[name] for name in ("born", "seen", "reported")] == [None, None, None]
    assert record.body["part"] == "1980-00-00"


@pytest.mark.parametrize("column", ["datetime(6)", "datetime(6) not null"])
async def test_a_row_changed_on_a_zero_date_is_in_quarantine_once_and_hides_nothing(
    theirs: Theirs, sync: Sync, rows: Rows, column: str
):
    await theirs.put(*range(1, 9))
    zero = "update claims set updated_at = 0 where number < 5"
    await theirs.say("set sql_mode = ''", f"alter table claims modify updated_at {column}", zero)
    assert (await sync()).counts.new == 4
    said = await rows("select case_ref, reason from rejected_case order by case_ref")
    assert said == [(str(number), "updated_at: is missing") for number in range(1, 5)]


async def test_nothing_can_be_written_through_a_source(theirs: Theirs):
    await theirs.say("""create function gnaw() returns bigint modifies sql data begin
      insert into claims (number) values (99); return 99; end""")
    source = source_of(view=None, query="select gnaw() as number, now() as updated_at")
    with pytest.raises(SourceUnavailable, match="READ ONLY transaction"):
        await source.get("99")
    await source.close()
    assert await theirs.say("select count(*) from claims") == [(0,)]


async def test_a_slow_view_and_a_locked_one_end_in_time(theirs: Theirs):
    await theirs.put(1)
    slow = source_of(view=None, query="select *, sleep(5) from claims", timeout="200ms")
    with pytest.raises(SourceUnavailable, match="max_statement_time exceeded"):
        await slow.get("1")
    await slow.close()
    locked = source_of(timeout="200ms")
    holding = asyncio.create_task(theirs.say("lock tables claims write", "select sleep(1)", "unlock tables"))
    await asyncio.sleep(0.2)
    with pytest.raises(SourceUnavailable, match="the view claims"):
        await locked.get("1")
    await holding
    assert await locked.get("1") is not None
    await locked.close()


async def test_a_connection_killed_in_mid_run_is_told_and_the_next_run_goes_on(theirs: Theirs, sync: Sync):
    await theirs.put(*range(1, 8))
    source = source_of(view=None, query="select *, sleep(0.3) from claims", timeout="20s", page_size=2)
    pages = source.changed_since(None, None)  # type: ignore[arg-type] - a view asks nothing of what we know
    await anext(pages)
    going_on = asyncio.create_task(anext(pages))
    await asyncio.sleep(0.2)
    ((number,),) = await theirs.say("select id from information_schema.processlist where user = 'reader'")
    await theirs.say(f"kill connection {number}")
    with pytest.raises(SourceUnavailable, match="the query: the connection was cut"):
        await going_on
    assert await source.get("1") is not None
    await source.close()
    assert (await sync()).counts.new == 7


MISTAKES = {
    "a view that is gone": ({"view": "nowhere"}, "the view nowhere", "doesn't exist"),
    "a view of another database": ({"view": "mysql.user"}, "the view mysql.user", "denied to user 'reader'"),
    "a view whose table is gone": ({"view": "broken"}, "the view broken", "references invalid table"),
    "a column that is gone": ({"updated_at": "changed"}, "'changed'", "it has number, state"),
    "a query's column that is gone": (
        {"view": None, "query": "select n from claims"},
        "the query",
        "Unknown column",
    ),
    "a query that is none": ({"view": None, "query": "select * frm claims"}, "the query", "error in your SQL syntax"),
}


@pytest.mark.parametrize(("said", "where", "why"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_a_view_that_is_not_as_described_is_named(theirs: Theirs, said: dict[str, Any], where: str, why: str):
    await theirs.say("create table gone (n int)", "create view broken as select n from gone", "drop table gone")
    source = source_of(**said)
    with pytest.raises(SourceRefused) as refused:
        await source.look()
    await source.close()
    assert where in str(refused.value)
    assert why in str(refused.value)


@pytest.mark.parametrize(("who", "database"), [("reader:geheim", None), ("nobody:geheim", None), ("reader:hush", "no")])
async def test_a_wrong_password_or_database_is_for_a_person_to_mend_and_the_password_is_not_said(
    theirs: Theirs, sync: Sync, monkeypatch: pytest.MonkeyPatch, who: str, database: str | None
):
    monkeypatch.setenv("THEIR_DATABASE", theirs.server.address(who, database or theirs.name))
    source = source_of()
    with pytest.raises(SourceRefused, match="Access denied for user"):
        await source.look()
    await source.close()
    summary = await sync()
    assert summary.state is RunState.FAILED
    assert who.partition(":")[2] not in str(summary.problem)


async def test_a_cell_that_cannot_be_given_costs_its_row_and_names_its_column(theirs: Theirs, sync: Sync, rows: Rows):
    await theirs.put(*range(1, 21))
    poison = "select *, if(number = 17, 9223372036854775807 + number, 1) as share from claims"
    summary = await sync(view=None, query=poison, page_size=12)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 19, 1)
    assert await rows("select case_ref, reason from rejected_case") == [("17", "share: cannot be read: SQLSTATE 22003")]


async def test_the_doctor_tells_what_a_view_has(theirs: Theirs):
    source = source_of()
    assert await source.look() == "the view claims answers with 8 columns"
    await source.close()
