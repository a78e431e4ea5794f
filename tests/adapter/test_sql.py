"""A view as a source: nothing left out between pages and runs, only read, and each failure in words that help."""

import asyncio
import sqlite3
import tomllib
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.sources.sql.connection import EXTRAS
from backoffice_adapter.tables import RunState
from claims_core.errors import Misconfigured, SourceRefused, SourceUnavailable
from tests.adapter.conftest import Rows
from tests.adapter.views import NOW, Sync, read_view, source_of

ROOT = Path(__file__).parents[2]
TABLE = """
create table claims (number bigint primary key, state text, reported timestamptz, sum numeric, name text, phone text,
  thing text, updated_at timestamptz)
"""
INSERT = "insert into claims values ($1, $2, '2026-11-01T10:00Z', 1500.50, $3, $4, $5, $6)"


class Theirs:
    """Their database, which we may only read."""

    def __init__(self, url: str, connection: asyncpg.Connection) -> None:
        self.url, self.connection = url, connection

    async def put(
        self, *numbers: int, state: str = "new", at: datetime = NOW, name: str = "Ирина", thing: str = "Kia"
    ) -> None:
        """Rows as they are from `at` on."""
        await self.connection.execute("delete from claims where number = any($1)", list(numbers))
        rows = [(number, state, name, f"+7916{number:07}", thing, at) for number in numbers]
        await self.connection.executemany(INSERT, rows)

    async def say(self, statement: str) -> None:
        await self.connection.execute(statement)


