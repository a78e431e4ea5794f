"""A server and databases for runs outside of pytest's fixtures: a loop of kills, a hundred days, pictures."""

import os
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from claims_core import embedded, migrate
from claims_core.db import make_engine

# Does somebody wait for a row that another holds? To be asked on a connection outside of a transaction of its own.
WAITS = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@contextmanager
def a_server(folder: Path) -> Iterator[str]:
    """The address of the server that CLAIMS_TEST_DATABASE_URL names, else of one of our own in `folder`."""
    if named := os.environ.get("CLAIMS_TEST_DATABASE_URL"):
        yield named
        return
    with embedded.start(folder, throwaway=True) as server:
        yield server.url


@asynccontextmanager
async def a_database(server: str) -> AsyncIterator[str]:
    """The address of a migrated database on `server`, gone when the block ends."""
    name = f"claims_test_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    await admin.execute(f'create database "{name}"')
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    try:
        engine = make_engine(url)
        await migrate.upgrade(engine)
        await engine.dispose()
        yield url
    finally:
        await admin.execute(f'drop database "{name}" with (force)')
        await admin.close()
