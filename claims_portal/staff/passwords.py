"""Passwords of staff: argon2 in a thread, and the same work for a login that does not exist."""

import asyncio

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from claims_core.errors import BadInput

SHORTEST = 12
LONGEST = 200
_HASHER = PasswordHash((Argon2Hasher(),))
# The hash of nobody's password, of the same cost as everybody's: an unknown login takes as long as a known one.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$n5xavtF9OB4QE9oRqpGscw$QWt03Q8qEPebob30G9AFOpb0HbrxYd3RKh43haAXJfQ"
# One hash takes 64 MB and a fifth of a second; more than two at once would starve the pages.
_AT_ONCE = asyncio.Semaphore(2)


async def hash_password(password: str) -> str:
    """The hash to store. Raises BadInput when the password is shorter than 12 characters or longer than 200."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has {SHORTEST} to {LONGEST} characters.")
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def is_password_right(password: str, password_hash: str | None) -> bool:
    """Does the password fit? None stands for a login that does not exist: the same work, and always no."""
    async with _AT_ONCE:
        typed = password[: LONGEST + 1].encode("utf-8", "replace")
        right = await asyncio.to_thread(_HASHER.verify, typed, password_hash or NOBODY)
    return right and password_hash is not None
