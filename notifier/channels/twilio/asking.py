"""Asking Twilio about what it took: reading changes nothing, so whatever goes wrong, ask again later."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from twilio.base.exceptions import TwilioException

from claims_core.errors import ChannelError, TemporaryChannelFailure
from notifier.channels.base import SenderStopped

CLOCKS_APART = timedelta(seconds=5)


@asynccontextmanager
async def asking(seconds: float) -> AsyncIterator[None]:
    """Raises `SenderStopped` where an operator must act, and `TemporaryChannelFailure` for all else."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except SenderStopped:
        raise
    except (ChannelError, TwilioException, TimeoutError, ValueError, TypeError, KeyError) as problem:
        code = getattr(problem, "code", None)
        raise TemporaryChannelFailure(f"cannot tell: {type(problem).__name__}", code=str(code)) from problem
