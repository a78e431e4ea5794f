"""The one door to identity and chance: ids, tokens, codes."""

import os
import secrets
import struct
import time
from uuid import UUID

from asyncpg.pgproto.pgproto import UUID as QuickUUID

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# Chance for ids, drawn ahead: asking the system for each costs more than the rest of an id. Tokens and codes are
# never made of it. A forked process must not hand out its parent's.
_SPARE: list[tuple[int, int]] = []
_DRAWN_AHEAD = 256
_CHANCE, _UUID = struct.Struct("!HQ"), struct.Struct("!QQ").pack
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SPARE.clear)


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, 5.7): ordered by time, so that new rows land together in an index.

    It is the driver's own kind of `uuid.UUID`, the one that rows are read with, made in a tenth of the time: a claim
    of a first load needs six.
    """
    while True:
        try:
            version, variant = _SPARE.pop()  # in one step, so that threads may share it
        except IndexError:
            _draw()
        else:
            return QuickUUID(_UUID(time.time_ns() // 1_000_000 << 16 | version, variant))


def _draw() -> None:
    """More chance: for each id its version, its variant and 74 bits that nobody else has."""
    drawn = _CHANCE.iter_unpack(secrets.token_bytes(_CHANCE.size * _DRAWN_AHEAD))
    _SPARE.extend((0x7000 | first & 0x0FFF, 1 << 63 | second >> 2) for first, second in drawn)


def new_token() -> str:
    """128 bits for sessions and webhook addresses, safe in a URL."""
    return secrets.token_urlsafe(16)


def new_short_token(length: int = 8) -> str:
    """`length` characters of base62 for a link that a person may have to type."""
    number, token = secrets.randbelow(62**length), ""
    for _ in range(length):
        number, place = divmod(number, 62)
        token += BASE62[place]
    return token


def new_code(digits: int = 6) -> str:
    """A one-time code of `digits` decimal digits."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def jitter(most: float) -> float:
    """Between 0 and `most`, anew each time: what failed together must not come back together."""
    return secrets.randbelow(1_000_000) / 1_000_000 * most
