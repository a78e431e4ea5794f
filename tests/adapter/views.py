"""A view as the tests describe it, and a run over it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import SqlConfig
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once

SMALL = Path(__file__).with_name("small.toml")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
Sync = Callable[..., Awaitable[Summary]]


def config_of(**said: Any) -> SqlConfig:
    usual = {"name": "core", "kind": "sql", "mapping": SMALL, "url_env": "THEIR_DATABASE", "view": "claims"}
    more = {"ref": "number", "updated_at": "updated_at", "page_size": 3, "timeout": "1s", "most_rejected": 0.9}
    return SqlConfig(**{**usual, **more, **said})


def source_of(**said: Any) -> CaseSource:
    return open_source(config_of(**said), key=load(SMALL).key, clock=lambda: NOW)


async def read_view(engine: AsyncEngine, *, full: bool = False, **said: Any) -> Summary:
    config, mapping = config_of(**said), load(SMALL)
    source = open_source(config, key=mapping.key, clock=lambda: NOW)
    try:
        plan = Plan(engine, config, mapping, source, clock=lambda: NOW, settle=timedelta(0), full=full)
        return await sync_once(plan)
    finally:
        await source.close()
