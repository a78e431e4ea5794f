"""One bind to an SMSC, from the first byte to the last: what is asked is answered once, or the line has fallen.

The PDUs are aiosmpplib's. Its own session is not used: it keeps a queue that sends what we have given up long since,
knows no TLS, ends at a status it has no name for, and writes texts into its log.
"""

import asyncio
import itertools
import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from struct import Struct
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from aiosmpplib.protocol import (
    BindTransceiver,
    DeliverSmResp,
    EnquireLink,
    GenericNack,
    SmppMessage,
    SubmitSm,
    Unbind,
)
from aiosmpplib.state import SmppCommand, SmppCommandStatus

from claims_core.errors import AmbiguousHandOver, Misconfigured, TemporaryChannelFailure
from notifier.channels.base import SenderStopped
from notifier.channels.smpp.reading import Brought, LateAnswer, read
from notifier.channels.smpp.words import failure_of, lacks
from notifier.settings import NotifierSettings

log = logging.getLogger(__name__)

_HEAD = Struct("!IIII")
LONGEST_PDU = 128 * 1024
HIGHEST_NUMBER = 0x7FFFFFFF  # SMPP 3.4, 5.1.4
PORTS = {"smpp": 2775, "smpps": 3550}
BROKEN = (OSError, EOFError, ValueError)
TAKEN, ALREADY_BOUND = 0x00, 0x05
NOT_NOW, NEVER = SmppCommandStatus.ESME_RX_T_APPN, SmppCommandStatus.ESME_RX_P_APPN

Hear = Callable[[Brought], Awaitable[None]]


class Answer(NamedTuple):
    """What the SMSC said to one request: 0 is yes; `ref` is how it names the message."""

    status: int
    ref: str


class Session:
    """A line that is bound. Ends by itself when it falls, when nobody answers, or when the SMSC unbinds."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, settings: NotifierSettings, hear: Hear
    ) -> None:
        self._reader, self._writer, self._hear = reader, writer, hear
        self._country = settings.insurer_country
        self._silence = settings.smpp_enquire_after.total_seconds()
        self._deadline = settings.notifier_call_deadline.total_seconds()
        self._numbers = itertools.cycle(range(1, HIGHEST_NUMBER))
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._given_up: dict[int, str] = {}  # messages whose answer came too late for us; number and token
        self._brought: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue()
        self._heard_at = asyncio.get_running_loop().time()
        self._tasks = [asyncio.create_task(each) for each in (self._read(), self._answer(), self._watch())]

    async def ended(self) -> None:
        """Wait until the line is down; then nothing that was asked is answered any more."""
        try:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self.close()

    async def close(self) -> None:
        """Let go of the line. May be called again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(ConnectionError("the line has fallen"))
                future.exception()  # whoever has stopped waiting need not be told
        self._asked.clear()
        self._writer.close()
        with suppress(*BROKEN):
            await self._writer.wait_closed()

    async def submit(self, message: SubmitSm, *, token: str | None, within: float) -> Answer:
        """Hand over once. `TemporaryChannelFailure` if not a byte has left, else an answer or `AmbiguousHandOver`.

        A yes that comes after `within` seconds is still told to whoever listens, if a `token` names the delivery.
        """
        if self._writer.is_closing():
            raise TemporaryChannelFailure("the line has just fallen", code="unreachable")
        message.sequence_num = next(self._numbers)
        try:
            async with asyncio.timeout(within):
                return await self.ask(message)
        except TimeoutError as problem:
            if token:
                self._given_up = dict(list(self._given_up.items())[-999:]) | {message.sequence_num: token}
            raise AmbiguousHandOver("no answer within the deadline", code="deadline") from problem
        except BROKEN as problem:
            raise AmbiguousHandOver(f"no answer: {type(problem).__name__}", code="no_answer") from problem

    async def ask(self, message: SmppMessage) -> Answer:
        """Send a request and wait for its answer, for as long as the caller lets it."""
        if not message.sequence_num:
            message.sequence_num = next(self._numbers)
        number = message.sequence_num
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            self._writer.write(message.pdu())
            await self._writer.drain()
            return await answer
        finally:
            self._asked.pop(number, None)

    async def unbind(self) -> None:
        """Say goodbye, and let go of the line."""
        with suppress(TimeoutError, *BROKEN):
            async with asyncio.timeout(1):
                await self.ask(Unbind())
        await self.close()

    async def _read(self) -> None:
        """Until the line falls, brings rubbish, or the SMSC unbinds."""
        with suppress(*BROKEN):
            while True:
                length, command, status, number = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
                if not _HEAD.size <= length <= LONGEST_PDU:
                    raise ValueError("a PDU of no length that there is")
                body = await self._reader.readexactly(length - _HEAD.size)
                self._heard_at = asyncio.get_running_loop().time()
                if command & 0x80000000:
                    await self._answered(number, status, body)
                elif command == SmppCommand.DELIVER_SM:
                    self._brought.put_nowait((number, body))
                elif command in (SmppCommand.ENQUIRE_LINK, SmppCommand.UNBIND):
                    self._writer.write(_HEAD.pack(_HEAD.size, command | 0x80000000, TAKEN, number))
                    if command == SmppCommand.UNBIND:
                        return
                else:
                    self._say(GenericNack(number, SmppCommandStatus.ESME_RINVCMDID))

    async def _answered(self, number: int, status: int, body: bytes) -> None:
        ref = body.split(b"\0", 1)[0].decode("latin-1")
        asked = self._asked.get(number)
        if asked is not None and not asked.done():
            asked.set_result(Answer(status, ref))
        elif (token := self._given_up.pop(number, None)) and status == TAKEN and ref:
            with suppress(Exception):  # a receipt or the class of the message decides, as it would have without this
                await self._hear(LateAnswer(token, ref))

    async def _answer(self) -> None:
        """What is brought is answered in its order, one by one: of STOP and START the later one must be the later."""
        while True:
            number, body = await self._brought.get()
            self._say(DeliverSmResp(number, await self._kept(body)))

    async def _kept(self, body: bytes) -> SmppCommandStatus:
        """Yes once it is safe in the database; "not now" lets the SMSC keep it and come again."""
        try:
            brought = read(body, country=self._country)
        except (ValueError, IndexError) as problem:
            log.error("deliver_sm_unreadable", extra={"why": type(problem).__name__, "octets": len(body)})
            return NEVER
        try:
            await self._hear(brought)
        except BROKEN as problem:
            log.warning("deliver_sm_put_off", extra={"why": type(problem).__name__})
            return NOT_NOW
        except Exception:
            log.exception("deliver_sm_failed")  # a bug of ours: the SMSC keeps the message meanwhile
            return NOT_NOW
        return SmppCommandStatus.ESME_ROK

    def _say(self, answer: SmppMessage) -> None:
        if not self._writer.is_closing():
            self._writer.write(answer.pdu())

    async def _watch(self) -> None:
        """Ask a silent SMSC whether it is there; nobody who does not say so within the deadline is."""
        loop = asyncio.get_running_loop()
        with suppress(TimeoutError, *BROKEN):
            while True:
                rest = self._heard_at + self._silence - loop.time()
                if rest > 0:
                    await asyncio.sleep(rest)
                    continue
                async with asyncio.timeout(self._deadline):
                    await self.ask(EnquireLink())
        log.warning("smsc_silent")


