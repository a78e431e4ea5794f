"""Providers of OpenID Connect for tests: a real one on this machine, and one of our own that lies as it is told."""

import base64
import hashlib
import hmac
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from pydantic import SecretStr

from claims_portal.oidc import Provider
from claims_portal.oidc.tokens import LOGOUT_EVENT
from tests.portal.portal import portal_settings

ISSUER, CLIENT = "https://login.example/realms/insurer", "the-desk"
TABLE = (
    {"group": "heads", "role": "supervisor", "team": "Motor"},
    {"group": "claims", "role": "handler"},
    {"group": "audit", "role": "auditor"},
)
FROM_ELSEWHERE = {"Sec-Fetch-Site": "cross-site"}


def offer(app: FastAPI, issuer: str = ISSUER, transport: httpx.AsyncBaseTransport | None = None, **over: Any) -> None:
    """Let people into `app` by the provider at `issuer`."""
    given = {
        "oidc_issuer": issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SecretStr("a secret of the provider"),
        "oidc_groups": TABLE,
        **over,
    }
    settings = portal_settings(**given)
    provider = Provider(settings, settings.portal_public_url, transport=transport)
    app.state.portal = replace(app.state.portal, settings=settings, oidc=provider)


@contextmanager
def real_provider() -> Iterator[str]:
    """The address of `oidc-provider-mock`, a provider on Authlib's own server side."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is written for the Authlib of before
        from oidc_provider_mock import run_server_in_thread  # noqa: PLC0415
    with run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@cache
def ec_key(kid: str = "today") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


@cache
def rsa_key(kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


def signed(claims: Mapping[str, Any], key: Any = None, **header: Any) -> str:
    """A token as the provider signs it."""
    key = key or ec_key()
    named = {"alg": "RS256" if isinstance(key, RSAKey) else "ES256", "kid": key.kid, **header}
    return jws.serialize_compact(named, json.dumps(claims).encode(), key, algorithms=["ES256", "RS256"])


def by_hand(claims: Mapping[str, Any], header: Mapping[str, Any], secret: bytes | None = None) -> str:
    """A token that no library would make: unsigned, or signed with what everybody knows."""
    head, said = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    mac = hmac.digest(secret, head + b"." + said, hashlib.sha256) if secret is not None else b""
    return b".".join((head, said, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def id_claims(now: float, nonce: str, /, **over: Any) -> dict[str, Any]:
    """What a provider says of Marina, a handler; None takes a claim out."""
    said = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "marina",
        "iat": int(now),
        "exp": int(now) + 300,
        "nonce": nonce,
        "preferred_username": "m.kotova",
        "name": "Марина Котова",
        "email": "m.kotova@insurer.example",
        "groups": ["everybody", "claims"],
        "sid": "session-1",
        **over,
    }
    return {name: value for name, value in said.items() if value is not None}


def out_claims(now: float, jti: str = "out-1", **over: Any) -> dict[str, Any]:
    """What a provider says when it signs Marina out."""
    said = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "marina",
        "iat": int(now),
        "exp": int(now) + 120,
        "jti": jti,
        "events": {LOGOUT_EVENT: {}},
        **over,
    }
    return {name: value for name, value in said.items() if value is not None}


@dataclass
class Liar:
    """A provider over no network: documents, keys and an answer to the code, each as a test wants it."""

    token: str = ""
    keys: list[Any] = field(default_factory=lambda: [ec_key()])
    document: dict[str, Any] = field(default_factory=dict)
    answer: httpx.Response | None = None
    userinfo: dict[str, Any] | None = None
    is_away: bool = False
    asked: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def keys_read(self) -> int:
        return sum(request.url.path.endswith("/jwks") for request in self.asked)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.is_away:
            raise httpx.ConnectError("nobody there", request=request)
        place = request.url.path.rsplit("/", 1)[-1]
        if place == "openid-configuration":
            doors = {"authorization": "auth", "token": "token", "userinfo": "userinfo", "end_session": "logout"}
            known = {f"{name}_endpoint": f"{ISSUER}/{path}" for name, path in doors.items()}
            return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks", **known, **self.document})
        if place == "jwks":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        if place == "userinfo":
            return httpx.Response(200, json=self.userinfo)
        return self.answer or httpx.Response(200, json={"access_token": "a", "id_token": self.token})


async def begin(browser: httpx.AsyncClient, next: str = "/desk") -> dict[str, str]:
    """Press the link; what the browser carries to the provider."""
    gone = await browser.get("/desk/oidc/sign-in", params={"next": next})
    assert gone.status_code == 303, gone.text
    return {name: values[0] for name, values in parse_qs(urlsplit(gone.headers["location"]).query).items()}


async def come_back(browser: httpx.AsyncClient, **said: str) -> httpx.Response:
    """Back from the provider, as a link on its page would bring them."""
    return await browser.get("/desk/oidc/callback", params=said, headers=FROM_ELSEWHERE)


async def sign_in(browser: httpx.AsyncClient, liar: Liar, now: float, **over: Any) -> httpx.Response:
    """The whole way with a good token, whose claims may be changed."""
    carried = await begin(browser)
    liar.token = signed(id_claims(now, carried["nonce"], **over))
    return await come_back(browser, state=carried["state"], code="a-code")
