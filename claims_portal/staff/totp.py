"""The second step of a sign-in: six digits from an authenticator (RFC 6238), each good once."""

import hmac
from datetime import datetime
from uuid import UUID

import pyotp
from pydantic import SecretStr
from sqlalchemy import or_, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.sealing import seal, unseal
from claims_portal.tables import Staff

STEP_SECONDS = 30
_PURPOSE = "a second factor"


def new_secret() -> str:
    """160 bits in base32, as authenticators take them."""
    return pyotp.random_base32()


def sealed_secret(secret: str, key: SecretStr) -> str:
    """The secret as it is stored: a copy of the database makes no code."""
    return seal(secret, key, purpose=_PURPOSE)


def opened_secret(sealed: str, *keys: SecretStr) -> str:
    """The secret that was stored with one of `keys`; raises `SealBroken` when none of them fits."""
    return unseal(sealed, *keys, purpose=_PURPOSE)


def provisioning_uri(secret: str, *, login: str, issuer: str) -> str:
    """The `otpauth://` address that an authenticator reads; it holds the secret, so it is shown once."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def accepted_step(secret: str, code: str, *, now: datetime, last_used: int | None) -> int | None:
    """The time step whose code this is, of the one before, now and the one after; None if none or used already."""
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current, current - 1, current + 1):
        unused = last_used is None or step > last_used
        if hmac.compare_digest(totp.generate_otp(step), digits) and unused:
            return step
    return None


async def use_step(session: AsyncSession, staff_id: UUID, step: int) -> bool:
    """Use up the code of `step` and all before it. Exactly one of two callers with the same code gets True."""
    last = col(Staff.totp_last_used)
    used = update(Staff).where(col(Staff.id) == staff_id, or_(last.is_(None), last < step)).values(totp_last_used=step)
    return (await (await session.connection()).execute(used)).rowcount == 1
