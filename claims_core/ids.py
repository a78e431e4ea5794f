"""The one door to identity and chance: ids, tokens, codes."""

import secrets
import time
from uuid import UUID

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, 5.7): ordered by time, so that new rows land together in an index."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return UUID(int=value)


def new_token() -> str:
    """128 bits for sessions and webhook addresses, safe in a URL."""
    return secrets.token_urlsafe(16)


def new_short_token(length: int = 8) -> str:
    """`length` characters of base62 for a link that a person may have to type."""
    return "".join(secrets.choice(BASE62) for _ in range(length))


def new_code(digits: int = 6) -> str:
    """A one-time code of `digits` decimal digits."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def jitter(most: float) -> float:
    """Between 0 and `most`, anew each time: what failed together must not come back together."""
    return secrets.randbelow(1_000_000) / 1_000_000 * most