@pytest.fixture
async def theirs(server_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Theirs]:
    name = f"claims_test_theirs_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'create database "{name}"')
    url = make_url(server_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    monkeypatch.setenv("THEIR_DATABASE", url)
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    yield Theirs(url, connection)
    await connection.close()
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


@pytest.fixture
def sync(engine: AsyncEngine) -> Sync:
    return partial(read_view, engine)


async def test_a_view_is_read_whole_and_then_only_what_moved(theirs: Theirs, sync: Sync, rows: Rows):
    await theirs.put(*range(1, 11), at=NOW - timedelta(days=9))
    assert (await sync()).counts.new == 10
    assert (await sync()).counts.seen <= 10
    await theirs.put(4, state="done")
    summary = await sync()
    assert (summary.counts.changed, summary.counts.seen) == (1, 1 + summary.counts.unchanged)
    assert await rows("select claim_number from claim where stage = 'closed'") == [("4",)]


async def test_many_rows_of_one_moment_are_all_read(theirs: Theirs, sync: Sync):
    await theirs.put(*range(1, 12), at=NOW)
    assert (await sync(page_size=2)).counts.new == 11


async def test_a_row_committed_later_than_it_was_stamped_is_seen_by_the_overlap(theirs: Theirs, sync: Sync):
    await theirs.put(1, at=NOW - timedelta(minutes=1))
    await sync()
    await theirs.put(2, at=NOW - timedelta(minutes=3))
    assert (await sync(overlap="0s")).counts.new == 0
    assert (await sync(overlap="5m")).counts.new == 1


async def test_a_row_stamped_far_ahead_hides_nothing_that_comes_after(theirs: Theirs, sync: Sync):
    await theirs.put(1, at=datetime(2099, 1, 1, tzinfo=UTC))
    await theirs.say(INSERT.replace("$6", "'infinity'").replace("$1", "2").replace("$2", "'new'").replace("$3", "'A'")
                     .replace("$4", "''").replace("$5", "'Kia'"))  # fmt: skip
    assert (await sync()).counts.new == 2
    await theirs.put(3, at=NOW)
    assert (await sync()).counts.new == 1


async def test_rows_that_move_between_two_pages_are_read_where_they_moved_to(theirs: Theirs):
    await theirs.put(1, 2, 3, 4, 5, at=NOW - timedelta(hours=1))
    source = source_of(page_size=2, overlap="0s")
    seen: dict[str, Any] = {}
    pages = source.changed_since(None, None)  # type: ignore[arg-type] - a view asks nothing of what we know
    async for page in pages:
        seen |= {record.ref: record.body["state"] for record in page.records}
        await theirs.put(1, 5, state="done", at=NOW)
    await source.close()
    assert seen == {"1": "done", "2": "new", "3": "new", "4": "new", "5": "done"}


async def test_a_query_is_read_as_a_view_is(theirs: Theirs, sync: Sync):
    await theirs.put(1, 2, 3)
    query = "select *, state as told from claims where number <> 2;"
    assert (await sync(view=None, query=query)).counts.new == 2


async def test_json_columns_become_nested(theirs: Theirs):
    await theirs.put(1)
    query = """select number, updated_at, '{"a": [1, {"b": "x"}]}'::jsonb as payments, '[2]'::text as papers,
      'not json' as free from claims"""
    source = source_of(view=None, query=query, json=["payments", "papers"])
    record = await source.get("1")
    await source.close()
    assert record is not None
    assert record.body["payments"] == {"a": [1, {"b": "x"}]}
    assert (record.body["papers"], record.body["free"]) == ([2], "not json")


async def test_nothing_can_be_written_through_a_source(theirs: Theirs):
    await theirs.say("""create function gnaw() returns bigint language sql volatile as
      'insert into claims (number) values (99) returning number'""")
    source = source_of(view=None, query="select gnaw() as number, now() as updated_at")
    with pytest.raises(SourceUnavailable, match="read-only transaction"):
        await source.get("99")
    await source.close()
    assert await theirs.connection.fetchval("select count(*) from claims") == 0


MISTAKES = {
    "a view that is gone": ({"view": "nowhere"}, "the view nowhere", "does not exist"),
    "a view of another schema": ({"view": "x.claims"}, "the view x.claims", "does not exist"),
    "a column that is gone": ({"updated_at": "changed"}, "'changed'", "it has number, state"),
    "a key that is gone": ({"ref": "id"}, "'id'", "it has number, state"),
    "a nested column that is gone": ({"json": ["payments"]}, "'payments'", "it has number, state"),
    "a query that is none": ({"view": None, "query": "select * frm claims"}, "the query", "syntax error"),
}


@pytest.mark.parametrize(("said", "where", "why"), MISTAKES.values(), ids=MISTAKES.keys())
async def test_a_view_that_is_not_as_described_is_named(
    theirs: Theirs, sync: Sync, said: dict[str, Any], where: str, why: str
):
    await theirs.put(1)
    summary = await sync(**said)
    assert summary.state is RunState.FAILED
    assert where in str(summary.problem)
    assert why in str(summary.problem)


async def test_a_view_dropped_between_two_runs_leaves_the_cursor(theirs: Theirs, sync: Sync):
    await theirs.put(1, 2)
    await sync()
    await theirs.say("alter table claims rename to away")
    assert (await sync()).state is RunState.FAILED
    await theirs.say("alter table away rename to claims")
    await theirs.put(3)
    assert (await sync()).counts.new == 1


async def test_a_lock_on_the_view_ends_the_run_in_time(theirs: Theirs, sync: Sync):
    await theirs.put(1)
    async with theirs.connection.transaction():
        await theirs.connection.execute("lock table claims in access exclusive mode")
        summary = await sync(timeout="200ms")
    assert summary.state is RunState.FAILED
    assert "the view claims" in str(summary.problem)
    assert "timeout" in str(summary.problem)
    assert (await sync()).counts.new == 1


async def test_a_slow_view_ends_the_run_in_time(theirs: Theirs):
    source = source_of(view=None, query="select *, pg_sleep(3) from claims", timeout="200ms")
    await theirs.put(1)
    with pytest.raises(SourceUnavailable, match="timeout"):
        await source.get("1")
    await source.close()


async def test_a_connection_killed_between_two_pages_is_told_and_the_next_run_goes_on(theirs: Theirs, sync: Sync):
    await theirs.put(*range(1, 8))
    kill = "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = $1"
    source = source_of(view=None, query="select *, pg_sleep(0.3) from claims", timeout="20s", page_size=2)
    pages = source.changed_since(None, None)  # type: ignore[arg-type]
    await anext(pages)
    going_on = asyncio.create_task(anext(pages))
    await asyncio.sleep(0.2)
    await theirs.connection.execute(kill, make_url(theirs.url).database)
    with pytest.raises(SourceUnavailable, match="the query"):
        await going_on
    assert await source.get("1") is not None
    await source.close()
    assert (await sync()).counts.new == 7


async def test_a_replica_far_behind_is_no_news(theirs: Theirs, monkeypatch: pytest.MonkeyPatch):
    await theirs.say("""
      create schema behind;
      create function behind.pg_is_in_recovery() returns bool language sql as 'select true';
      create function behind.pg_last_wal_receive_lsn() returns pg_lsn language sql as $$select '0/2'::pg_lsn$$;
      create function behind.pg_last_wal_replay_lsn() returns pg_lsn language sql as $$select '0/1'::pg_lsn$$;
      create function behind.pg_last_xact_replay_timestamp() returns timestamptz language sql as
        $$select now() - interval '40 min'$$;
    """)
    role = "alter database {} set search_path = behind, public, pg_catalog"
    await theirs.say(role.format(make_url(theirs.url).database))
    source = source_of()
    with pytest.raises(SourceUnavailable, match="40 minutes behind"):
        await source.look()
    await source.close()


async def test_rows_without_a_key_or_a_time_are_in_quarantine_and_the_doctor_says_so(
    theirs: Theirs, sync: Sync, rows: Rows
):
    await theirs.put(1)
    await theirs.put(2)
    await theirs.say("update claims set updated_at = null where number = 2")
    assert (await sync()).counts.new == 1
    assert await rows("select reason from rejected_case") == [("updated_at: is missing",)]
    source = source_of()
    with pytest.raises(SourceRefused, match="never read"):
        await source.look()
    await source.close()


async def test_a_cell_that_cannot_be_given_costs_its_row_and_names_its_column(theirs: Theirs, sync: Sync, rows: Rows):
    await theirs.put(*range(1, 31))
    poison = """select *, case when number = 17 then 1 / (number - 17) end as share,
      case when number = 23 then 'Иванов'::text::date end as born from claims"""
    summary = await sync(view=None, query=poison, page_size=12)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 28, 2)
    said = await rows("select case_ref, reason from rejected_case order by case_ref")
    assert [(ref, reason.partition(":")[0]) for ref, reason in said] == [("17", "share"), ("23", "born")]
    assert "Иванов" not in str(said)


