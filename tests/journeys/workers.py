"""Notifier processes to be killed: forked from one that has everything imported, or fresh with a failpoint."""

import asyncio
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from claims_core.clock import utc_now
from claims_core.db import open_pool
from claims_core.settings import read_settings
from notifier.process import open_channels, serve
from notifier.receipts import receive_at_once
from notifier.resolve import resolve_once
from notifier.settings import NotifierSettings

# CHAOS_VERBOSE=1 shows what a notifier says before it dies by itself.
LAST_WORDS = None if os.environ.get("CHAOS_VERBOSE") else asyncio.subprocess.DEVNULL
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
PROVIDER = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_FROM": "+15550001111",
    "PORTAL_PUBLIC_URL": "https://claims.example.org",
    "PORTAL_SECRET_KEY": "k" * 32,
}


def surroundings(url: str, provider: str, **more: str) -> dict[str, str]:
    """The environment of a notifier on this database with this provider."""
    own = {"DATABASE_URL": url, "TWILIO_API_BASE_URL": provider, "CLAIMS_ENV_FILE": "", **PACE, **PROVIDER}
    return {**os.environ, **own, **more}


async def fresh(
    url: str, provider: str, *, failpoints: str = "", work: tuple[str, ...] = ("once",)
) -> asyncio.subprocess.Process:
    """A notifier in an interpreter of its own; or, with `report TOKEN REF WORD`, who takes one receipt."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.journeys.workers",
        *work,
        env=surroundings(url, provider, FAILPOINTS=failpoints),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=LAST_WORDS,
    )


class Nursery:
    """A process that has imported everything and forks a notifier when asked; so a thousand kills are quick."""

    def __init__(self, url: str, provider: str) -> None:
        self._environ = surroundings(url, provider)

    async def __aenter__(self) -> "Nursery":
        self._mother = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.journeys.workers",
            "nursery",
            env=self._environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=LAST_WORDS,
        )
        assert self._mother.stdout is not None
        await self._mother.stdout.readline()
        return self

    async def __aexit__(self, *_: Any) -> None:
        assert self._mother.stdin is not None
        self._mother.stdin.close()
        await self._mother.wait()

    async def born(self) -> int:
        """Fork a notifier; its process id."""
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        self._mother.stdin.write(b"one\n")
        return int(await self._mother.stdout.readline())


def kill(pid: int) -> None:
    """SIGKILL: nothing is flushed, nothing is cleaned up. Raises ProcessLookupError if it died by itself before."""
    os.kill(pid, signal.SIGKILL)


def _nursery() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    print("ready", flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _work()
            os._exit(0)
        print(pid, flush=True)


def _work() -> None:
    asyncio.run(_serve())


async def _serve() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    url = os.environ["DATABASE_URL"]
    often = asyncio.create_task(_resolve_often(url))
    await serve(url, read_settings(NotifierSettings), stop)
    often.cancel()


async def _take_receipt(token: str, ref: str, word: str) -> None:
    pool = await open_pool(os.environ["DATABASE_URL"], size=1)
    form = {"MessageSid": ref, "MessageStatus": word}
    await receive_at_once(pool, provider="twilio", token=token, form=form, now=utc_now())
    await pool.close()


async def _resolve_often(url: str) -> None:
    """The product looks every five seconds; a life of half a second would never see it."""
    settings, pool = read_settings(NotifierSettings), await open_pool(url, size=2)
    channels = open_channels(settings)
    while True:
        await resolve_once(pool, channels, now=utc_now(), back_off=timedelta(seconds=0.2))
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    if sys.argv[1] == "report":
        asyncio.run(_take_receipt(*sys.argv[2:]))
    else:
        _nursery() if sys.argv[1] == "nursery" else _work()
