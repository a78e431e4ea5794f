"""What the portal's tests may ask for."""

from collections.abc import AsyncIterator
from functools import cache

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import open_pool
from claims_portal.brand import wear
from claims_portal.deps import Portal
from notifier.reports.receiving import Receiving
from tests.portal.portal import Clock, notifier_settings, portal_app, portal_settings, visiting


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


@cache
def built(engine: AsyncEngine, pool: asyncpg.Pool) -> FastAPI:
    """The portal with its routes: building them takes longer than most tests."""
    return portal_app(engine, pool)


@pytest.fixture
def app(engine: AsyncEngine, pool: asyncpg.Pool, clock: Clock) -> FastAPI:
    """The portal on an empty database; it remembers nothing of the tests before."""
    app, settings = built(engine, pool), portal_settings()
    app.state.portal = Portal(
        settings, engine, pool, notifier_settings(settings), clock, Receiving(pool), wear(settings)
    )
    return app


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody on our pages."""
    async with visiting(app) as browser:
        yield browser
