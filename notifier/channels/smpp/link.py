"""The bind that is always there: kept up for as long as the process lives, tried again with growing waits."""

import asyncio
import logging

from claims_core.errors import TemporaryChannelFailure
from claims_core.ids import jitter
from notifier.channels.base import SenderStopped
from notifier.channels.smpp.session import Hear, Session, bound
from notifier.settings import NotifierSettings

log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between two binds


class Link:
    """One bind and what is to be done with what it brings. Starts when it is first needed."""

    def __init__(self, settings: NotifierSettings, hear: Hear, *, first_wait: float = FIRST_WAIT) -> None:
        self._settings, self._hear, self._first_wait = settings, hear, first_wait
        self._session: Session | None = None
        self._why: TemporaryChannelFailure | None = None
        self._tried = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Bind, and bind again whenever the line falls. May be called again."""
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())

    async def session(self) -> Session:
        """The bind. Waits for the first try alone; after that, raises at once what is in the way."""
        self.start()
        await self._tried.wait()
        if self._session is not None:
            return self._session
        why = self._why or TemporaryChannelFailure("the line has just fallen", code="unreachable")
        raise type(why)(str(why), code=why.code, retry_after=why.retry_after)

    async def _keep(self) -> None:
        wait, loop = self._first_wait, asyncio.get_running_loop()
        while True:
            try:
                session = await bound(self._settings, self._hear)
            except TemporaryChannelFailure as problem:
                self._fallen(problem)
            else:
                began = loop.time()
                log.info("smsc_bound")
                self._session, self._why = session, None
                self._tried.set()
                await session.ended()
                self._fallen(TemporaryChannelFailure("the line has fallen", code="unreachable"))
                if loop.time() - began >= wait:
                    wait = self._first_wait
            await asyncio.sleep(wait + jitter(wait / 4))
            wait = min(2 * wait, LONGEST_WAIT)

    def _fallen(self, problem: TemporaryChannelFailure) -> None:
        level = logging.ERROR if isinstance(problem, SenderStopped) else logging.WARNING
        log.log(level, "smsc_unbound", extra={"why": problem.code})
        self._session, self._why = None, problem
        self._tried.set()

    async def close(self) -> None:
        """Unbind. May be called again."""
        keeping, self._keeping = self._keeping, None
        session, self._session = self._session, None
        if session is not None:
            await session.unbind()
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
