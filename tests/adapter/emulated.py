"""The emulated ClaimCenter on a real port of this machine, beside the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.claim_center import create_app
from sandbox.claim_center.installation import ClaimCenter
from sandbox.serving import HOST, free_port, server_of


@asynccontextmanager
async def serving(center: ClaimCenter) -> AsyncIterator[str]:
    """Its address, for the length of the block."""
    port = free_port(18_300)
    server = server_of(create_app(center), port)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        await task
