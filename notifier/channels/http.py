"""One call to a provider's HTTP, and what its end means: what never left, what may have arrived, what was answered."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from claims_core.errors import AmbiguousHandOver, TemporaryChannelFailure

CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answered:
    """A complete answer; `said` is None if it is no JSON object."""

    http_code: int
    said: dict[str, Any] | None
    headers: Mapping[str, str]


def open_session(
    *, headers: Mapping[str, str] | None = None, trust: ssl.SSLContext | None = None
) -> aiohttp.ClientSession:
    """A session of a channel's own. How many calls are open at once the sender decides."""
    connector = aiohttp.TCPConnector(limit=0, ssl=trust) if trust else aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=dict(headers or {}),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
    )


async def ask_once(session: aiohttp.ClientSession, method: str, url: str, *, deadline: float, **what: Any) -> Answered:
    """One call within `deadline` seconds, no repeat, no redirect.

    `TemporaryChannelFailure` if no byte of it can have left, `AmbiguousHandOver` if nobody can tell. The causes are not
    passed on: their words name the address, which may hold a token.
    """
    try:
        async with (
            asyncio.timeout(deadline),
            session.request(method, url, allow_redirects=False, **what) as answer,
        ):
            return Answered(answer.status, _read(await answer.read()), dict(answer.headers))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
        raise TemporaryChannelFailure(f"no connection: {type(problem).__name__}", code="unreachable") from None
    except TimeoutError:
        raise AmbiguousHandOver("no answer within the deadline", code="deadline") from None
    except (aiohttp.ClientError, OSError) as problem:
        raise AmbiguousHandOver(f"no answer: {type(problem).__name__}", code="no_answer") from None


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None