@pytest.mark.parametrize("driver", ["postgresql+asyncpg", "postgresql+psycopg"])
async def test_both_drivers_of_postgresql_read_the_same(
    theirs: Theirs, sync: Sync, monkeypatch: pytest.MonkeyPatch, driver: str
):
    await theirs.put(*range(1, 6))
    url = make_url(theirs.url).set(drivername=driver).render_as_string(hide_password=False)
    monkeypatch.setenv("THEIR_DATABASE", url)
    assert (await sync()).counts.new == 5
    gone = await sync(view="nowhere")
    assert 'relation "nowhere" does not exist' in str(gone.problem)


async def test_an_address_that_leads_nowhere_is_unavailable_and_keeps_its_secret(
    sync: Sync, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("THEIR_DATABASE", "postgresql://me:hush@127.0.0.1:1/claims")
    summary = await sync()
    assert summary.state is RunState.FAILED
    assert "hush" not in str(summary.problem)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle+oracledb://h/d", 'pip install "oracledb"'),
        ("strange://h/d", "no driver for 'strange'"),
        ("not an address", "write dialect://host/name"),
        ("postgresql://me:hush@h:port/d", "write dialect://host/name"),
    ],
)
def test_a_driver_that_is_not_there_is_a_sentence_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, url: str, said: str
):
    monkeypatch.setenv("THEIR_DATABASE", url)
    with pytest.raises(Misconfigured, match=said) as refused:
        source_of()
    assert "hush" not in str(refused.value)


