"""Who may sign in to the desk: added, given another role or second factor, disabled; each act is in the audit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr
from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import insert_once
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.sealing import SealBroken
from claims_portal.staff.sessions import end_all_sessions
from claims_portal.staff.totp import opened_secret, sealed_secret
from claims_portal.staff.trail import subject_of
from claims_portal.tables import Role, Staff

# How the audit names the insurer's own sign-in.
BY_PROVIDER = "oidc"
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person to add. Without a second factor (`totp.sealed_secret`) their password opens only a demo; without a
    password they come by the insurer's own sign-in, which knows them as `oidc_subject` of `oidc_issuer`."""

    login: str
    name: str
    role: Role
    password_hash: str | None
    totp_sealed: str | None
    team: str | None = None
    language: str = "ru"
    email: str | None = None
    oidc_issuer: str | None = None
    oidc_subject: str | None = None


def to_login(typed: str) -> str | None:
    """The login as it is stored, or None when nobody can have such a login."""
    login = typed.strip().lower()
    return login if _LOGIN.fullmatch(login) else None


async def add_staff(session: AsyncSession, new: NewStaff, *, by: str, now: datetime) -> Staff:
    """Add a person. Raises BadInput on a login of strange letters, Conflict when login or subject is somebody's."""
    login = to_login(new.login)
    if login is None:
        raise BadInput("A login has 2 to 100 Latin letters, digits, dots, hyphens or @.")
    person = Staff(
        login=login,
        name=new.name,
        role=new.role,
        team=new.team,
        language=new.language,
        password_hash=new.password_hash,
        totp_sealed=new.totp_sealed,
        email=new.email,
        oidc_issuer=new.oidc_issuer,
        oidc_subject=new.oidc_subject,
        created_at=now,
    )
    if not await insert_once(session, person, unique=None):
        raise Conflict(f"The login {login} is taken.")
    await _audit(session, "staff_added", person, {"role": new.role.value}, by=by, now=now)
    return person


async def disable_staff(session: AsyncSession, login: str, *, by: str, now: datetime) -> Staff:
    """Disable a person and end their sessions at once. Raises NotFound when there is no such login."""
    person = await _must_find(session, login)
    same = col(Staff.id) == person.id
    await session.exec(update(Staff).where(same, col(Staff.disabled_at).is_(None)).values(disabled_at=now))
    ended = await end_all_sessions(session, person.id)
    await _audit(session, "staff_disabled", person, {"sessions": ended}, by=by, now=now)
    return person


async def change_role(session: AsyncSession, login: str, role: Role, *, by: str, now: datetime) -> Staff:
    """Give a person another role; they sign in again. Raises NotFound when there is no such login."""
    person = await _must_find(session, login)
    detail = {"before": person.role.value, "after": role.value}
    await session.exec(update(Staff).where(col(Staff.id) == person.id).values(role=role))
    await end_all_sessions(session, person.id)
    await _audit(session, "staff_role_changed", person, detail, by=by, now=now)
    return person


async def link_staff(session: AsyncSession, login: str, *, issuer: str, subject: str, by: str, now: datetime) -> Staff:
    """Let a person come in by the insurer's own sign-in from now on, as the row they have; they sign in again.

    Raises NotFound when there is no such login, Conflict when `subject` is somebody else already.
    """
    person = await _must_find(session, login)
    other = await staff_of_provider(session, issuer, subject)
    if other is not None and other.id != person.id:
        raise Conflict(f"This subject is {other.login} already.")
    known = {"oidc_issuer": issuer, "oidc_subject": subject}
    await session.exec(update(Staff).where(col(Staff.id) == person.id).values(**known))
    await end_all_sessions(session, person.id)
    await _audit(session, "staff_linked", person, {}, by=by, now=now)
    return person


async def follow_provider(session: AsyncSession, person: Staff, values: Mapping[str, object], *, now: datetime) -> None:
    """Give a person the name, e-mail address, role and team that the insurer's own sign-in says.

    A change of role or team ends their sessions and is in the audit.
    """
    changed = {name: value for name, value in values.items() if getattr(person, name) != value}
    if not changed:
        return
    before = {name: getattr(person, name) for name in ("role", "team") if name in changed}
    await session.exec(update(Staff).where(col(Staff.id) == person.id).values(**changed))
    if before:
        await end_all_sessions(session, person.id)
        detail = {"before": before, "after": {name: changed[name] for name in before}}
        await _audit(session, "staff_role_changed", person, detail, by=BY_PROVIDER, now=now)


async def change_factor(session: AsyncSession, login: str, totp_sealed: str, *, by: str, now: datetime) -> Staff:
    """Give a person another second factor; they sign in again. Raises NotFound when there is no such login."""
    person = await _must_find(session, login)
    fresh = {"totp_sealed": totp_sealed, "totp_last_used": None}
    await session.exec(update(Staff).where(col(Staff.id) == person.id).values(**fresh))
    await end_all_sessions(session, person.id)
    await _audit(session, "staff_factor_changed", person, {}, by=by, now=now)
    return person


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many second factors are sealed with today's key now, and whose no key of ours opens."""

    done: int
    lost: tuple[str, ...]


async def reseal_factors(session: AsyncSession, keys: tuple[SecretStr, ...], *, by: str, now: datetime) -> Resealed:
    """Seal every second factor with the first of `keys`, so that the others may go. May be run twice."""
    done, lost = 0, []
    for person in await all_staff(session):
        if person.totp_sealed is None:
            continue
        try:
            secret = opened_secret(person.totp_sealed, *keys)
        except SealBroken:
            lost.append(person.login)
            continue
        sealed = sealed_secret(secret, keys[0])
        await session.exec(update(Staff).where(col(Staff.id) == person.id).values(totp_sealed=sealed))
        done += 1
    detail = {"done": done, "lost": len(lost)}
    await ledger.audit(session, actor=by, action="staff_factors_resealed", subject="staff", detail=detail, now=now)
    return Resealed(done, tuple(lost))


async def find_staff(session: AsyncSession, typed: str) -> Staff | None:
    """The person with this login, disabled or not."""
    login = to_login(typed)
    if login is None:
        return None
    return (await session.exec(select(Staff).where(col(Staff.login) == login))).first()


async def staff_of_provider(session: AsyncSession, issuer: str, subject: str) -> Staff | None:
    """The person whom the insurer's own sign-in knows so, disabled or not."""
    same = (col(Staff.oidc_issuer) == issuer, col(Staff.oidc_subject) == subject)
    return (await session.exec(select(Staff).where(*same))).first()


async def all_staff(session: AsyncSession) -> list[Staff]:
    """Everybody, by login."""
    return list((await session.exec(select(Staff).order_by(col(Staff.login)))).all())


async def _must_find(session: AsyncSession, login: str) -> Staff:
    person = await find_staff(session, login)
    if person is None:
        raise NotFound(f"Nobody has the login {login}.")
    return person


async def _audit(
    session: AsyncSession, action: str, person: Staff, detail: Mapping[str, object], *, by: str, now: datetime
) -> None:
    await ledger.audit(session, actor=by, action=action, subject=subject_of(person), detail=dict(detail), now=now)