async def bound(settings: NotifierSettings, hear: Hear) -> Session:
    """A line, secured where the address says so, and bound both ways. `TemporaryChannelFailure` if nobody is there,
    `SenderStopped` if we are refused."""
    if settings.smpp_url is None:
        raise Misconfigured(lacks(settings) or "")
    smsc = urlsplit(settings.smpp_url.get_secret_value())
    secured = ssl.create_default_context() if smsc.scheme == "smpps" else None
    session = None
    try:
        async with asyncio.timeout(settings.notifier_call_deadline.total_seconds()):
            streams = await asyncio.open_connection(smsc.hostname, smsc.port or PORTS[smsc.scheme], ssl=secured)
            session = Session(*streams, settings, hear)
            name, password = unquote(smsc.username or ""), unquote(smsc.password or "")
            bind = BindTransceiver(system_id=name, password=password, system_type=settings.smpp_system_type)
            status, _ = await session.ask(bind)
    except ssl.SSLError as problem:
        raise SenderStopped("the SMSC's certificate does not fit", code="tls") from problem
    except (TimeoutError, *BROKEN) as problem:
        if session is not None:
            await session.close()
        raise TemporaryChannelFailure(f"no bind: {type(problem).__name__}", code="unreachable") from problem
    except BaseException:
        if session is not None:
            await session.close()
        raise
    if status not in (TAKEN, ALREADY_BOUND):
        await session.close()
        raise _refused(status)
    return session


def _refused(status: int) -> TemporaryChannelFailure:
    """What a bind is refused with says nothing about a message: it is the sender's, or passes by itself."""
    problem = failure_of(status)
    if isinstance(problem, TemporaryChannelFailure):
        return problem
    return SenderStopped(f"the bind was refused: {problem}", code=problem.code)
