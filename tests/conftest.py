"""What every test may ask for: a real PostgreSQL, migrated once; a clean database; a closed network."""

import os
import socket
import uuid
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import migrate
from claims_core.db import make_engine, session_scope

DIRTY = """
do $$ declare t text; found bool; begin
  for t in select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'
  loop
    execute 'select exists (select from ' || t || ')' into found;
    if found then execute 'truncate ' || t || ' restart identity cascade'; end if;
  end loop;
end $$
"""


@pytest.fixture(scope="session")
def server_url() -> str:
    """A server for this run: the one named by CLAIMS_TEST_DATABASE_URL, else the embedded one."""
    return os.environ["CLAIMS_TEST_DATABASE_URL"]


@pytest.fixture(scope="session")
async def database_url(server_url: str) -> AsyncIterator[str]:
    """A migrated database of this worker's own."""
    name = f"claims_test_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_url)
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
def closed_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this machine can be reached; anything else is a test's mistake."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else None
        if host is not None and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
