"""What the adapter's tests share: a ClaimCenter of our own, and one call that reads it."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.sync import Plan, Summary, sync_once
from tests.adapter.cases import CLAIM_CENTER, NOON
from tests.adapter.fake_claim_center import FakeClaimCenter

MAPPING = load(CLAIM_CENTER)
Sync = Callable[..., Awaitable[Summary]]
Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@pytest.fixture
def cc(monkeypatch: pytest.MonkeyPatch) -> FakeClaimCenter:
    monkeypatch.setenv("CC_ID", "us")
    monkeypatch.setenv("CC_SECRET", "secret")
    return FakeClaimCenter()


@pytest.fixture
def sync(engine: AsyncEngine, cc: FakeClaimCenter) -> Sync:
    """Read the ClaimCenter once; keyword arguments reach the source's configuration."""

    async def run(*, full: bool = False, **config: Any) -> Summary:
        source = cc.source(key=MAPPING.key, **config)
        plan = Plan(engine, source.config, MAPPING, source, clock=lambda: NOON, settle=timedelta(0), full=full)
        try:
            return await sync_once(plan)
        finally:
            await source.close()

    return run


@pytest.fixture
def rows(engine: AsyncEngine) -> Rows:
    """What the database says."""

    async def read(query: str) -> list[tuple[Any, ...]]:
        async with engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(text(query))]

    return read
