"""People of the desk for tests: added once with one hash, and signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_portal.staff import NewStaff, add_staff, find_staff, open_session
from claims_portal.staff.totp import sealed_secret
from claims_portal.tables import Role, Staff
from tests.portal.portal import NOON, visiting
from tests.portal.portal import SECRET as SERVER_KEY

PASSWORD = "a long enough password"
# argon2 of PASSWORD with the cost of production; hashing it anew for every test would take a fifth of a second each.
HASH = "$argon2id$v=19$m=65536,t=3,p=4$+2d1ZJXT3su09jtIAVYHLw$9AL3wdhFRqHByHn2xXN1GXaYWAhynrJd8tVx2Ntyf5I"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


async def a_staff(engine: AsyncEngine, role: Role = Role.HANDLER, login: str | None = None, **over: object) -> Staff:
    """A person of the desk; their login is their role's name unless given."""
    values: dict[str, object] = {
        "login": login or role.value,
        "name": "Марина Котова",
        "role": role,
        "password_hash": HASH,
        "totp_sealed": sealed_secret(SECRET, SERVER_KEY),
        "team": "отдел КАСКО",
    }
    async with session_scope(engine) as session:
        return await add_staff(session, NewStaff(**(values | over)), by="test", now=NOON)  # type: ignore[arg-type]


@asynccontextmanager
async def at_the_desk(
    app: FastAPI, engine: AsyncEngine, role: Role = Role.HANDLER, *, login: str | None = None, language: str = "en"
) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody of this role, signed in (added when there is no such login yet), reading in `language`."""
    async with session_scope(engine) as session:
        person = await find_staff(session, login or role.value)
    person = person or await a_staff(engine, role, login)
    async with session_scope(engine) as session:
        token = await open_session(session, person.id, now=app.state.portal.clock())
    async with visiting(app, headers={"Accept-Language": language}) as browser:
        browser.cookies.set("__Host-staff", token, domain="claims.example")
        yield browser
