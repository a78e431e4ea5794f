"""What every route may reach: the settings, the database, the time; and how the page is to look."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from backoffice_adapter.notices import Doors
from claims_core.db import POOL_SIZE
from claims_portal.brand import Worn
from claims_portal.footprints import Footprints
from claims_portal.kept_pages import KeptPages
from claims_portal.news import News
from claims_portal.oidc import Provider
from claims_portal.readings import Readings
from claims_portal.settings import PortalSettings
from notifier.reports.receiving import Receiving
from notifier.settings import NotifierSettings


@dataclass(frozen=True, slots=True)
class Look:
    """How one answer looks: `path` is the address without a language prefix, for the switch on the page."""

    language: str = "ru"
    theme: str | None = None
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal process. `pool` serves the few hot reads, `engine` everything else."""

    settings: PortalSettings
    engine: AsyncEngine
    pool: asyncpg.Pool
    notifier: NotifierSettings
    clock: Callable[[], datetime]
    receiving: Receiving
    # How the insurer looks and signs.
    brand: Worn
    # The back offices that may tell us of changes by themselves.
    doors: Doors = field(default_factory=Doors)
    footprints: Footprints = field(default_factory=Footprints)
    readings: Readings = field(default_factory=Readings)
    news: News = field(default_factory=News)
    kept_pages: KeptPages = field(default_factory=KeptPages)
    # Page after page in the order they came: the pool alone gives a connection to whoever happens to ask when one is
    # free, and some then wait ten times as long as most. Fewer than it has: what runs beside the pages finds one.
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(POOL_SIZE - 2))
    # The insurer's own sign-in, if there is one.
    oidc: Provider | None = None
    # Set when somebody asked for a code: the sender beside the pages waits for it.
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    # Set while the database is not this installation's own (`claims_portal.copied`).
    copied: asyncio.Event = field(default_factory=asyncio.Event)

    def wake_sender(self) -> None:
        """Somebody asked for a code."""
        self.asked.set()


def portal_of(request: HTTPConnection) -> Portal:
    """The portal that answers this request."""
    return cast(Portal, request.app.state.portal)


def now_of(request: HTTPConnection) -> datetime:
    """The moment of this request; decisions get it as an argument."""
    return portal_of(request).clock()


def look_of(request: HTTPConnection) -> Look:
    """The language and theme of this request."""
    return cast(Look, request.scope.get("look") or Look())


def network_of(request: HTTPConnection) -> str:
    """The network of the caller, for counting: a /24 of IPv4, a /56 of IPv6. The peer, unless a proxy is trusted."""
    host = request.client.host if request.client else "none"
    if ":" in host:
        return ":".join(host.split(":")[:4])[:17]
    return host.rpartition(".")[0] or host
