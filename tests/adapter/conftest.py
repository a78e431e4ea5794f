"""What the adapter's tests share: a ClaimCenter of our own, and one call that reads it."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.sync import Plan, Summary, sync_once
from claims_cli import main
from sandbox.data import LIFE_CLAIMS, LIFE_CONTACTS, LIFE_MAPPING
from tests.adapter.cases import CLAIM_CENTER, NOON
from tests.adapter.fake_claim_center import FakeClaimCenter

LIFE_CONFIG = """
[[source]]
name = "life"
kind = "files"
mapping = "life.toml"
folder = "src"
pattern = "claims-*.csv"
format = "csv"
ref = "claimno"
stable_for = "0s"

[[source.join]]
name = "contact"
pattern = "contacts.csv"
key = "claimno"
"""
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


@pytest.fixture
def home(tmp_path: Path, database_url: str, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two hundred life claims, and an installation that reads it."""
    (tmp_path / "src").mkdir()
    lines = LIFE_CLAIMS.read_text().splitlines(keepends=True)
    (tmp_path / "src" / "claims-01.csv").write_text("".join(lines[:201]))
    shutil.copy(LIFE_CONTACTS, tmp_path / "src" / "contacts.csv")
    shutil.copy(LIFE_MAPPING, tmp_path / "life.toml")
    (tmp_path / "backoffice.toml").write_text(LIFE_CONFIG)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("BACKOFFICE_CONFIG", str(tmp_path / "backoffice.toml"))
    return tmp_path


@pytest.fixture
def claims(capsys: pytest.CaptureFixture[str]):
    """Run a command as the operator does; its exit code and what it printed."""

    async def run(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(main, list(words))
        return code, capsys.readouterr().out

    return run
