"""Calls to a ClaimCenter: its headers, its token, its envelope.

Facts from the published description of the Cloud API: no rate limits and no `Retry-After` are promised, so both are
taken as they come; a claim that we may not see answers 404; unknown properties are rejected unless a header says so.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson

from backoffice_adapter.settings import ClaimCenterConfig, secret
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.http import Calls, Grant, Patience, Renewed, Sleep
from claims_core.errors import SourceRefused

HEADERS = {
    "Accept": "application/json",
    # A server that knows a field less than we do must not refuse the whole call.
    "GW-UnknownPropertyHandling": "log",
    "GW-UnknownQueryParamHandling": "reject",
}


class Absent(Exception):
    """404: absent or hidden from us. Never a reason to delete anything."""


class Garbled(SourceRefused):
    """All of an answer arrived, and no parser takes it; `raw` is its body, and the text names the field to blame."""

    def __init__(self, raw: bytes, reason: str) -> None:
        super().__init__(reason)
        self.raw = raw


class Transport:
    """One ClaimCenter's REST interface. At most `parallel` calls are under way at once."""

    def __init__(
        self,
        config: ClaimCenterConfig,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._config = config
        patience = Patience(config.timeout, config.tries, config.longest_wait, config.parallel)
        identity = Renewed(config.name, _grant(config))
        self._calls = Calls(
            config.name, identity, patience, is_whole=is_whole, headers=HEADERS, transport=transport, sleep=sleep
        )

    async def close(self) -> None:
        """Give back the connections."""
        await self._calls.close()

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer to a GET of `path` below `/rest`.

        Raises `Absent`, `Garbled`, `SourceRefused`, `SourceUnavailable`.
        """
        answer = await self.call("GET", path, params=params)
        if answer.status_code == 404:
            raise Absent(path)
        if answer.status_code != 200:
            raise SourceRefused(f"GET {path.partition('?')[0]}: {told(answer)}")
        try:
            said: dict[str, Any] = orjson.loads(answer.content)
        except orjson.JSONDecodeError as problem:
            reason = json_text.named(answer.content) or f"is not JSON: {problem.msg}"
            raise Garbled(answer.content, f"{path.partition('?')[0]}: {reason}") from problem
        return said

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
        sent: dict[str, Any] = {"params": params, "headers": dict(headers or {})}
        if body is not None:
            sent["content"] = orjson.dumps(body)
            sent["headers"]["Content-Type"] = "application/json"
        url = f"{self._config.base_url}/rest{path}"
        return await self._calls.call(method, url, place=path.partition("?")[0], **sent)


def _grant(config: ClaimCenterConfig) -> Grant:
    return Grant(
        config.token_url,
        secret(config.login_id_env),
        secret(config.login_secret_env),
        scope=config.scope,
        in_body=config.token_auth == "body",  # noqa: S105 - a way, not a secret
    )


def is_whole(answer: httpx.Response) -> bool:
    """Did the whole body arrive? A cut answer is as good as none; what is closed and no parser takes has one claim to
    blame.
    """
    said = answer.content.strip()
    if answer.status_code >= 300 or not said:
        return True
    try:
        return isinstance(orjson.loads(said), dict)
    except orjson.JSONDecodeError:
        return said.startswith(b"{") and said.endswith(b"}") and json_text.is_closed(said)


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


def as_moment(value: Any) -> datetime | None:
    """A timestamp of ClaimCenter; None if it is none."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
