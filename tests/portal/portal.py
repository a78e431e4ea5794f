"""A portal in the test's own process, and a browser of few manners to visit it with."""

import atexit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_portal.app import create_app
from claims_portal.settings import PortalSettings
from notifier.settings import Market, NotifierSettings
from sandbox.max import Bot as MaxBot
from sandbox.telegram import Bot

NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)  # a Monday, 12:00 in Moscow
PUBLIC_URL = "https://claims.example"
SECRET = SecretStr("a secret of the tests, long enough for all of them")

# What people send in a test lies here, and nowhere in the checkout.
FILES = TemporaryDirectory()
atexit.register(FILES.cleanup)


def portal_settings(**over: Any) -> PortalSettings:
    """Settings of a production portal, whatever the surroundings say."""
    given = {
        "portal_public_url": PUBLIC_URL,
        "portal_short_url": "https://pr.example",
        "portal_secret_key": SECRET,
        "claims_data_dir": Path(FILES.name),
        "portal_brand_name": "Тест Страхование",
        "portal_brand_phone": "8 800 000-00-00",
        **over,
    }
    return PortalSettings(_env_file=None, **given)


def notifier_settings(settings: PortalSettings) -> NotifierSettings:
    """How messages leave in the tests of the portal: quiet hours on, the default cadence."""
    return NotifierSettings(
        _env_file=None,
        portal_public_url=settings.portal_public_url,
        portal_short_url=settings.portal_short_url,
        portal_secret_key=settings.portal_secret_key,
    )


class Clock:
    """The time of a test; moved by hand."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def portal_app(
    engine: AsyncEngine,
    pool: asyncpg.Pool,
    clock: Clock | None = None,
    *,
    bot: Bot | None = None,
    max_bot: MaxBot | None = None,
    told: dict[str, Any] | None = None,
    **over: Any,
) -> FastAPI:
    """A portal on the test's database; its time is the clock's. With a `bot` its messenger may be connected.

    `told` changes the settings of the notifier.
    """
    settings = portal_settings(**over)
    notifier = notifier_settings(settings)
    if bot is not None:
        values = {
            "notifier_market": Market.EU,
            "telegram_bot_token": SecretStr(bot.token),
            "telegram_bot_name": bot.name,
            "telegram_webhook_secret": SecretStr(bot.secret),
        }
        notifier = notifier.model_copy(update=values)
    if max_bot is not None:
        values = {
            "max_bot_token": SecretStr(max_bot.token),
            "max_bot_name": max_bot.name,
            "max_webhook_secret": SecretStr(max_bot.secret),
        }
        notifier = notifier.model_copy(update=values)
    notifier = notifier.model_copy(update=told or {})
    return create_app(settings, engine, pool, notifier=notifier, clock=clock or Clock())


@asynccontextmanager
async def visiting(
    app: FastAPI, *, address: str = "198.51.100.7", headers: dict[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A browser on the portal's own pages: it keeps cookies and says where its forms come from.

    It takes no packed answers: packed, a page is as long as the number drawn for its receipt lets it be.
    """
    transport = httpx.ASGITransport(app, client=(address, 40000), raise_app_exceptions=False)
    plain = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "ru", "Accept-Encoding": "identity"}
    manners = plain | (headers or {})
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL, headers=manners) as browser:
        yield browser
