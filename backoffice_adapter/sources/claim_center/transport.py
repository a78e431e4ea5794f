"""Calls to a ClaimCenter: a token that is renewed, patience with a busy server, and answers that are whole.

Facts from the published description of the Cloud API: no rate limits and no `Retry-After` are promised, so both are
taken as they come; a claim that we may not see answers 404; unknown properties are rejected unless a header says so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from backoffice_adapter.settings import ClaimCenterConfig, secret
from claims_core.errors import SourceRefused, SourceUnavailable

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]
HEADERS = {
    "Accept": "application/json",
    # A server that knows a field less than we do must not refuse the whole call.
    "GW-UnknownPropertyHandling": "log",
    "GW-UnknownQueryParamHandling": "reject",
}
_SOONEST, _RENEW_BEFORE = 0.5, 30.0
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


class Absent(Exception):
    """404: absent or hidden from us. Never a reason to delete anything."""


class Transport:
    """One ClaimCenter's REST interface. At most `parallel` calls are under way at once."""

    def __init__(
        self,
        config: ClaimCenterConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._config, self._sleep = config, sleep
        self._places = asyncio.Semaphore(config.parallel)
        self._renewing, self._token, self._token_ends = asyncio.Lock(), "", 0.0
        self._http = httpx.AsyncClient(
            headers=HEADERS,
            timeout=config.timeout.total_seconds(),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=config.parallel, max_keepalive_connections=config.parallel),
        )
        self._secret = httpx.BasicAuth(
            secret(config.login_id_env).get_secret_value(), secret(config.login_secret_env).get_secret_value()
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a GET of `path` below `/rest`. Raises `Absent`, `SourceRefused`, `SourceUnavailable`."""
        answer = await self.call("GET", path, params=params)
        if answer.status_code == 404:
            raise Absent(path)
        if answer.status_code != 200:
            raise SourceRefused(f"GET {path.partition('?')[0]}: {told(answer)}")
        return as_object(answer)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A whole answer below 500. A busy or silent server is asked again, up to `tries` times, then given up.

        A call that changes something must carry a transaction id, so that a second one does nothing.
        """
        content = None if body is None else orjson.dumps(body)
        problem = ""
        for attempt in range(self._config.tries):
            try:
                async with self._places:
                    answer = await self._authorised(method, path, params=params, content=content, headers=headers or {})
            except httpx.TransportError as failure:
                problem, wait = type(failure).__name__, None
            else:
                if answer.status_code not in _BUSY and is_whole(answer):
                    return answer
                problem, wait = f"HTTP {answer.status_code}", retry_after(answer)
            if attempt + 1 < self._config.tries:
                await self._wait(attempt, wait, problem)
        raise SourceUnavailable(f"{self._config.name}: {method} {path.partition('?')[0]}: {problem}")

    async def _wait(self, attempt: int, asked: float | None, problem: str) -> None:
        longest = self._config.longest_wait.total_seconds()
        if asked is not None and asked > longest:
            raise SourceUnavailable(f"{self._config.name}: {problem}, and wants us back in {asked:.0f} s")
        pause = asked if asked is not None else min(longest, _SOONEST * 2**attempt)
        log.warning("source_busy", extra={"source": self._config.name, "problem": problem, "seconds": round(pause, 1)})
        await self._sleep(pause)

    async def _authorised(
        self, method: str, path: str, *, params: Any, content: bytes | None, headers: Mapping[str, str]
    ) -> httpx.Response:
        token = await self._current_token(stale=None)
        answer = await self._send(method, path, params, content, headers, token)
        if answer.status_code == 401:
            token = await self._current_token(stale=token)
            answer = await self._send(method, path, params, content, headers, token)
        return answer

    async def _send(
        self, method: str, path: str, params: Any, content: bytes | None, headers: Mapping[str, str], token: str
    ) -> httpx.Response:
        said = {"Authorization": f"Bearer {token}", **headers}
        if content is not None:
            said["Content-Type"] = "application/json"
        url = f"{self._config.base_url}/rest{path}"
        return await self._http.request(method, url, params=params, content=content, headers=said)

    async def _current_token(self, *, stale: str | None) -> str:
        """The token in force; renewed before its end, or at once when the server no longer takes `stale`."""
        async with self._renewing:
            ending = asyncio.get_running_loop().time() > self._token_ends - _RENEW_BEFORE
            if not self._token or ending or self._token == stale:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        config, form = self._config, {"grant_type": "client_credentials"}
        if config.scope:
            form["scope"] = config.scope
        auth: httpx.BasicAuth | None = self._secret
        if config.token_auth == "body":  # noqa: S105 - a way, not a secret
            auth = None
            form["client_id"] = secret(config.login_id_env).get_secret_value()
            form["client_secret"] = secret(config.login_secret_env).get_secret_value()
        answer = await self._http.post(config.token_url, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)
        if answer.status_code in _BUSY:
            raise httpx.RemoteProtocolError(f"the token service answers {answer.status_code}")
        if answer.status_code != 200:
            raise SourceRefused(f"{config.name}: the token service answers {answer.status_code}")
        said = as_object(answer)
        if not isinstance(said.get("access_token"), str):
            raise SourceRefused(f"{config.name}: the token service gave no access_token")
        self._token = said["access_token"]
        self._token_ends = asyncio.get_running_loop().time() + max(float(said.get("expires_in") or 300), 60.0)


def is_whole(answer: httpx.Response) -> bool:
    """Did the whole body arrive, as JSON? A cut answer is as good as none."""
    if answer.status_code >= 300 or not answer.content:
        return True
    try:
        return isinstance(orjson.loads(answer.content), dict)
    except orjson.JSONDecodeError:
        return False


def as_object(answer: httpx.Response) -> dict[str, Any]:
    """The body as an object; empty where it is none."""
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def told(answer: httpx.Response) -> str:
    """What a refusal says, in one line: number, error class, message."""
    said = as_object(answer)
    words = [str(answer.status_code), str(said.get("errorCode") or ""), str(said.get("userMessage") or "")]
    return " ".join(word for word in words if word)[:500]


def retry_after(answer: httpx.Response) -> float | None:
    """`Retry-After` in seconds, from a number or a date; None if it is absent or unreadable."""
    said = answer.headers.get("Retry-After", "").strip()
    if said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
        asked = parsedate_to_datetime(answer.headers["Date"])
    except (ValueError, TypeError, KeyError):
        return None
    return max(0.0, (moment.astimezone(UTC) - asked.astimezone(UTC)).total_seconds())


def as_moment(value: Any) -> datetime | None:
    """A timestamp of ClaimCenter; None if it is none."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
