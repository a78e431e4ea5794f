"""Calls over HTTP with patience: a busy or silent server is asked again, and only a whole answer counts."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from backoffice_adapter.sources.http.identity import Identity
from claims_core.errors import SourceUnavailable

log = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]
_SOONEST = 0.5
_BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Patience:
    """How many calls at once, how long each may take, how often and how far apart it is tried again."""

    timeout: timedelta
    tries: int
    longest_wait: timedelta
    parallel: int = 1


class Calls:
    """One back office's HTTP interface. At most `patience.parallel` calls are under way at once."""

    def __init__(
        self,
        name: str,
        identity: Identity,
        patience: Patience,
        *,
        is_whole: Callable[[httpx.Response], bool],
        headers: Mapping[str, str],
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._name, self._identity, self._patience = name, identity, patience
        self._is_whole, self._sleep = is_whole, sleep
        self._places = asyncio.Semaphore(patience.parallel)
        self._http = httpx.AsyncClient(
            headers=dict(headers),
            timeout=patience.timeout.total_seconds(),
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(max_connections=patience.parallel, max_keepalive_connections=patience.parallel),
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._http.aclose()

    async def call(self, method: str, url: str, *, place: str, **sent: Any) -> httpx.Response:
        """A whole answer below 500; `place` is what errors call it. Raises `SourceUnavailable` after the last try.

        A call that changes something must carry a transaction id, so that a second one does nothing.
        """
        problem = ""
        for attempt in range(self._patience.tries):
            try:
                async with self._places:
                    answer = await self._authorised(method, url, sent)
            except httpx.RequestError as failure:
                problem, wait = _named(failure), None
            else:
                if answer.status_code not in _BUSY and self._is_whole(answer):
                    return answer
                problem, wait = _cut_or_busy(answer), retry_after(answer)
            if attempt + 1 < self._patience.tries:
                await self._wait(attempt, wait, problem)
        raise SourceUnavailable(f"{self._name}: {method} {place}: {problem}")

    async def _wait(self, attempt: int, asked: float | None, problem: str) -> None:
        longest = self._patience.longest_wait.total_seconds()
        if asked is not None and asked > longest:
            raise SourceUnavailable(f"{self._name}: {problem}, and wants us back in {asked:.0f} s")
        pause = asked if asked is not None else min(longest, _SOONEST * 2**attempt)
        log.warning("source_busy", extra={"source": self._name, "problem": problem, "seconds": round(pause, 1)})
        await self._sleep(pause)

    async def _authorised(self, method: str, url: str, sent: Mapping[str, Any]) -> httpx.Response:
        word = await self._identity.header(self._http)
        answer = await self._send(method, url, word, sent)
        if answer.status_code == 401:
            another = await self._identity.header(self._http, stale=word)
            if another != word:
                answer = await self._send(method, url, another, sent)
        return answer

    async def _send(self, method: str, url: str, word: str | None, sent: Mapping[str, Any]) -> httpx.Response:
        said = dict(sent.get("headers") or {})
        if word is not None:
            said["Authorization"] = word
        return await self._http.request(method, url, **{**sent, "headers": said})


def _named(failure: httpx.RequestError) -> str:
    """The kind of failure; of one in TLS or in finding the host the reason too, for an operator must act on it."""
    return f"{type(failure).__name__} {failure}".strip()[:200]


def _cut_or_busy(answer: httpx.Response) -> str:
    return f"HTTP {answer.status_code}" + ("" if answer.status_code in _BUSY else ", and its body is cut")


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
