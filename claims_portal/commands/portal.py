"""`claims portal`: serves the pages, the desk and the webhooks."""

import argparse
import asyncio
import os
import socket
from urllib.parse import urlsplit

import uvicorn

from claims_core import embedded, logs, shape
from claims_core.commands.words import whole_number
from claims_core.db import make_engine
from claims_core.errors import Misconfigured
from claims_core.settings import read_settings
from claims_portal.serving import beside_the_portal
from claims_portal.settings import PortalSettings

PORT = 8080


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--host`, `--port`, `--workers`."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    listen = f"the port to listen on (that of a plain http address, else {PORT})"
    parser.add_argument("--port", type=whole_number(1, 65_535), help=listen)
    parser.add_argument("--workers", type=whole_number(1, 256), default=1, help="how many processes serve it (1)")


def run(args: argparse.Namespace) -> int:
    """Serve until told to stop. Raises Misconfigured for settings, a taken port or a database of another shape."""
    settings = read_settings(PortalSettings)
    beside_the_portal()
    logs.set_up()
    port = args.port or port_of(settings)
    _must_be_free(args.host, port)
    with embedded.database(settings) as url:
        asyncio.run(_must_fit(url))
        # The processes that uvicorn starts read their settings again; they must find the same database.
        os.environ["DATABASE_URL"] = url
        print(f"The portal is at {settings.portal_public_url} (listening on {args.host}:{port}).", flush=True)
        uvicorn.run(
            "claims_portal.serving:Served",
            factory=True,
            host=args.host,
            port=port,
            workers=args.workers,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_level="warning",
        )
    return 0


def port_of(settings: PortalSettings) -> int:
    """Where we listen if nobody says: in a trial where the address leads, for nothing stands before us there."""
    return PORT if settings.is_secure else urlsplit(settings.portal_public_url).port or PORT


def _must_be_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise Misconfigured(f"cannot listen on {host}:{port} ({error.strerror}); choose another --port") from None


async def _must_fit(url: str) -> None:
    engine = make_engine(url)
    try:
        await shape.must_fit(engine)
    finally:
        await engine.dispose()
