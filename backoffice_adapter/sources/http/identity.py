"""Who we are to a back office: nobody, a name and a secret, a given token, or one that is fetched and renewed."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx
import orjson
from pydantic import SecretStr

from claims_core.errors import SourceRefused

_RENEW_BEFORE, _SHORTEST, _USUAL = 30.0, 60.0, 300.0


class Identity(Protocol):
    """Gives the value of the header `Authorization`."""

    async def header(self, http: httpx.AsyncClient, *, stale: str | None = None) -> str | None:
        """What holds now; never `stale`, which the server has just refused, if there is a way to another one."""


@dataclass(frozen=True)
class Constant:
    """The same word always, or none."""

    word: str | None = field(default=None, repr=False)

    async def header(self, http: httpx.AsyncClient, *, stale: str | None = None) -> str | None:
        """The word; a refused one has no successor."""
        return self.word


def basic(login: str, secret: SecretStr) -> Constant:
    """A name and a secret, as RFC 7617 writes them."""
    pair = b64encode(f"{login}:{secret.get_secret_value()}".encode()).decode()
    return Constant(f"Basic {pair}")


def bearer(token: SecretStr) -> Constant:
    """A token that somebody gave us."""
    return Constant(f"Bearer {token.get_secret_value()}")


@dataclass(frozen=True)
class Grant:
    """What the OAuth2 client credentials grant needs; `in_body` puts name and secret into the form."""

    url: str
    login: SecretStr
    secret: SecretStr
    scope: str | None = None
    in_body: bool = False


class Renewed:
    """A token of the client credentials grant, renewed before its end and when the server no longer takes it."""

    def __init__(self, name: str, grant: Grant) -> None:
        self._name, self._grant = name, grant
        self._renewing, self._token, self._ends = asyncio.Lock(), "", 0.0

    async def header(self, http: httpx.AsyncClient, *, stale: str | None = None) -> str | None:
        """The token in force. Raises `SourceRefused` when the token service says no, httpx's errors when it is away."""
        async with self._renewing:
            ending = asyncio.get_running_loop().time() > self._ends - _RENEW_BEFORE
            if not self._token or ending or f"Bearer {self._token}" == stale:
                await self._renew(http)
            return f"Bearer {self._token}"

    async def _renew(self, http: httpx.AsyncClient) -> None:
        answer = await http.post(self._grant.url, data=self._form(), auth=self._login())
        if answer.status_code == 429 or answer.status_code >= 500:
            raise httpx.RemoteProtocolError(f"the token service answers {answer.status_code}")
        if answer.status_code != 200:
            raise SourceRefused(f"{self._name}: the token service answers {answer.status_code}")
        said = _object(answer.content)
        token, lives = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise SourceRefused(f"{self._name}: the token service gave no access_token")
        known = isinstance(lives, int | float) or (isinstance(lives, str) and lives.isdecimal())
        self._token = token
        self._ends = asyncio.get_running_loop().time() + max(float(lives or _USUAL) if known else _USUAL, _SHORTEST)

    def _form(self) -> dict[str, str]:
        grant, form = self._grant, {"grant_type": "client_credentials"}
        if grant.scope:
            form["scope"] = grant.scope
        if grant.in_body:
            form["client_id"] = grant.login.get_secret_value()
            form["client_secret"] = grant.secret.get_secret_value()
        return form

    def _login(self) -> Any:
        grant = self._grant
        if grant.in_body:
            return httpx.USE_CLIENT_DEFAULT
        return httpx.BasicAuth(grant.login.get_secret_value(), grant.secret.get_secret_value())


def _object(content: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
