"""Notifier processes to be killed, at a failpoint or from outside."""

import asyncio
import os
import signal
from datetime import timedelta

from claims_core.clock import utc_now
from claims_core.db import open_pool, pool_scope
from claims_core.settings import read_settings
from notifier.channels.ways import open_channels
from notifier.incoming.carriers import find_owners
from notifier.process import serve
from notifier.reports.receipts import report_of, unpark
from notifier.reports.receiving import Receiving
from notifier.reports.resolve import resolve_once
from notifier.settings import NotifierSettings
from tests.forked import Forked

# Short spans, so that a loop of kills meets every phase: call, lease, look-up, repeat.
PACE = {
    "NOTIFIER_CALL_DEADLINE": "PT0.5S",
    "NOTIFIER_LEASE": "PT1.5S",
    "NOTIFIER_LISTING_LAG": "PT0.3S",
    "NOTIFIER_POLL": "PT0.1S",
    "NOTIFIER_IN_FLIGHT": "16",
    "NOTIFIER_RATE_PER_SECOND": "1000",
    "NOTIFIER_QUIET_HOURS": "false",
    "NOTIFIER_DAILY_CAP": "0",
    "NOTIFIER_CADENCE": "frequent",
    "NOTIFIER_MARKET": "us",
}
# Longer than a look-up takes, so that nobody else looks meanwhile.
IN_HAND = timedelta(seconds=1)
# An SMSC cannot be asked, and reports within moments: the ten minutes that we hope for it, for a loop of short lives.
HOPED_FOR = timedelta(seconds=10)
PROVIDER = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+15550001111",
    "PORTAL_PUBLIC_URL": "https://claims.example.org",
    "PORTAL_SECRET_KEY": "k" * 32,
}


def a_bind(smsc: str, roads: str) -> dict[str, str]:
    """The second provider of SMS, and which of the two comes first."""
    return {"SMPP_URL": smsc, "SMPP_FROM": "PRIMER", "NOTIFIER_SMS_ROADS": roads}


def surroundings(url: str, provider: str, **more: str) -> dict[str, str]:
    """The environment of a notifier on this database with this provider."""
    return {"DATABASE_URL": url, "TWILIO_API_BASE_URL": provider, **PACE, **PROVIDER, **more}


def a_notifier(url: str, provider: str, *, failpoints: str = "", **more: str) -> Forked:
    """A notifier in a process of its own, begun."""
    return Forked(_work, environ=surroundings(url, provider, FAILPOINTS=failpoints, **more))


def a_reporter(url: str, provider: str, *report: str, failpoints: str = "") -> Forked:
    """Who takes one receipt: its token, the provider's reference, the word."""
    return Forked(_report, *report, environ=surroundings(url, provider, FAILPOINTS=failpoints))


async def killed(process: Forked) -> None:
    """Kill it; that it died by itself before is a failure of its own."""
    process.kill()
    assert await process.wait() == -signal.SIGKILL, "the notifier ended by itself"


def _work() -> None:
    asyncio.run(_serve())


def _report(token: str, ref: str, word: str) -> None:
    asyncio.run(_take_receipt(token, ref, word))


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    url = os.environ["DATABASE_URL"]
    often = asyncio.create_task(_resolve_often(url))
    await serve(url, read_settings(NotifierSettings), stop)
    often.cancel()


async def _take_receipt(token: str, ref: str, word: str) -> None:
    pool = await open_pool(os.environ["DATABASE_URL"], size=1)
    report = report_of({"MessageSid": ref, "MessageStatus": word})
    await Receiving(pool).receive(report, provider="twilio", token=token, now=utc_now())
    await pool.close()


async def _resolve_often(url: str) -> None:
    """The product looks every five seconds: no short life would ever see it."""
    settings, pool = read_settings(NotifierSettings), await open_pool(url, size=2)
    channels = open_channels(settings)
    while True:
        async with pool_scope(pool) as connection:
            await find_owners(connection, now=utc_now())
            await unpark(connection, now=utc_now())
        await resolve_once(
            pool, channels, now=utc_now(), back_off=timedelta(seconds=0.2), in_hand=IN_HAND, held=HOPED_FOR
        )
        await asyncio.sleep(0.2)
