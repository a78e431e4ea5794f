"""One-time codes: six digits, ten minutes, five tries, each try a conditional update that the database referees.

Stored as an HMAC under the server's key and bound to the browser that asked: argon2 would let anybody make us
work for a fifth of a second a look-up, and protects no better a secret of six digits that lives ten minutes.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from secrets import token_bytes
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import case, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_id, new_token
from claims_core.keyed import keyed_hash
from claims_portal.auth.entries import Asked
from claims_portal.auth.sessions import token_hash
from claims_portal.tables import SignInCode

LIVES = timedelta(minutes=10)
TRIES = 5
# Typed into the form, and looked up; asked for from a link of ours or a remembered device; by somebody signed in.
SIGN_IN, GLANCE, FRESH = "sign_in", "glance", "fresh"
# Asked for by the desk for somebody on the telephone, who reads it back; it opens no page.
CALL = "call"


class Way(StrEnum):
    """How a code is to come. A chat is one that its holder linked before; without one it is a text."""

    TEXT = "text"
    CALL = "call"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody whom a link of ours or a session names; `back` is where a fresh code leads."""

    policyholder_id: UUID
    claim_id: UUID | None
    purpose: str
    back: str | None = None


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A right code: who it was sent to, and about which claim."""

    policyholder_id: UUID
    claim_id: UUID | None
    by_policy: bool
    purpose: str
    code_id: UUID
    contact_point_id: UUID | None
    way: str = Way.TEXT
    back: str | None = None


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong code, or one that is worth nothing any more. `left` tries; `expired` after ten minutes."""

    left: int
    expired: bool = False


def code_hmac(secret: SecretStr, challenge_hash: bytes, code: str) -> bytes:
    """What is stored of a code: it fits one challenge and no other."""
    return keyed_hash(secret, "sign-in code", challenge_hash.hex(), code)


def never_right() -> bytes:
    """What stands in the place of a code where there is none: nothing fits it."""
    return token_bytes(32)


async def ask_for_code(
    session: AsyncSession,
    whose: Asked | Known,
    *,
    device_mark: str | None = None,
    language: str,
    way: Way = Way.TEXT,
    now: datetime,
) -> str:
    """Write down who asks for a code (typed and not looked up yet, or known); the challenge for their cookie."""
    challenge = new_token()
    asked, known = (whose, None) if isinstance(whose, Asked) else (None, whose)
    session.add(
        SignInCode(
            id=new_id(),
            challenge_hash=token_hash(challenge),
            purpose=known.purpose if known else SIGN_IN,
            asked_numbers=list(asked.numbers) if asked else None,
            asked_phone=asked.phone if asked else None,
            device_mark=device_mark,
            language=language,
            way=way,
            back=known.back if known else None,
            policyholder_id=known.policyholder_id if known else None,
            claim_id=known.claim_id if known else None,
            code_hmac=never_right(),
            tries_left=TRIES,
            created_at=now,
            expires_at=now + LIVES,
        )
    )
    await session.flush()
    return challenge


_TRIED = (
    col(SignInCode.used_at),
    col(SignInCode.tries_left),
    col(SignInCode.policyholder_id),
    col(SignInCode.claim_id),
    col(SignInCode.by_policy),
    col(SignInCode.purpose),
    col(SignInCode.id),
    col(SignInCode.contact_point_id),
    col(SignInCode.way),
    col(SignInCode.back),
)


async def redeem_code(
    session: AsyncSession, challenge: str, code: str, *, secret: SecretStr, now: datetime
) -> Redeemed | Wrong:
    """Try `code`. However many try at once, five are evaluated and one is redeemed."""
    fits = col(SignInCode.code_hmac) == code_hmac(secret, token_hash(challenge), code)
    tried = await session.exec(
        update(SignInCode)
        .where(
            col(SignInCode.challenge_hash) == token_hash(challenge),
            col(SignInCode.tries_left) > 0,
            col(SignInCode.used_at).is_(None),
            col(SignInCode.expires_at) > now,
        )
        .values(
            tries_left=col(SignInCode.tries_left) - 1,
            used_at=case((fits, now), else_=None),
            asked_numbers=case((fits, None), else_=col(SignInCode.asked_numbers)),
            asked_phone=case((fits, None), else_=col(SignInCode.asked_phone)),
        )
        .returning(*_TRIED)
    )
    row = tried.first()
    if row is None:
        return await _worthless(session, challenge, now=now)
    used_at, left, policyholder_id, claim_id, by_policy, purpose, code_id, point_id, way, back = row
    if used_at is None or policyholder_id is None:
        return Wrong(left)
    return Redeemed(policyholder_id, claim_id, by_policy, purpose, code_id, point_id, way, back)


async def _worthless(session: AsyncSession, challenge: str, *, now: datetime) -> Wrong:
    row = await challenge_row(session, challenge)
    return Wrong(0, expired=row is not None and row.expires_at <= now)


async def challenge_row(session: AsyncSession, challenge: str) -> SignInCode | None:
    """The row of a challenge, whatever became of it."""
    same = col(SignInCode.challenge_hash) == token_hash(challenge)
    return (await session.exec(select(SignInCode).where(same))).first()
