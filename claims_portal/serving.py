"""One portal process: opens the database when the server starts it, and is then the application."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from backoffice_adapter.notices import Doors, open_doors
from backoffice_adapter.settings import BackofficeSettings
from claims_core import logs
from claims_core.db import make_engine, must_answer, open_pool
from claims_core.errors import Misconfigured
from claims_core.settings import read_settings
from claims_portal.app import create_app
from claims_portal.settings import PortalSettings
from notifier.settings import NotifierSettings

ENDS = (signal.SIGINT, signal.SIGTERM)


def beside_the_portal() -> tuple[NotifierSettings, Doors]:
    """How messages leave, and which back offices may post to us. Raises `Misconfigured`, best before a port is open."""
    return read_settings(NotifierSettings), open_doors(read_settings(BackofficeSettings))


@asynccontextmanager
async def open_portal(settings: PortalSettings) -> AsyncIterator[FastAPI]:
    """The application on the database that the settings name, for the length of the block."""
    if settings.database_url is None:
        raise Misconfigured("DATABASE_URL is not set")
    url = settings.database_url.get_secret_value()
    engine = make_engine(url)
    try:
        await must_answer(engine)
        pool = await open_pool(url, stateless=True)
        try:
            notifier, doors = beside_the_portal()
            yield create_app(settings, engine, pool, notifier=notifier, doors=doors)
        finally:
            await pool.close()
    finally:
        await engine.dispose()


@contextmanager
def told_of_the_end(say: Callable[[], None]) -> Iterator[None]:
    """Call `say` in this loop when the process is told to end, and then what the server had set for it."""
    loop, before = asyncio.get_running_loop(), {number: signal.getsignal(number) for number in ENDS}

    def hear(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(say)
        then = before[signal.Signals(number)]
        if callable(then):
            then(number, frame)

    for number, then in before.items():
        if callable(then):
            signal.signal(number, hear)
    try:
        yield
    finally:
        for number, then in before.items():
            signal.signal(number, then)


class Served:
    """What uvicorn runs, in one process or in many: the application exists from start-up to shutdown."""

    def __init__(self) -> None:
        logs.set_up()  # a worker is a process of its own
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Open the portal for the lifespan; everything else goes to the application."""
        if scope["type"] == "lifespan":
            async with open_portal(read_settings(PortalSettings)) as app:
                self.app = app
                # What is there now stays till the end: the collector need not walk it, every time, while readers wait.
                gc.collect()
                gc.freeze()
                # The server waits for open answers before it tells the application, and these never end by themselves.
                with told_of_the_end(app.state.portal.news.stop):
                    await app(scope, receive, send)
        else:
            assert self.app is not None
            await self.app(scope, receive, send)
