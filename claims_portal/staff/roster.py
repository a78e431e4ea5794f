"""Who may sign in to the desk: added, given another role, disabled."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import insert_once
from claims_core.errors import BadInput, Conflict, NotFound
from claims_portal.staff.sessions import end_all_sessions
from claims_portal.tables import Role, Staff

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A person to add. Without `totp_secret` they can sign in only to a demo."""

    login: str
    name: str
    role: Role
    password_hash: str
    totp_secret: str | None
    team: str | None = None
    language: str = "ru"


def to_login(typed: str) -> str | None:
    """The login as it is stored, or None when nobody can have such a login."""
    login = typed.strip().lower()
    return login if _LOGIN.fullmatch(login) else None


async def add_staff(session: AsyncSession, new: NewStaff, *, now: datetime) -> Staff:
    """Add a person. Raises BadInput on a login of strange letters, Conflict when the login is taken."""
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
        totp_secret=new.totp_secret,
        created_at=now,
    )
    if not await insert_once(session, person, unique=("login",)):
        raise Conflict(f"The login {login} is taken.")
    return person


async def disable_staff(session: AsyncSession, login: str, *, now: datetime) -> Staff:
    """Disable a person and end their sessions at once. Raises NotFound when there is no such login."""
    person = await find_staff(session, login)
    if person is None:
        raise NotFound(f"Nobody has the login {login}.")
    same = col(Staff.id) == person.id
    await session.exec(update(Staff).where(same, col(Staff.disabled_at).is_(None)).values(disabled_at=now))
    await end_all_sessions(session, person.id)
    return person


async def change_role(session: AsyncSession, login: str, role: Role) -> Staff:
    """Give a person another role; they sign in again. Raises NotFound when there is no such login."""
    person = await find_staff(session, login)
    if person is None:
        raise NotFound(f"Nobody has the login {login}.")
    await session.exec(update(Staff).where(col(Staff.id) == person.id).values(role=role))
    await end_all_sessions(session, person.id)
    return person


async def find_staff(session: AsyncSession, typed: str) -> Staff | None:
    """The person with this login, disabled or not."""
    login = to_login(typed)
    if login is None:
        return None
    return (await session.exec(select(Staff).where(col(Staff.login) == login))).first()


async def all_staff(session: AsyncSession) -> list[Staff]:
    """Everybody, by login."""
    return list((await session.exec(select(Staff).order_by(col(Staff.login)))).all())
