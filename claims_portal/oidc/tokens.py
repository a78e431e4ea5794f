"""Which token is believed: signed with a key of the provider's, for us, now, and for this very sign-in.

OpenID Connect Core 1.0, 3.1.3.7, and Back-Channel Logout 1.0, 2.6. Only signatures with a pair of keys count: neither
`none` nor HS256, for which a public key would be the secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from claims_portal.oidc.problems import TokenRefused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# How far the provider's clock may be from ours.
SKEW = timedelta(minutes=1)
# A sign-out is said at once; an older one is somebody's copy.
SAID_WITHIN = timedelta(minutes=5)
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_LONGEST = 32_768
_TYPES = (None, "JWT", "logout+jwt")


class KeyUnknown(TokenRefused):
    """Signed with a key that is not among those we know: the provider may have a new one."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Whose tokens are believed, made for whom, and when."""

    issuer: str
    client_id: str
    now: datetime

    @property
    def options(self) -> dict[str, Any]:
        """The claims that each token of theirs has."""
        issuer, audience = {"essential": True, "value": self.issuer}, {"essential": True, "value": self.client_id}
        return {"iss": issuer, "aud": audience, "iat": {"essential": True}}


@dataclass(frozen=True, slots=True)
class SignedOut:
    """Who was signed out at the provider: one session of theirs (`sid`), all of a person's (`subject`), or both."""

    subject: str | None
    sid: str | None
    jti: str
    said_at: datetime


def id_token(token: str, keys: KeySet, expected: Expected, *, nonce: str, access_token: str | None) -> dict[str, Any]:
    """The claims of an ID token. Raises `TokenRefused`; `KeyUnknown` when the keys may be old."""
    read = _signed(token, keys)
    params = {"nonce": nonce, "client_id": expected.client_id, "access_token": access_token}
    claims = CodeIDToken(read.claims, read.header, options=expected.options, params=params)
    try:
        claims.validate(now=int(expected.now.timestamp()), leeway=int(SKEW.total_seconds()))
    except (JoseError, TypeError, ValueError, OverflowError) as error:
        raise TokenRefused(_why(error)) from None
    _subject(claims, needed=True)
    return dict(claims)


def logout_token(token: str, keys: KeySet, expected: Expected) -> SignedOut:
    """Who was signed out. Raises `TokenRefused`; whether its `jti` was seen before is the caller's to know."""
    read = _signed(token, keys)
    if read.header.get("typ") not in _TYPES:
        raise TokenRefused("typ")
    registry = jwt.JWTClaimsRegistry(
        int(expected.now.timestamp()), int(SKEW.total_seconds()), **expected.options, jti={"essential": True}
    )
    try:
        registry.validate(read.claims)
        said_at = datetime.fromtimestamp(read.claims["iat"], UTC)
    except (JoseError, TypeError, ValueError, OverflowError, OSError) as error:
        raise TokenRefused(_why(error)) from None
    if expected.now - said_at > SAID_WITHIN + SKEW:
        raise TokenRefused("iat")
    if "nonce" in read.claims:  # an ID token says it, and must not pass for a sign-out
        raise TokenRefused("nonce")
    events = read.claims.get("events")
    if not (isinstance(events, Mapping) and isinstance(events.get(LOGOUT_EVENT), Mapping)):
        raise TokenRefused("events")
    subject, sid = _subject(read.claims, needed=False), session_of(read.claims)
    if subject is None and sid is None:
        raise TokenRefused("sub")
    return SignedOut(subject, sid, read.claims["jti"], said_at)


def session_of(claims: Mapping[str, Any]) -> str | None:
    """The provider's own name of its session (`sid`), if it says one."""
    return _short(claims, "sid")


def _subject(claims: Mapping[str, Any], *, needed: bool) -> str | None:
    subject = _short(claims, "sub")
    if needed and subject is None:
        raise TokenRefused("sub")
    return subject


def _short(claims: Mapping[str, Any], name: str) -> str | None:
    """A text of 1 to 255 letters (OpenID Connect Core 1.0, 2), None when there is none. Raises `TokenRefused`."""
    value = claims.get(name)
    if value is None:
        return None
    if not (isinstance(value, str) and 1 <= len(value) <= 255 and value.isprintable()):
        raise TokenRefused(name)
    return value


def _signed(token: str, keys: KeySet) -> jwt.Token:
    """The token, if a key of `keys` signed it. Whatever is sent is answered with a `TokenRefused`."""
    if len(token) > _LONGEST or not token.isascii():
        raise TokenRefused("not a token")
    try:
        return jwt.decode(token, keys, algorithms=ALGORITHMS)
    except InvalidKeyIdError:
        raise KeyUnknown("an unknown key") from None
    except (JoseError, TypeError, ValueError, RecursionError) as error:
        raise TokenRefused(_why(error)) from None


def _why(error: Exception) -> str:
    """The claim that is wrong, or the kind of the fault: words of the library's own, none of the token's."""
    claim = getattr(error, "claim", None)
    return str(claim) if claim else str(getattr(error, "error", "") or type(error).__name__)
