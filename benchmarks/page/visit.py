"""Visitors: 32 connections that are kept open and ask again as soon as they are answered. `PORT FILE SECONDS`.

Written on the bare protocol, so that the server is what is measured. An answer other than 200 ends the run.
"""

import asyncio
import json
import random
import sys
import time
from itertools import cycle
from pathlib import Path

import uvloop

CONNECTIONS = 32


class Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, asks: "cycle[bytes]") -> None:
        self.asks, self.received, self.answers = asks, bytearray(), 0
        self.problem: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
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
        if b" 200 " not in head[:16] or found < 0:
            self.problem = head[:60].decode("latin-1")
            self.transport.close()
            return
        self.received.clear()
        self.answers += 1
        self.transport.write(next(self.asks))  # type: ignore[attr-defined]


def asks_of(path: Path) -> list[bytes]:
    """The requests of the file, as bytes."""
    return [
        b"GET %s HTTP/1.1\r\nHost: claims.example.org\r\nAccept: text/html\r\n%s\r\n"
        % (one["path"].encode(), b"Cookie: %s\r\n" % one["cookie"].encode() if "cookie" in one else b"")
        for one in json.loads(path.read_text(encoding="utf-8"))
    ]


async def visit(port: int, asks: list[bytes], seconds: float) -> float:
    """Answers a second."""
    random.Random(7).shuffle(asks)
    loop, turns = asyncio.get_running_loop(), cycle(asks)
    begun = time.perf_counter()
    visitors = [
        (await loop.create_connection(lambda: Visitor(turns), "127.0.0.1", port))[1] for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(seconds)
    took, answers = time.perf_counter() - begun, sum(visitor.answers for visitor in visitors)
    for visitor in visitors:
        visitor.transport.close()
    problems = [visitor.problem for visitor in visitors if visitor.problem]
    if problems:
        raise RuntimeError(f"{len(problems)} visitors were refused, first: {problems[0]}")
    return answers / took


if __name__ == "__main__":
    print(json.dumps({"rate": uvloop.run(visit(int(sys.argv[1]), asks_of(Path(sys.argv[2])), float(sys.argv[3])))}))
