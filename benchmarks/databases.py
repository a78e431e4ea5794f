"""Databases of a benchmark's own, one a purpose, on the server of the run."""

import asyncpg
from sqlalchemy.engine import make_url

from claims_core import migrate
from claims_core.db import make_engine


def address(server_url: str, name: str) -> str:
    """The address of the database `name` on that server."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


async def fresh(server_url: str, name: str, *, ours: bool = False) -> str:
    """An empty database `name`; with our tables if it is `ours`. Its address."""
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}"')
    await admin.close()
    url = address(server_url, name)
    if ours:
        engine = make_engine(url)
        await migrate.upgrade(engine)
        await engine.dispose()
    return url


async def tidy(url: str) -> None:
    """Do what autovacuum does a minute after a load, so that no run meets it."""
    connection = await asyncpg.connect(url)
    await connection.execute("vacuum analyze")
    await connection.close()
