"""What the audit keeps of signing in: whose door, which step, and how it went; never what was typed."""

from dataclasses import replace
from datetime import datetime

from pydantic import SecretStr
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_portal.rates import Limit, count_try
from claims_portal.tables import Staff

# Whoever knocks is nobody yet, and a login that does not exist is nobody's.
ANYBODY = "anybody"
UNKNOWN = "staff:unknown"


def subject_of(person: Staff | None) -> str:
    """How the audit names the person at whose door somebody stood."""
    return f"staff:{person.id}" if person else UNKNOWN


async def record_sign_in(session: AsyncSession, person: Staff, *, step: str, now: datetime) -> None:
    """Somebody came in; `step` is the last proof they gave."""
    who = subject_of(person)
    await ledger.audit(session, actor=who, action="signed_in", subject=who, detail={"step": step}, now=now)


async def record_failure(session: AsyncSession, person: Staff | None, *, step: str, now: datetime) -> None:
    """A step failed. A login that does not exist leaves a row of the same kind: the work is the same."""
    subject, detail = subject_of(person), {"step": step}
    await ledger.audit(session, actor=ANYBODY, action="sign_in_failed", subject=subject, detail=detail, now=now)


async def record_lock(
    session: AsyncSession, person: Staff | None, limit: Limit, *parts: str, key: SecretStr, now: datetime
) -> None:
    """A limit is used up. Said once in its window: a flood of tries does not become a flood of rows."""
    said = replace(limit, name=f"{limit.name}, said", most=1)
    if await count_try(session, said, *parts, key=key, now=now):
        subject, detail = subject_of(person), {"limit": limit.name}
        await ledger.audit(session, actor=ANYBODY, action="sign_in_locked", subject=subject, detail=detail, now=now)