def test_a_driver_that_we_say_is_in_an_extra_is_in_it():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for driver, extra in EXTRAS.items():
        assert any(wanted.startswith(driver) for wanted in extras[extra]), driver


@pytest.fixture
def lite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> sqlite3.Connection:
    """Their database in one file, with times as text."""
    path = tmp_path / "theirs.db"
    monkeypatch.setenv("THEIR_DATABASE", f"sqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        "create table claims (number integer primary key, state, reported, sum, name, phone, thing, updated_at)"
    )
    return connection


def put_lite(lite: sqlite3.Connection, *numbers: int, at: Any = "2026-11-20 11:00:00.123", **said: Any) -> None:
    usual = {"state": "new", "reported": "2026-11-01T10:00:00", "sum": "1500,50", "name": "Ирина", "phone": None}
    for number in numbers:
        values = {"number": number, **usual, "thing": "Kia", "updated_at": at, **said}
        lite.execute(f"insert or replace into claims values ({', '.join('?' * len(values))})", list(values.values()))


async def test_a_file_of_sqlite_is_read_in_a_thread(lite: sqlite3.Connection, sync: Sync):
    put_lite(lite, *range(1, 8))
    assert (await sync()).counts.new == 7
    put_lite(lite, 3, state="done", at="2026-11-20 11:30:00")
    assert (await sync()).counts.changed == 1
    put_lite(lite, 9, at="2026-11-20 11:28:00")
    assert (await sync(overlap="0s")).counts.new == 0
    assert (await sync()).counts.new == 1


async def test_a_text_far_ahead_hides_nothing(lite: sqlite3.Connection, sync: Sync):
    put_lite(lite, 1, at="2099-01-01 00:00:00")
    await sync()
    put_lite(lite, 2, at="2026-11-20 11:58:00")
    assert (await sync()).counts.new == 1


async def test_a_column_that_counts_is_read_on_with_an_overlap_of_its_own(lite: sqlite3.Connection, sync: Sync):
    put_lite(lite, 1, 2, at=5_000)
    await sync()
    put_lite(lite, 3, at=4_500)
    assert (await sync(overlap_count=100)).counts.new == 0
    assert (await sync()).counts.new == 1


async def test_bytes_that_are_no_text_cost_their_row(lite: sqlite3.Connection, sync: Sync, rows: Rows):
    put_lite(lite, *range(1, 9))
    lite.execute("update claims set thing = cast(x'4bff61' as text) where number = 5")
    lite.execute("update claims set thing = x'ff00' where number = 6")
    assert (await sync()).counts.new == 6
    said = await rows("select case_ref, reason from rejected_case order by case_ref")
    assert [(ref, reason.partition(":")[0]) for ref, reason in said] == [("5", "thing"), ("6", "thing")]


async def test_a_locked_file_and_a_missing_one_are_unavailable(lite: sqlite3.Connection, tmp_path: Path):
    put_lite(lite, 1)
    source = source_of(timeout="100ms")
    lite.execute("begin exclusive")
    with pytest.raises(SourceUnavailable, match="locked"):
        await source.look()
    lite.execute("commit")
    (tmp_path / "theirs.db").unlink()
    with pytest.raises(SourceUnavailable, match="is not there"):
        await source.look()
    await source.close()
    assert not (tmp_path / "theirs.db").exists()


async def test_the_doctor_tells_what_a_view_has(theirs: Theirs):
    source = source_of()
    assert await source.look() == "the view claims answers with 8 columns"
    await source.close()
