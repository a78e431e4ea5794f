"""A sign-in on its way: what the browser keeps while its person is at the provider, sealed and for ten minutes.

It lies in a cookie of this browser alone, so an answer that was made for another browser opens nothing here (state),
a token of another sign-in fits nothing (nonce), and a stolen code cannot be exchanged (the verifier of PKCE).
"""

import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta

from pydantic import SecretStr

from claims_core.ids import new_token
from claims_core.sealing import SealBroken, seal, unseal

BEGUN_FOR = timedelta(minutes=10)
_PURPOSE = "a sign-in at a provider"


@dataclass(frozen=True, slots=True)
class Begun:
    """What was said to the provider, and the page of the desk to go to; `until` in seconds since 1970."""

    state: str
    nonce: str
    verifier: str
    next: str
    until: int


def begin(next: str, *, now: datetime) -> Begun:
    """A sign-in that begins now and leads to `next`."""
    verifier = new_token() + new_token()  # 44 letters: RFC 7636 wants 43 to 128
    return Begun(new_token(), new_token(), verifier, next, int((now + BEGUN_FOR).timestamp()))


def sealed(begun: Begun, key: SecretStr) -> str:
    """What the browser keeps; it can neither read nor change it."""
    return seal(json.dumps(astuple(begun)), key, purpose=_PURPOSE)


def opened(cookie: str, keys: Sequence[SecretStr], *, state: str, now: datetime) -> Begun | None:
    """The sign-in that this browser began with this `state`; None when it began none, or too long ago."""
    try:
        begun = Begun(*json.loads(unseal(cookie, *keys, purpose=_PURPOSE)))
    except (SealBroken, UnicodeEncodeError):
        return None
    return begun if begun.state == state and now <= datetime.fromtimestamp(begun.until, UTC) else None
