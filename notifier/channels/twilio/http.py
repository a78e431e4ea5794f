"""The SDK's way to the network: our own session, address and deadline, and failures that say what to do next.

The SDK's own asynchronous client ignores its timeout, keeps a pool of 100, logs telephone numbers in query strings
and hides the headers of a refusal (facts/libraries 4, tried with twilio 9.13).
"""

import json
from base64 import b64encode
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from yarl import URL

from claims_core.errors import AmbiguousHandOver, TemporaryChannelFailure
from notifier.channels.twilio.words import failure_of

CONNECT_SECONDS = 5.0


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]
    """One request, no retry, no redirect. Anything but 2xx raises a `ChannelError`."""

    def __init__(self, *, account_sid: str, auth_token: str, base_url: str | None) -> None:
        self.is_async = True
        self._base = base_url.rstrip("/") if base_url else None
        self._auth = "Basic " + b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._session = aiohttp.ClientSession(
            # How many calls are open at once the sender decides; a pool below that would hold up an urgent one.
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        )

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: object = None,
        timeout: float | None = None,  # noqa: ASYNC109 (the SDK's signature; the deadline is around the call)
        allow_redirects: bool = False,
    ) -> Response:
        """Ask once. `TemporaryChannelFailure` if no byte of the request can have left, or the answer says so."""
        # Of what we send nothing is a list; yarl writes a form in a quarter of the time of the standard library.
        body = URL.build(query=data).raw_query_string.encode() if data else None
        sent_headers = {**(headers or {}), "Authorization": self._auth}
        try:
            async with self._session.request(
                method, self._rebased(url), params=params, data=body, headers=sent_headers, allow_redirects=False
            ) as answer:
                # JSON is UTF-8 (RFC 8259, 8.1); to look for another charset costs as much as to read it.
                text = (await answer.read()).decode()
                status, answered = answer.status, answer.headers
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
            raise TemporaryChannelFailure(f"no connection: {type(problem).__name__}", code="unreachable") from problem
        except (aiohttp.ClientError, OSError, UnicodeDecodeError) as problem:
            raise AmbiguousHandOver(f"no answer: {type(problem).__name__}", code="no_answer") from problem
        if not 200 <= status < 300:
            raise failure_of(status, _code_in(text), retry_after=seconds_in(answered))
        return Response(status, text, answered)

    def _rebased(self, url: str) -> URL:
        if self._base is None:
            return URL(url)
        parts = urlsplit(url)
        return URL(self._base + parts.path + (f"?{parts.query}" if parts.query else ""))

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def _code_in(text: str) -> str | None:
    try:
        code = json.loads(text)["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(code) if isinstance(code, int | str) else None


def seconds_in(headers: Any) -> float | None:
    """The wait that `Retry-After` asks for: seconds, or a date against the answer's own `Date`. None if unreadable."""
    asked = headers.get("Retry-After")
    try:
        if asked is None or asked.strip().isdigit():
            return float(asked) if asked else None
        wait = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date"))
    except (ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())
