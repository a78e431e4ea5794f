"""The SMSC: takes what is submitted, shows it, reports a moment later, and brings what is typed as a telephone's reply.

smpp34 is what the tests use and comes with the lock for developers alone, so nothing but `run` imports this.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import smpp34

from sandbox.serving import HOST

DELIVERED_AFTER = 2.0  # seconds
LATIN, UCS2, CHAINED, RECEIPT = "latin-1", 8, 0x40, 4
log = logging.getLogger(__name__)


class Smsc:
    """One SMSC; whoever bound last gets reports and replies. `show` is told a line of each thing that happens."""

    def __init__(self, show: Callable[[str], None], *, delivered_after: float = DELIVERED_AFTER) -> None:
        self._show, self._delivered_after = show, delivered_after
        self._esme: Any = None
        self._count = 0
        self._reports: set[asyncio.Task[None]] = set()

    async def serve(self, port: int) -> None:
        """Take messages until cancelled."""
        server = smpp34.Server(HOST, port, system_id="SANDBOX")
        await server.start()
        try:
            while True:
                await self._do(await server.next())
        finally:
            for report in self._reports:
                report.cancel()
            await server.stop()

    async def _do(self, event: Any) -> None:
        if isinstance(event, smpp34.Esme):
            self._esme = event
            self._show("bound")
        elif isinstance(event, smpp34.SubmitSmEvent):
            self._count += 1
            ref = f"{self._count:08X}"
            event.accept(ref)
            self._show(f"+{event.destination_addr}  {text_of(event)}")
            report = asyncio.create_task(self._report(ref, str(event.destination_addr)))
            self._reports.add(report)
            report.add_done_callback(self._reports.discard)

    async def _report(self, ref: str, number: str) -> None:
        await asyncio.sleep(self._delivered_after)
        at = f"{datetime.now(UTC):%y%m%d%H%M}"
        words = f"id:{ref} sub:001 dlvrd:001 submit date:{at} done date:{at} stat:DELIVRD err:000 text:"
        await self._bring(number, words.encode(), esm_class=RECEIPT)

    async def say(self, number: str, words: str) -> None:
        """A telephone writes to us."""
        await self._bring(number.lstrip("+"), words.encode("utf-16-be"), data_coding=UCS2)

    async def _bring(self, number: str, words: bytes, **how: Any) -> None:
        if self._esme is None:
            self._show("nobody is bound")
            return
        try:
            await self._esme.deliver_sm(
                source_addr=number, source_addr_ton=1, destination_addr="SANDBOX", short_message=words, **how
            )
        except (smpp34.SmppError, ConnectionError) as problem:
            self._show(f"not brought: {type(problem).__name__}")


def text_of(message: Any) -> str:
    """What people read of a submitted message, or of this part of it."""
    raw = bytes(message.short_message)
    raw = raw[raw[0] + 1 :] if message.esm_class & CHAINED else raw
    return raw.decode("utf-16-be" if message.data_coding == UCS2 else LATIN, "replace")


def serve(port: int) -> None:
    """Serve until Ctrl-C. A typed line, `+79120000000 STOP`, is a telephone's reply."""
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    smsc = Smsc(lambda line: print(line, flush=True))
    serving = asyncio.create_task(smsc.serve(port))
    loop = asyncio.get_running_loop()
    typed: asyncio.Queue[str] = asyncio.Queue()
    loop.add_reader(sys.stdin, lambda: typed.put_nowait(sys.stdin.readline()))
    while line := await typed.get():
        number, _, words = line.strip().partition(" ")
        if number and words:
            await smsc.say(number, words)
    loop.remove_reader(sys.stdin)
    await serving
