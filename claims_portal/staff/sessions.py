"""Sessions of staff: server-side, only the hash of the id at rest, dead with a change of role or when disabled."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.ids import new_token
from claims_portal.tables import Role, Staff, StaffSession

IDLE_AFTER = timedelta(minutes=30)
ENDS_AFTER = timedelta(hours=12)
# A session is marked as used at most once a minute: reading a page is then no write.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StaffViewer:
    """The member of staff who is looking at a page."""

    id: UUID
    login: str
    name: str
    role: Role
    team: str | None
    language: str

    @property
    def actor(self) -> str:
        """How the audit names them."""
        return f"staff:{self.id}"


def token_hash(token: str) -> bytes:
    """What is stored of a session id. It has 128 bits of chance, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class ByProvider:
    """A session that the insurer's own sign-in opened: how long it lives, and what that calls its own (`sid`)."""

    lives: timedelta
    sid: str | None


async def open_session(
    session: AsyncSession, staff_id: UUID, *, now: datetime, by_provider: ByProvider | None = None
) -> str:
    """A new session; returns the id for the cookie.

    Ended ones stay until they are tidied away: they say whose text it is that was typed while they ended.
    """
    token = new_token()
    opened = StaffSession(
        token_hash=token_hash(token), staff_id=staff_id, created_at=now, seen_at=now, ends_at=now + ENDS_AFTER
    )
    if by_provider is not None:
        opened.ends_at = now + min(by_provider.lives, ENDS_AFTER)
        opened.oidc, opened.oidc_sid = True, by_provider.sid
    session.add(opened)
    await session.flush()
    return token


async def staff_for(session: AsyncSession, token: str, *, now: datetime, is_used: bool = True) -> StaffViewer | None:
    """Whose session it is; None when unknown, idle for 30 minutes, 12 hours old, or the person is disabled.

    A page that asks by itself (`is_used` false) is no sign that somebody sits there.
    """
    found = (
        await session.exec(
            select(Staff, StaffSession)
            .join(StaffSession, col(StaffSession.staff_id) == col(Staff.id))
            .where(
                col(StaffSession.token_hash) == token_hash(token),
                col(StaffSession.ends_at) > now,
                col(StaffSession.seen_at) > now - IDLE_AFTER,
                col(Staff.disabled_at).is_(None),
            )
        )
    ).first()
    if found is None:
        return None
    person, seen = found
    if is_used and now - seen.seen_at >= _SEEN_EVERY:
        same = col(StaffSession.token_hash) == seen.token_hash
        await session.exec(update(StaffSession).where(same).values(seen_at=now))
    return viewer_of(person)


def viewer_of(person: Staff) -> StaffViewer:
    """The person as a value: no hash and no secret travels with it."""
    return StaffViewer(
        id=person.id,
        login=person.login,
        name=person.name,
        role=person.role,
        team=person.team,
        language=person.language,
    )


async def owner_of_session(session: AsyncSession, token: str) -> UUID | None:
    """Whose session it is or was; None when unknown or swept away. Opens nothing."""
    found = select(StaffSession.staff_id).where(col(StaffSession.token_hash) == token_hash(token))
    return (await session.exec(found)).first()


async def is_only_due(session: AsyncSession, token: str, *, now: datetime) -> bool:
    """Did this session of the insurer's own sign-in end only because it is asked again from time to time?

    Then whoever sits there was here a moment ago, and the provider may let them in without a word.
    """
    due = select(col(StaffSession.staff_id)).where(
        col(StaffSession.token_hash) == token_hash(token),
        col(StaffSession.oidc),
        col(StaffSession.ends_at) <= now,
        col(StaffSession.seen_at) > now - IDLE_AFTER,
    )
    return (await session.exec(due)).first() is not None


async def keep_text(session: AsyncSession, token: str, sealed: str, *, now: datetime) -> None:
    """Put a sealed text beside the session, which may have ended, in the place of what was there."""
    same = col(StaffSession.token_hash) == token_hash(token)
    await session.exec(update(StaffSession).where(same).values(kept_sealed=sealed, kept_at=now))


async def kept_text(session: AsyncSession, token: str) -> str | None:
    """The sealed text beside the session, if there is one."""
    found = select(StaffSession.kept_sealed).where(col(StaffSession.token_hash) == token_hash(token))
    return (await session.exec(found)).first()


async def end_session(session: AsyncSession, token: str) -> None:
    """Sign out."""
    await session.exec(delete(StaffSession).where(col(StaffSession.token_hash) == token_hash(token)))


async def end_provider_sessions(session: AsyncSession, staff_id: UUID | None, sid: str | None) -> int:
    """End what the insurer's own sign-in opened: its session `sid`, or all of a person's without one; how many."""
    assert staff_id is not None or sid is not None, "this would end everybody's"
    ended = delete(StaffSession).where(col(StaffSession.oidc))
    if staff_id is not None:
        ended = ended.where(col(StaffSession.staff_id) == staff_id)
    if sid is not None:
        ended = ended.where(col(StaffSession.oidc_sid) == sid)
    return (await session.exec(ended)).rowcount


async def end_all_sessions(session: AsyncSession, staff_id: UUID) -> int:
    """End every session of a person: their role changed or they are disabled. Returns how many there were."""
    ended = await session.exec(delete(StaffSession).where(col(StaffSession.staff_id) == staff_id))
    return ended.rowcount
