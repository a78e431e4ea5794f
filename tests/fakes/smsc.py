"""An SMSC on a real socket: the server of smpp34, and before it a line that fails as it is told.

The SMSC itself takes, refuses and reports; nobody here wrote it. The line counts what goes over it and spoils it:
`script` holds what happens to the next messages, one word each: `ok`, `refuse:<status>`, `drop_before_accept`,
`accept_then_drop`, `accept_then_silence`, `silence`, `accept_late:<seconds>`. When it is empty, `default` happens.
`binds` holds the statuses with which the next binds are refused.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from struct import Struct
from typing import Any

import smpp34

from sandbox.serving import held_port

HEAD = Struct("!IIII")
BIND, SUBMIT, SUBMIT_RESP, DELIVER_RESP, ENQUIRE = 0x09, 0x04, 0x80000004, 0x80000005, 0x15


@dataclass
class Sent:
    """One submit_sm that the SMSC has accepted, and the name it gave it."""

    ref: str
    event: Any
    pdu: Any
    at: float = field(default_factory=time.time)

    @property
    def number(self) -> str:
        return "+" + str(self.pdu.destination_addr)

    @property
    def text(self) -> str:
        raw = self.pdu.short_message
        raw = raw[raw[0] + 1 :] if self.pdu.esm_class & 0x40 else raw
        return str(raw.decode("utf-16-be" if self.pdu.data_coding == 8 else "latin-1"))


@dataclass
class Smsc:
    """`url` is where to bind. Made by `served_smsc`."""

    script: deque[str] = field(default_factory=deque)
    default: str = "ok"
    binds: deque[int] = field(default_factory=deque)
    sent: list[Sent] = field(default_factory=list)
    name: Callable[[int], str] = lambda number: f"{number:08X}"
    asked: list[str] = field(default_factory=list)  # what happened to each submit_sm that came
    bound: int = 0
    enquired: int = 0
    answers: bool = True  # to enquire_link
    silent_binds: bool = False
    before_answer: Any = None  # awaited with the message before it is answered
    port: int = 0
    open: list[asyncio.StreamWriter] = field(default_factory=list)
    esme: Any = None
    _upstream: int = 0
    _words: dict[tuple[int, int], str] = field(default_factory=dict)
    _pdus: list[Any] = field(default_factory=list)
    _count: int = 0

    @property
    def url(self) -> str:
        return f"smpp://claims:secret@127.0.0.1:{self.port}"

    def texts(self) -> list[str]:
        """The texts taken, in order."""
        return [each.text for each in self.sent]

    def drop(self) -> None:
        """Cut every line."""
        for writer in self.open:
            writer.transport.abort()
        self.open.clear()

    async def report(self, sent: Sent, word: str = "DELIVRD", *, ref: str | None = None, **how: Any) -> int:
        """Report on a message, as SMSCs do; the status with which it was answered."""
        said = f"id:{sent.ref if ref is None else ref} sub:001 dlvrd:001 submit date:2605041200 done date:2605041201"
        words = f"{said} stat:{word} err:{how.pop('err', '000')} text:{how.pop('text', sent.text[:20])}"
        values = {"esm_class": 4, "short_message": words.encode("ascii", "replace")} | how
        return await self.bring(sent.pdu.destination_addr, **values)

    async def bring(self, source: str, **how: Any) -> int:
        """A deliver_sm from a number; the status with which it was answered."""
        values = {"destination_addr": "PRIMER", "source_addr": source.lstrip("+"), "source_addr_ton": 1} | how
        answer = await self.esme.deliver_sm(**values)
        return int(answer.command_status)

    async def until(self, so: Callable[[], object]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(8):
            while not so():
                await asyncio.sleep(0.01)

    async def serve(self, server: Any) -> None:
        """The SMSC's own part: takes what comes through, or refuses it."""
        while True:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                self.esme = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                word, pdu = self._line_of(event)
                if word.startswith("refuse:"):
                    event.reject()
                    continue
                self._count += 1
                message = Sent(self.name(self._count), event, pdu)
                self.sent.append(message)
                if self.before_answer is not None:
                    await self.before_answer(message)
                event.accept(message.ref)

    def _line_of(self, event: Any) -> tuple[str, Any]:
        """What the line has decided on this message. What a line lost that fell meanwhile never comes as an event."""
        came = (event.destination_addr, event.short_message)
        return next(
            self._pdus.pop(place)
            for place, (_, pdu) in enumerate(self._pdus)
            if (pdu.destination_addr, pdu.short_message) == came
        )

    async def line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        self.open.append(writer)
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        except OSError:
            writer.close()
            return
        ways = [
            asyncio.create_task(self._there(reader, writer, up_writer)),
            asyncio.create_task(self._back(up_reader, writer, id(writer))),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        for each in (writer, up_writer):
            each.close()

    async def _there(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on: asyncio.StreamWriter
    ) -> None:
        while True:
            head, command, number, pdu = await _pdu(reader)
            if command == BIND and (self.silent_binds or self.binds):
                if self.binds:
                    writer.write(HEAD.pack(17, BIND | 0x80000000, self.binds.popleft(), number) + b"\0")
                continue
            self.bound += command == BIND
            self.enquired += command == ENQUIRE
            if command == ENQUIRE and not self.answers:
                continue
            if command == SUBMIT:
                word = self.script.popleft() if self.script else self.default
                self.asked.append(word)
                self._words[id(writer), number] = word
                if word == "drop_before_accept":
                    writer.transport.abort()
                    return
                if word == "silence":
                    continue
                self._pdus.append((word, smpp34.decode(head + pdu)))
            on.write(head + pdu)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: int) -> None:
        while True:
            head, command, number, pdu = await _pdu(reader)
            length = HEAD.size + len(pdu)
            word = self._words.pop((line, number), "ok") if command == SUBMIT_RESP else "ok"
            if word == "accept_then_drop":
                writer.transport.abort()
                return
            if word == "accept_then_silence":
                continue
            if word.startswith("accept_late:"):
                await asyncio.sleep(float(word.partition(":")[2]))
            if word.startswith("refuse:"):  # its server knows not every status
                head = HEAD.pack(length, command, int(word.partition(":")[2], 0), number)
            writer.write(head + pdu)


async def _pdu(reader: asyncio.StreamReader) -> tuple[bytes, int, int, bytes]:
    head = await reader.readexactly(HEAD.size)
    length, command, _, number = HEAD.unpack(head)
    return head, command, number, await reader.readexactly(length - HEAD.size)


@asynccontextmanager
async def served_smsc(**how: Any) -> AsyncIterator[Smsc]:
    """An SMSC for the length of the block."""
    with held_port(18_700) as upstream:
        smsc = Smsc(**how, _upstream=upstream)
        server = smpp34.Server("127.0.0.1", upstream, system_id="SMSC")
        await server.start()
        serving = asyncio.create_task(smsc.serve(server))
        line = await asyncio.start_server(smsc.line, "127.0.0.1", 0)
        smsc.port = line.sockets[0].getsockname()[1]
        try:
            yield smsc
        finally:
            smsc.drop()
            line.close()
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            await server.stop()
