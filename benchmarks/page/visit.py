"""Visitors: 32 connections that are kept open and ask again as soon as they are answered. `PORT FILE SECONDS`.

Written on the bare protocol, so that the server is what is measured. An answer that was not expected ends the run.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvloop

CONNECTIONS = 32


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, asks: "cycle[bytes]", expected: bytes) -> None:
        self.asks, self.expected, self.received = asks, expected, bytearray()
        self.waits: list[float] = []
        self.problem: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Send the next request."""
        self.asked = time.perf_counter()
        self.transport.write(next(self.asks))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.received += data
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self.received[:end]).lower()
        found = head.find(b"content-length:")
        length = int(head[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
        if len(self.received) < end + 4 + length:
            return
        if head[8:13] != self.expected:
            self.problem = head[:60].decode("latin-1")
            self.transport.close()
            return
        self.received.clear()
        self.waits.append(time.perf_counter() - self.asked)
        self.ask()


def ask_of(one: dict[str, Any]) -> bytes:
    """One request of the file, as bytes: a page, or a form with its headers."""
    headers = {"Host": "claims.example.org", "Accept": "text/html", **one.get("headers", {})}
    headers |= {"Cookie": one["cookie"]} if "cookie" in one else {}
    form = urlencode(one["form"]) if "form" in one else ""
    if form:
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{'POST' if form else 'GET'} {one['path']} HTTP/1.1\r\n{head}\r\n{form}".encode()


async def visit(port: int, wanted: list[dict[str, Any]], seconds: float) -> dict[str, float]:
    """Answers a second (`rate`), and after how many seconds half of them (`p50`) and 99 of 100 (`p99`) were there.

    All expect one and the same answer, 200 if they do not say.
    """
    random.Random(7).shuffle(wanted)
    loop, turns = asyncio.get_running_loop(), cycle([ask_of(one) for one in wanted])
    expected = b" %d " % wanted[0].get("answer", 200)
    begun = time.perf_counter()
    visitors = [
        (await loop.create_connection(lambda: Visitor(turns, expected), "127.0.0.1", port))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    took, waits = time.perf_counter() - begun, [wait for visitor in visitors for wait in visitor.waits]
    for visitor in visitors:
        visitor.transport.close()
    problems = [visitor.problem for visitor in visitors if visitor.problem]
    if problems:
        raise RuntimeError(f"{len(problems)} visitors were refused, first: {problems[0]}")
    hundredths = statistics.quantiles(waits, n=100)
    return {"rate": len(waits) / took, "p50": hundredths[49], "p99": hundredths[98]}


if __name__ == "__main__":
    asks = json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
    print(json.dumps(uvloop.run(visit(int(sys.argv[1]), asks, float(sys.argv[3])))))
