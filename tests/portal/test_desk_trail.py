"""What stays of signing in and of `claims staff`: an audit row for each act, and no second factor in clear."""

import argparse
from datetime import timedelta

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.tables import AuditEntry
from claims_portal.commands import staff as staff_command
from claims_portal.staff import Doorkeeper, SignIn, find_staff
from claims_portal.staff.sign_in import CODE_TRIES, PASSWORD_TRIES
from claims_portal.tables import Staff
from tests.portal.desk import PASSWORD, SECRET, a_staff
from tests.portal.portal import NOON
from tests.portal.portal import SECRET as KEY

NEXT_KEY = SecretStr("another secret of the tests, long enough for all of them")


def a_door(engine: AsyncEngine, *keys: SecretStr) -> Doorkeeper:
    return Doorkeeper(engine=engine, keys=keys or (KEY,), demo=False)


async def trail(engine: AsyncEngine) -> list[tuple[str, str, str, dict[str, object]]]:
    async with session_scope(engine) as session:
        rows = (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))).all()
    return [(row.action, row.actor, row.subject, row.detail) for row in rows if row.actor != "test"]


async def first_step(door: Doorkeeper, login: str = "handler", password: str = PASSWORD):
    return await door.check_password(login=login, password=password, network="n", now=NOON)


async def second_step(door: Doorkeeper, code: str | None = None):
    ticket = (await first_step(door)).ticket or ""
    return await door.check_code(ticket=ticket, code=code or pyotp.TOTP(SECRET).at(NOON), now=NOON)


async def run(url: str, *words: str, keys: tuple[SecretStr, ...] = (KEY,)) -> str:
    parser = argparse.ArgumentParser()
    staff_command.add_arguments(parser)
    args, issuer = parser.parse_args(words), "https://login.example"
    return await staff_command.perform(args, url, keys, password=PASSWORD, issuer=issuer, by="root")


async def test_signing_in_is_written_down_once_it_is_done(engine):
    person = await a_staff(engine)
    await second_step(a_door(engine))
    me = f"staff:{person.id}"
    assert await trail(engine) == [("signed_in", me, me, {"step": "code"})]


async def test_a_failed_sign_in_is_written_down_without_what_was_typed(engine):
    person = await a_staff(engine)
    door = a_door(engine)
    await first_step(door, password="a typed password")
    await first_step(door, login="a typed login")
    await second_step(door, code="000000")
    assert await trail(engine) == [
        ("sign_in_failed", "anybody", f"staff:{person.id}", {"step": "password"}),
        ("sign_in_failed", "anybody", "staff:unknown", {"step": "password"}),
        ("sign_in_failed", "anybody", f"staff:{person.id}", {"step": "code"}),
    ]


async def test_a_lock_is_written_down_once_however_many_tries_follow(engine):
    person = await a_staff(engine)
    door = a_door(engine)
    for _ in range(PASSWORD_TRIES.most + 5):
        await first_step(door, password="guess")
    ticket = (await door.check_password(login="handler", password=PASSWORD, network="other", now=NOON)).ticket
    for _ in range(CODE_TRIES.most + 3):
        await door.check_code(ticket=ticket or "", code="000000", now=NOON)
    locks = [row for row in await trail(engine) if row[0] == "sign_in_locked"]
    assert locks == [
        ("sign_in_locked", "anybody", f"staff:{person.id}", {"limit": "desk password"}),
        ("sign_in_locked", "anybody", f"staff:{person.id}", {"limit": "desk code"}),
    ]


async def test_the_database_holds_no_second_factor_in_clear(engine):
    await a_staff(engine)
    async with session_scope(engine) as session:
        stored = (await session.exec(select(Staff.totp_sealed))).one()
    assert stored
    assert SECRET not in stored


async def test_while_keys_are_exchanged_either_opens_and_afterwards_the_new_one_alone(engine, database_url):
    await a_staff(engine)
    assert (await second_step(a_door(engine, NEXT_KEY))).outcome is SignIn.FACTOR_LOST
    assert (await second_step(a_door(engine, NEXT_KEY, KEY))).outcome is SignIn.DONE
    said = await run(database_url, "reseal", keys=(NEXT_KEY, KEY))
    assert said.startswith("1 second factors")
    later = NOON + timedelta(minutes=1)
    ticket = (await first_step(a_door(engine, NEXT_KEY))).ticket or ""
    step = await a_door(engine, NEXT_KEY).check_code(ticket=ticket, code=pyotp.TOTP(SECRET).at(later), now=later)
    assert step.outcome is SignIn.DONE
    assert "handler" in await run(database_url, "reseal")
    assert [row[0] for row in await trail(engine)].count("staff_factors_resealed") == 2


async def test_each_act_of_the_command_is_written_down_with_whoever_ran_it(engine, database_url):
    said = await run(database_url, "add", "olga", "--name", "Ольга К.")
    assert "secret=" in said
    await run(database_url, "role", "olga", "auditor")
    anew = await run(database_url, "factor", "olga")
    assert anew.partition("secret=")[2] != said.partition("secret=")[2]
    await run(database_url, "disable", "olga")
    assert "disabled" in await run(database_url, "list")
    async with session_scope(engine) as session:
        person = await find_staff(session, "olga")
    assert person is not None
    assert await trail(engine) == [
        ("staff_added", "root", f"staff:{person.id}", {"role": "handler"}),
        ("staff_role_changed", "root", f"staff:{person.id}", {"after": "auditor", "before": "handler"}),
        ("staff_factor_changed", "root", f"staff:{person.id}", {}),
        ("staff_disabled", "root", f"staff:{person.id}", {"sessions": 0}),
    ]


async def test_what_the_command_cannot_do_leaves_no_row(engine, database_url):
    with pytest.raises(NotFound):
        await run(database_url, "disable", "nobody")
    await run(database_url, "add", "olga", "--name", "Ольга К.")
    with pytest.raises(Conflict):
        await run(database_url, "add", "olga", "--name", "Ольга К.")
    assert [row[0] for row in await trail(engine)] == ["staff_added"]


async def test_whoever_is_linked_to_the_insurers_own_sign_in_is_on_record_and_nobody_else_can_be_the_same(
    engine, database_url
):
    person = await a_staff(engine)
    await a_staff(engine, login="other")
    assert "https://login.example" in await run(database_url, "link", "handler", "subject-1")
    assert ("staff_linked", "root", f"staff:{person.id}", {}) in await trail(engine)
    with pytest.raises(Conflict):
        await run(database_url, "link", "other", "subject-1")
    with pytest.raises(NotFound):
        await run(database_url, "link", "nobody", "subject-2")
