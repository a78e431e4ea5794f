"""A provider in Twilio's shape on a port of its own, which it prints. `[SECONDS]` it thinks about a message, else 0.05.

Written on the bare protocol, so that the sender is what is measured. Of a message to a number that asks for codes it
prints the number and the moment (`time.monotonic`) at which it came.
"""

import asyncio
import itertools
import json
import re
import sys
import time

ANSWERS_AFTER = float(sys.argv[1]) if len(sys.argv) > 1 else 0.05
ASKS_FOR_CODES = re.compile(rb"(?:^|&)To=%2B(1415999\d{4})(?:&|$)")
NUMBERS = itertools.count(1)
SAID = {
    "account_sid": "AC" + "0" * 32,
    "api_version": "2010-04-01",
    "body": "x" * 100,
    "date_created": "Sun, 22 Nov 2026 01:00:00 +0000",
    "date_sent": None,
    "date_updated": "Sun, 22 Nov 2026 01:00:00 +0000",
    "direction": "outbound-api",
    "error_code": None,
    "error_message": None,
    "from": "+15550001111",
    "messaging_service_sid": None,
    "num_media": "0",
    "num_segments": "1",
    "price": None,
    "price_unit": "USD",
    "sid": "SID",
    "status": "queued",
    "subresource_uris": {},
    "to": "+15550002222",
    "uri": "/2010-04-01/Accounts/AC/Messages/SM.json",
}
BEFORE, AFTER = json.dumps(SAID).encode().split(b"SID")


class Provider(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self) -> None:
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            head = self.received[:end].lower()
            found = head.find(b"content-length:")
            length = int(head[found + 15 :].split(b"\r\n", 1)[0]) if found >= 0 else 0
            if len(self.received) < end + 4 + length:
                return
            if asked := ASKS_FOR_CODES.search(self.received[end + 4 : end + 4 + length]):
                print(f"+{asked[1].decode()}", time.monotonic(), flush=True)
            self.received = self.received[end + 4 + length :]
            asyncio.get_running_loop().call_later(ANSWERS_AFTER, self.answer)

    def answer(self) -> None:
        """Say that the message was taken."""
        body = BEFORE + b"SM%032x" % next(NUMBERS) + AFTER
        if not self.transport.is_closing():
            head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)  # type: ignore[attr-defined]


async def serve() -> None:
    """Until we are ended."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop

        uvloop.run(serve())
    except (ImportError, KeyboardInterrupt):
        sys.exit(0)
