"""Sessions of policyholders: on the server, only the hash of the id at rest, 15 idle minutes, 12 hours at most."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_token
from claims_portal.tables import PortalSession

IDLE_AFTER = timedelta(minutes=15)
ENDS_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Viewer:
    """The policyholder who is looking at a page."""

    policyholder_id: UUID
    token_hash: bytes


def token_hash(token: str) -> bytes:
    """What is stored of a session id. It has 128 bits of chance, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


async def open_session(session: AsyncSession, policyholder_id: UUID, *, now: datetime) -> str:
    """A new session after a right code; returns the id for the cookie."""
    token = new_token()
    session.add(
        PortalSession(
            token_hash=token_hash(token),
            policyholder_id=policyholder_id,
            created_at=now,
            seen_at=now,
            ends_at=now + ENDS_AFTER,
        )
    )
    await session.flush()
    return token


async def viewer_for(session: AsyncSession, token: str, *, now: datetime) -> Viewer | None:
    """Whose session it is; None when unknown, idle for 15 minutes or 12 hours old. Marks it as used."""
    found = await session.exec(
        update(PortalSession)
        .where(
            col(PortalSession.token_hash) == token_hash(token),
            col(PortalSession.ends_at) > now,
            col(PortalSession.seen_at) > now - IDLE_AFTER,
        )
        .values(seen_at=now)
        .returning(col(PortalSession.policyholder_id))
    )
    row = found.first()
    return Viewer(row[0], token_hash(token)) if row else None


async def end_sessions_of(session: AsyncSession, policyholder_ids: Collection[UUID]) -> int:
    """End every session that was opened for one of these; how many."""
    ended = await session.exec(delete(PortalSession).where(col(PortalSession.policyholder_id).in_(policyholder_ids)))
    return ended.rowcount


async def end_session(session: AsyncSession, token: str) -> None:
    """Sign out: the id opens nothing from now on."""
    await session.exec(delete(PortalSession).where(col(PortalSession.token_hash) == token_hash(token)))
