"""Work that ends by itself or when it is told to: by Ctrl-C, by whoever started it, by a terminal that closes."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

from claims_core.stopping import told_to_stop

TOLD_BY = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def until_told(work: Callable[[asyncio.Event], Awaitable[int]], *, cut: int) -> int:
    """What `work` comes to, or `cut` if it is told to stop before. The event it gets says that it was."""
    told = told_to_stop(*TOLD_BY)
    working = asyncio.ensure_future(work(told))
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not working.done():
        working.cancel()
    try:
        return await working
    except asyncio.CancelledError:
        return cut
