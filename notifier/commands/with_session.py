"""A command's one unit of work on the database that the settings name."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import embedded, shape
from claims_core.db import make_engine, session_scope
from claims_core.settings import CoreSettings, read_settings

Answer = TypeVar("Answer")


def with_session(act: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    """Do `act` in one transaction and give back its answer."""
    with embedded.database(read_settings(CoreSettings)) as url:
        return asyncio.run(_once(url, act))


async def _once(url: str, act: Callable[[AsyncSession], Awaitable[Answer]]) -> Answer:
    engine = make_engine(url, pool_size=1)
    try:
        await shape.must_fit(engine)
        async with session_scope(engine) as session:
            return await act(session)
    finally:
        await engine.dispose()
