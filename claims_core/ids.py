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
_SPARE: list[bytes] = []
_DRAWN_AHEAD = 256
# What follows the 48 bits of the time: which bits are chance, and those that say "version 7" and "variant 2".
_CHANCE, _SAID = bytes.fromhex("0fff3fffffffffffffff"), bytes.fromhex("70008000000000000000")
_KEPT, _SET = (int.from_bytes(bits * _DRAWN_AHEAD, "big") for bits in (_CHANCE, _SAID))
_SPLIT = struct.Struct(f"{len(_SAID)}s" * _DRAWN_AHEAD)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_SPARE.clear)


def new_id() -> UUID:
    """A UUID version 7 (RFC 9562, 5.7): ordered by time, so that new rows land together in an index.

    It is the driver's own kind of `uuid.UUID`, the one that rows are read with, made in a twentieth of the time: a
    claim of a first load needs six.
    """
    while True:
        try:
            ending = _SPARE.pop()  # in one step, so that threads may share it
        except IndexError:
            _draw()
        else:
            return QuickUUID((time.time_ns() // 1_000_000).to_bytes(6, "big") + ending)


def _draw() -> None:
    """More chance: 74 bits that nobody else has for each of many ids, all of them in a few steps."""
    drawn = int.from_bytes(secrets.token_bytes(_SPLIT.size), "big") & _KEPT | _SET
    _SPARE.extend(_SPLIT.unpack(drawn.to_bytes(_SPLIT.size, "big")))


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
