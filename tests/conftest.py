"""What every test may ask for: a real PostgreSQL, migrated once; a clean database; a closed network."""

import gc
import logging
import os
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import embedded, migrate, settings
from claims_core.db import make_engine, session_scope
from notifier.rendering import put_in_force
from tests import writers

# Before any test module is read, and so that processes started by tests inherit it.
settings.forget_surroundings(os.environ)
writers.watch()
# No test asserts a time: a busy machine must not make a property fail. What runs before each change draws the same
# cases each time, so that a red run speaks of the change and of nothing else; the long run draws new ones.
hypothesis.settings.register_profile("check", deadline=None, derandomize=True)
hypothesis.settings.register_profile("soak", deadline=None)

OURS = "claims_test"
LONG = ("crash", "setup_case", "browser")
TABLES = "select count(*) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"

# A table that was never written has no size. Deleting a few rows costs a hundredth of what truncating does, which gives
# each table that refers to it, and each of their indexes, a new file, and makes every connection plan anew. As a
# replica the server looks at no foreign key.
DIRTY = """
do $$ declare t record; begin
  set local session_replication_role = replica;
  for t in select oid::regclass as name, pg_relation_size(oid) > 1000000 as is_large from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version'
    and pg_relation_size(oid) > 0
  loop
    if t.is_large then execute format('truncate %s cascade', t.name);
    else execute format('delete from %s', t.name);
    end if;
  end loop;
  perform setval(seqrelid, seqstart, false) from pg_sequence where pg_sequence_last_value(seqrelid) is not null;
end $$
"""


def pytest_configure(config: pytest.Config) -> None:
    """Before any test module is read: whether its properties are looked for at random."""
    hypothesis.settings.load_profile("soak" if config.option.markexpr == "soak" else "check")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: whoever waits for a process leaves the other processor to the many small ones."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in LONG))


def pytest_collection_finish() -> None:
    """Everything imported stays for good: looking through it for garbage took a tenth of the processor's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A server for this run: the one named by CLAIMS_TEST_DATABASE_URL, else an embedded one for all workers."""
    named = os.environ.get("CLAIMS_TEST_DATABASE_URL")
    if named:
        yield named
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    with embedded.start(
        Path(tempfile.gettempdir()) / f"claims-tests-{os.getuid()}-{run[:16]}", throwaway=True
    ) as server:
        yield server.url


async def refuse_foreign_database(admin: asyncpg.Connection) -> None:
    """Tests may only look at a database that is empty or was made by tests."""
    name = await admin.fetchval("select current_database()")
    if not name.startswith(OURS) and await admin.fetchval(TABLES):
        raise pytest.UsageError(f"CLAIMS_TEST_DATABASE_URL names {name}, which holds tables and is not of our tests")


@pytest.fixture(scope="session")
async def database_url(server_url: str) -> AsyncIterator[str]:
    """A migrated database of this worker's own."""
    name = f"{OURS}_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_url)
    await refuse_foreign_database(admin)
    await admin.execute(f'create database "{name}"')
    url = make_url(server_url).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url)
    await migrate.upgrade(engine)
    await engine.dispose()
    yield url
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


@pytest.fixture(scope="session")
async def shared_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = make_engine(database_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def engine(shared_engine: AsyncEngine) -> AsyncEngine:
    """The engine, on an empty database."""
    async with shared_engine.begin() as connection:
        await connection.exec_driver_sql(DIRTY)
    return shared_engine


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One unit of work on an empty database, committed at the end of the test."""
    async with session_scope(engine) as session:
        yield session


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A test that starts an entry point sets up its log; the next test begins without it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(autouse=True)
def shipped_texts() -> Iterator[None]:
    """A process says what its database has published; the next test begins with the texts that ship."""
    yield
    put_in_force({})


@pytest.fixture(autouse=True)
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine can be reached; anything else is a test's mistake."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is not None and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
