"""The emulated ClaimCenter on a real port of this machine, beside the test."""

from contextlib import AbstractAsyncContextManager

from sandbox.claim_center import create_app
from sandbox.claim_center.installation import ClaimCenter
from sandbox.serving import free_port, served


def serving(center: ClaimCenter) -> AbstractAsyncContextManager[str]:
    """Its address, for the length of the block."""
    return served(create_app(center), free_port(18_300))
