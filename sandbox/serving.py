"""Emulators on real sockets: a server that can drop a connection as a bad network does, and ports that are held."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from claims_core.errors import Misconfigured

HOST = "127.0.0.1"
TRANSPORT = "sandbox.transport"
# The framework's own tracing doubles the time of a small answer.
NO_TELEMETRY = {"tracing": False, "metrics": False, "logs": False}


class _Protocol(HttpToolsProtocol):
    """Uvicorn's own, which also lets an answer reach the connection it would go out on."""

    def on_headers_complete(self) -> None:
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}
        super().on_headers_complete()


class DroppedConnection(Response):
    """Ends the connection without an answer: what a reset looks like to a caller."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        transport = (scope.get("extensions") or {}).get(TRANSPORT, {}).get("transport")
        if transport is None:
            raise ConnectionAbortedError("the script asked for a reset")
        transport.abort()
        await asyncio.sleep(0.01)  # the server must notice that there is nobody to answer


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it: several of these live in one process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(app: FastAPI, port: int) -> uvicorn.Server:
    """A server on this machine only. `await server.serve()` runs it; `server.should_exit = True` ends it."""
    config = uvicorn.Config(
        app,
        host=HOST,
        port=port,
        http=_Protocol,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,  # a page that listens for news would hold it up for good
    )
    return _Server(config)


@asynccontextmanager
async def served(app: FastAPI, port: int) -> AsyncIterator[str]:
    """The application on a port of this machine for the length of the block; its address."""
    server = server_of(app, port)
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn has no event for it)
        await asyncio.sleep(0.02)
    if serving.done():
        await serving
    try:
        yield f"http://{HOST}:{port}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await serving


def serve_alone(app: FastAPI, first_port: int, *, told: Callable[[int], str]) -> int:
    """Say `told(port)`, and serve the application by itself until Ctrl-C; 0."""
    with held_port(first_port) as port:
        print(told(port), flush=True)
        with suppress(KeyboardInterrupt):
            asyncio.run(server_of(app, port).serve())
    return 0


@contextmanager
def held_port(preferred: int) -> Iterator[int]:
    """`preferred`, or the next port that nobody listens on and no other sandbox holds; held until the block ends.

    Whoever listens there may be another process and come later, so its own socket cannot be the hold. The UDP socket of
    the same number is: nobody here listens there, the system gives it to one only, and takes it back however we end.
    """
    for port in range(preferred, preferred + 200):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as hold:
            if _binds(hold, port) and _is_free(port):
                yield port
                return
    raise Misconfigured(f"no free port from {preferred} to {preferred + 199}: stop something that listens there")


def _is_free(port: int) -> bool:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(probe, port)


def _binds(one: socket.socket, port: int) -> bool:
    try:
        one.bind((HOST, port))
    except OSError:
        return False
    return True
