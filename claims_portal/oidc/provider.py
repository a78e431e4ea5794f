"""The insurer's provider: its discovery document and keys, the way to it, and what it says of who comes back.

Authlib builds what is said and checks what is heard; the calls are made with our own HTTP client.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

import httpx
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import KeySet

from claims_portal.oidc import tokens
from claims_portal.oidc.begun import Begun
from claims_portal.oidc.documents import Discovered, certificates, discovered, key_set
from claims_portal.oidc.problems import CodeRefused, ProviderAway, TokenRefused
from claims_portal.oidc.tokens import Expected, KeyUnknown, SignedOut
from claims_portal.oidc_settings import OidcSettings

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
# Documents are read again after an hour; for a key that we do not know at once, but not more than twice a minute.
FRESH_SECONDS, KEYS_AGAIN_SECONDS = 3600.0, 30.0
_OURS = ("invalid_client", "unauthorized_client")
_Read = TypeVar("_Read")


class Provider:
    """One process's view of the provider. `transport` stands in for the network in tests."""

    def __init__(
        self, settings: OidcSettings, public_url: str, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        assert settings.oidc_issuer is not None
        assert settings.oidc_client_id is not None
        assert settings.oidc_client_secret is not None
        self.settings = settings
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret
        self._callback = f"{public_url}/desk/oidc/callback"
        self._after = f"{public_url}/desk/sign-in"
        self._transport = transport
        self._verify = certificates(settings.oidc_ca_file)
        self._documents: Discovered | None = None
        self._keys: KeySet | None = None
        self._documents_read = self._keys_read = float("-inf")

    async def way_in(self, begun: Begun) -> str:
        """Where to send the browser (code flow, PKCE S256). Raises `ProviderAway`."""
        known = await self.documents()
        address: str = prepare_grant_uri(
            known.authorization_endpoint,
            client_id=self._client_id,
            response_type="code",
            redirect_uri=self._callback,
            scope=self.settings.oidc_scopes,
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
        )
        return address

    async def way_out(self) -> str | None:
        """Where a person signs out at the provider, too; None when it has no such page. Raises `ProviderAway`.

        It gets no token as a hint, for we keep none, and asks the person instead.
        """
        known = await self.documents()
        if known.end_session_endpoint is None:
            return None
        hints = [("client_id", self._client_id), ("post_logout_redirect_uri", self._after)]
        address: str = add_params_to_uri(known.end_session_endpoint, hints)
        return address

    async def is_from_it(self, issuer: str | None) -> bool:
        """Does an answer in the browser come from it, by what it says (RFC 9207)? Raises `ProviderAway`."""
        known = await self.documents()
        return issuer == self.issuer or (issuer is None and not known.authorization_response_iss_parameter_supported)

    async def claims_for(self, code: str, begun: Begun, *, now: datetime) -> dict[str, Any]:
        """What the provider says of who comes back with `code`.

        Raises `ProviderAway`, `CodeRefused`, and `TokenRefused` for what is not believed.
        """
        known = await self.documents()
        answer = await self._exchange(known, code, begun)
        token, access = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise TokenRefused("no id_token")
        access = access if isinstance(access, str) else None
        claims = await self._checked(
            lambda keys: tokens.id_token(token, keys, self._expected(now), nonce=begun.nonce, access_token=access)
        )
        if self.settings.oidc_groups_claim not in claims and known.userinfo_endpoint and access:
            # Some providers keep the token thin and say the groups only when asked.
            return await self._told(known.userinfo_endpoint, access, claims["sub"]) | claims
        return claims

    async def signed_out(self, token: str, *, now: datetime) -> SignedOut:
        """Who was signed out, by a logout token that anybody may have sent. Raises `TokenRefused`, `ProviderAway`."""
        return await self._checked(lambda keys: tokens.logout_token(token, keys, self._expected(now)))

    async def try_out(self) -> str:
        """Read both documents now; a sentence for `claims doctor`. Raises `ProviderAway`."""
        known = await self.documents()
        keys = await self._read_keys()
        end = "has a page to sign out" if known.end_session_endpoint else "has no page to sign out"
        return f"{self.issuer}: keys to sign with: {len(keys.keys)}; it {end}"

    async def documents(self) -> Discovered:
        """The discovery document, at most an hour old; an older one while it cannot be read anew."""
        if self._documents is None or time.monotonic() - self._documents_read > FRESH_SECONDS:
            try:
                address = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._documents = discovered(await self._get(address), self.issuer)
            except ProviderAway:
                if self._documents is None:
                    raise
                log.warning("oidc_documents_old")
            self._documents_read = time.monotonic()
        return self._documents

    async def _checked(self, check: Callable[[KeySet], _Read]) -> _Read:
        """`check` with the keys we know, and once more with new ones for a key that we do not know."""
        keys = self._keys
        if keys is None or time.monotonic() - self._keys_read > FRESH_SECONDS:
            keys = await self._read_keys()
        try:
            return check(keys)
        except KeyUnknown:
            if time.monotonic() - self._keys_read < KEYS_AGAIN_SECONDS:
                raise
            return check(await self._read_keys())

    async def _read_keys(self) -> KeySet:
        known = await self.documents()
        self._keys = key_set(await self._get(known.jwks_uri))
        self._keys_read = time.monotonic()
        return self._keys

    async def _exchange(self, known: Discovered, code: str, begun: Begun) -> dict[str, Any]:
        """The provider's answer to the code. Raises `CodeRefused`, `ProviderAway`."""
        body = prepare_token_request(
            "authorization_code", redirect_uri=self._callback, code=code, code_verifier=begun.verifier
        )
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        auth = ClientAuth(self._client_id, self._secret.get_secret_value(), known.auth_method)
        url, headers, body = auth.prepare("POST", known.token_endpoint, form, body)
        answer = await self._call("POST", url, headers=headers, content=body)
        if answer.status_code in (400, 401, 403):
            said = _object(answer).get("error")
            log.warning("oidc_code_refused", extra={"is_ours": said in _OURS})
            raise CodeRefused(is_ours=said in _OURS)
        return _whole(answer)

    async def _told(self, url: str, access: str, subject: str) -> dict[str, Any]:
        said = _whole(await self._call("GET", url, headers={"Authorization": f"Bearer {access}"}))
        if said.get("sub") != subject:  # Core 1.0, 5.3.2: it may be about somebody else
            raise TokenRefused("sub")
        return said

    async def _get(self, url: str) -> dict[str, Any]:
        return _whole(await self._call("GET", url, headers={"Accept": "application/json"}))

    async def _call(self, method: str, url: str, **sent: Any) -> httpx.Response:
        try:
            async with httpx.AsyncClient(
                transport=self._transport, verify=self._verify, timeout=PATIENCE_SECONDS, trust_env=False
            ) as http:
                return await http.request(method, url, **sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("oidc_provider_away", extra={"kind": type(error).__name__})
            raise ProviderAway(f"the provider does not answer ({type(error).__name__})") from None

    def _expected(self, now: datetime) -> Expected:
        return Expected(self.issuer, self._client_id, now)


def _whole(answer: httpx.Response) -> dict[str, Any]:
    """The object of a good answer; raises `ProviderAway` for anything else."""
    said = _object(answer)
    if answer.status_code != 200 or not said:
        raise ProviderAway(f"the provider answers {answer.status_code} without what it should say")
    return said


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except (ValueError, RecursionError):
        return {}
    return dict(said) if isinstance(said, Mapping) else {}
