"""The emulated ClaimCenter on a real port of this machine, beside the test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sandbox.claim_center import create_app
from sandbox.claim_center.installation import ClaimCenter
from sandbox.serving import held_port, served


@asynccontextmanager
async def serving(center: ClaimCenter) -> AsyncIterator[str]:
    """Its address, for the length of the block."""
    with held_port(18_300) as port:
        async with served(create_app(center), port) as address:
            yield address
