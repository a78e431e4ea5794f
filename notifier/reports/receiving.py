"""Reports that come at the same time are written together: one statement, one commit, and each sender waits for it."""

import asyncio
from datetime import datetime
from typing import NamedTuple, cast

import asyncpg

from notifier.channels.base import Report
from notifier.reports.receipts import Reported, record_reports

MOST_AT_ONCE = 100


class _Waiting(NamedTuple):
    """A report that somebody waits for; `known` is told once it is committed."""

    said: Reported
    now: datetime
    known: "asyncio.Future[bool]"


class Receiving:
    """What one process takes of reports. While some are being written, those that come gather for the next commit.

    So a lone report waits for nobody, and a storm of them costs a commit for each hundred.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None

    async def receive(self, report: Report, *, provider: str, token: str, now: datetime) -> bool:
        """Keep and fold a report; committed when this returns. False: nobody knows the message yet, it is parked.

        May be called again with the same report. Raises what the database raised.
        """
        known: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(Reported(report, provider, token), now, known))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await known

    async def _write(self) -> None:
        try:
            while some := self._next():
                await self._write_together(some)
        finally:
            self._writer = None

    def _next(self) -> list[_Waiting]:
        """As many as fit, of one message one: the second of two reports is judged by what the first has brought."""
        some: list[_Waiting] = []
        names: set[tuple[str, str]] = set()
        later: list[_Waiting] = []
        for each in self._waiting:
            own = {("token", each.said.token), (each.said.provider, each.said.report.provider_ref)}
            if len(some) < MOST_AT_ONCE and not own & names:
                some.append(each)
            else:
                later.append(each)
            names |= own
        self._waiting = later
        return some

    async def _write_together(self, some: list[_Waiting]) -> None:
        try:
            now = max(each.now for each in some)
            async with self._pool.acquire() as connection:
                plain = cast(asyncpg.Connection, connection)
                found = await record_reports(plain, [each.said for each in some], now=now)
        except Exception as problem:
            await self._write_apart(some, problem)
            return
        for each, known in zip(some, found, strict=True):
            if not each.known.done():  # whoever waited may have gone
                each.known.set_result(known)

    async def _write_apart(self, some: list[_Waiting], problem: Exception) -> None:
        """One report that the database refuses must not take its neighbours with it."""
        if len(some) == 1 or not isinstance(problem, asyncpg.PostgresError):
            for each in some:
                if not each.known.done():
                    each.known.set_exception(problem)
            return
        for each in some:
            await self._write_together([each])
