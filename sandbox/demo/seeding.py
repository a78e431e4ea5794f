"""The demo's database: anew at each start, with somebody at the desk, a pilot, and a twin in each of its arms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import asyncpg
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import migrate
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.installation import bind_database
from claims_core.tables import Claim
from claims_portal.staff import NewStaff, add_staff
from claims_portal.staff.passwords import hash_password
from claims_portal.tables import Role
from notifier.deciding.pilot import often_or_rare
from notifier.people import pilots
from notifier.people.preferences import join_pilot
from notifier.states import Arm
from notifier.tables import Pilot
from notifier.wording.wordings import wording_for
from sandbox.demo.surroundings import INSTANCE_ID

HANDLER, HANDLER_NAME = "kotova", "Марина Котова"
ARMS = (Arm.ESSENTIAL, Arm.FREQUENT)
PILOT, PILOT_DAYS = "demo", 84


@dataclass(frozen=True)
class Twin:
    """One of two claims alike: the same news, and as many messages as its arm says."""

    ref: str
    arm: Arm


async def fresh_database(url: str, *, like: str = "template1") -> None:
    """Throw the database at `url` away and make an empty one, or a copy of another: each start begins again."""
    parsed = make_url(url).set(drivername="postgresql")
    name = parsed.database
    admin = await asyncpg.connect(parsed.set(database="postgres").render_as_string(hide_password=False))
    try:
        await admin.execute(f'drop database if exists "{name}" with (force)')
        await admin.execute(f'create database "{name}" template "{like}"')
    finally:
        await admin.close()


async def shape(engine: AsyncEngine) -> None:
    """The tables, and whose they are."""
    await migrate.upgrade(engine)
    await bind(engine)


async def bind(engine: AsyncEngine) -> None:
    """Whose the database is."""
    await bind_database(engine, instance_id=INSTANCE_ID, now=utc_now())


async def add_people_and_pilot(engine: AsyncEngine, *, password: str) -> None:
    """A handler who signs in with a password alone, and a pilot that anybody may join on their claim's page."""
    hashed, now = await hash_password(password), utc_now()
    handler = NewStaff(
        login=HANDLER, name=HANDLER_NAME, role=Role.HANDLER, team=None, language="ru", password_hash=hashed,
        totp_sealed=None,
    )  # fmt: skip
    async with session_scope(engine) as session:
        await add_staff(session, handler, by="sandbox", now=now)
        plan = replace(often_or_rare(wording_for(ARMS)), name=PILOT, days=PILOT_DAYS)
        pilot = await pilots.make(session, plan, by="sandbox", now=now)
        await pilots.start(session, pilot.id, by="sandbox", now=now)


async def enrol_twins(engine: AsyncEngine, refs: Sequence[str], *, key: SecretStr) -> tuple[Twin, Twin]:
    """Of claims that are alike, let one after the other join the pilot until each arm has one. The hash draws."""
    found: dict[Arm, Twin] = {}
    for ref in refs:
        async with session_scope(engine) as session:
            arm = await _join(session, ref, key)
        found.setdefault(arm, Twin(ref, arm))
        if len(found) == len(ARMS):
            break
    return found[Arm.ESSENTIAL], found[Arm.FREQUENT]


async def _join(session: AsyncSession, ref: str, key: SecretStr) -> Arm:
    pilot = (await session.exec(select(Pilot).where(Pilot.name == PILOT))).one()
    claim = (await session.exec(select(Claim).where(Claim.source == "claim_center", Claim.source_ref == ref))).one()
    joined = await join_pilot(
        session,
        claim.policyholder_id,
        claim_id=claim.id,
        pilot_id=pilot.id,
        wording_version=pilot.wording_version,
        now=utc_now(),
        key=key,
    )
    return joined.arm
