"""Which source of BACKOFFICE_CONFIG is meant, and a database to look at."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.settings import BackofficeSettings, SourceConfig, read_config
from claims_core import embedded, shape
from claims_core.db import make_engine
from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings, read_settings

Answer = TypeVar("Answer")


def source_named(name: str | None) -> SourceConfig:
    """The source of this name, or the only one there is. Its mapping is not looked at. Raises `Misconfigured`."""
    configs = read_config(read_settings(BackofficeSettings).backoffice_config)
    names = ", ".join(config.name for config in configs)
    if name is None and len(configs) > 1:
        raise Misconfigured(f"say which source is meant; there are: {names}")
    found = next((config for config in configs if name in (None, config.name)), None)
    if found is None:
        raise Misconfigured(f"there is no source '{name}'; there are: {names}")
    return found


def with_database(ask: Callable[[AsyncEngine], Awaitable[Answer]]) -> Answer:
    """What `ask` answers on the configured database. Raises `Misconfigured` when it does not fit this version."""
    settings = read_settings(CoreSettings)

    async def on(url: str) -> Answer:
        engine = make_engine(url)
        try:
            await shape.must_fit(engine)
            return await ask(engine)
        finally:
            await engine.dispose()

    with embedded.database(settings) as url:
        return asyncio.run(on(url))
