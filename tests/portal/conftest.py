"""What the portal's tests may ask for."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import open_pool
from tests.portal.portal import Clock, portal_app, visiting


@pytest.fixture(scope="session")
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """The plain pool of the hot reads."""
    pool = await open_pool(database_url, size=4)
    yield pool
    await pool.close()


@pytest.fixture
def clock() -> Clock:
    """Noon of Monday, 1 June 2026 in Moscow, until a test moves it."""
    return Clock()


@pytest.fixture
def app(engine: AsyncEngine, pool: asyncpg.Pool, clock: Clock) -> FastAPI:
    """The portal on an empty database."""
    return portal_app(engine, pool, clock)


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody on our pages."""
    async with visiting(app) as browser:
        yield browser
