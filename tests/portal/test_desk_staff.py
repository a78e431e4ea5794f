"""Signing in to the desk: the password, the code that is good once, the limits, and how a session ends."""

import asyncio
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict
from claims_portal.rates import Limit, count_try
from claims_portal.staff import (
    Doorkeeper,
    NewStaff,
    SignIn,
    Step,
    add_staff,
    change_role,
    disable_staff,
    end_session,
    open_session,
    staff_for,
)
from claims_portal.staff.passwords import NOBODY, hash_password, is_password_right
from claims_portal.staff.sign_in import CODE_TRIES, NETWORK_TRIES, PASSWORD_TRIES, TICKET_FOR
from claims_portal.staff.totp import accepted_step, new_secret, provisioning_uri, sealed_secret
from claims_portal.tables import RateCount, Role, Staff, StaffSession

NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
KEY = SecretStr("a key for the tests")


@pytest.fixture(scope="module")
async def password_hash() -> str:
    """One hash for the module: each costs a fifth of a second."""
    return await hash_password(PASSWORD)


async def a_person(engine: AsyncEngine, password_hash: str, login: str = "olga", secret: str | None = SECRET) -> Staff:
    sealed = sealed_secret(secret, KEY) if secret else None
    new = NewStaff(login=login, name="Olga K.", role=Role.HANDLER, password_hash=password_hash, totp_sealed=sealed)
    async with session_scope(engine) as session:
        return await add_staff(session, new, by="test", now=NOON)


def code_at(moment: datetime, secret: str = SECRET) -> str:
    return pyotp.TOTP(secret).at(moment)


def a_door(engine: AsyncEngine, *, demo: bool = False) -> Doorkeeper:
    return Doorkeeper(engine=engine, keys=(KEY,), demo=demo)


async def password_step(door: Doorkeeper, login: str = "olga", password: str = PASSWORD, network: str = "n") -> Step:
    return await door.check_password(login=login, password=password, network=network, now=NOON)


async def test_password_and_code_open_a_session(engine, password_hash):
    person = await a_person(engine, password_hash)
    door = a_door(engine)
    first = await password_step(door, login=" OLGA ")
    assert first.outcome is SignIn.CODE_NEEDED
    assert first.token is None
    second = await door.check_code(ticket=first.ticket or "", code=code_at(NOON), now=NOON)
    assert second.outcome is SignIn.DONE
    async with session_scope(engine) as session:
        viewer = await staff_for(session, second.token or "", now=NOON)
    assert viewer is not None
    assert viewer.id == person.id
    assert viewer.role is Role.HANDLER


async def test_a_wrong_password_an_unknown_login_and_a_disabled_person_get_the_same_answer(engine, password_hash):
    await a_person(engine, password_hash)
    await a_person(engine, password_hash, login="gone")
    async with session_scope(engine) as session:
        await disable_staff(session, "gone", by="test", now=NOON)
    door = a_door(engine)
    answers = [
        await password_step(door, password="not the password"),
        await password_step(door, login="nobody"),
        await password_step(door, login="gone"),
        await password_step(door, login="o\0lga"),
        await password_step(door, login="x" * 10_000, password="y" * 10_000),
    ]
    assert answers == [Step(SignIn.WRONG)] * 5


async def test_an_unknown_login_costs_a_hash_of_the_same_cost(password_hash):
    # The same algorithm, version and cost as a hash made today.
    assert NOBODY.rsplit("$", 2)[0] == password_hash.rsplit("$", 2)[0]
    assert not await is_password_right("nobody", None)


async def test_a_code_is_good_once_even_for_two_at_the_same_moment(engine, password_hash):
    await a_person(engine, password_hash)
    door = a_door(engine)
    ticket = (await password_step(door)).ticket or ""
    both = await asyncio.gather(*(door.check_code(ticket=ticket, code=code_at(NOON), now=NOON) for _ in range(2)))
    assert sorted(step.outcome for step in both) == [SignIn.DONE, SignIn.WRONG]
    again = await door.check_code(ticket=ticket, code=code_at(NOON), now=NOON + timedelta(seconds=20))
    assert again.outcome is SignIn.WRONG


async def test_an_older_code_is_dead_once_a_newer_one_was_used(engine, password_hash):
    await a_person(engine, password_hash)
    door = a_door(engine)
    ticket = (await password_step(door)).ticket or ""
    before = code_at(NOON - timedelta(seconds=30))
    assert (await door.check_code(ticket=ticket, code=code_at(NOON), now=NOON)).outcome is SignIn.DONE
    assert (await door.check_code(ticket=ticket, code=before, now=NOON)).outcome is SignIn.WRONG


@given(shift=st.integers(-400, 400))
def test_a_code_is_taken_one_step_early_or_late_and_no_more(shift):
    code = code_at(NOON + timedelta(seconds=shift))
    steps_away = int((NOON.timestamp() + shift) // 30) - int(NOON.timestamp() // 30)
    taken = accepted_step(SECRET, code, now=NOON, last_used=None) is not None
    assert taken is (abs(steps_away) <= 1)


@given(code=st.text(max_size=12))
def test_a_code_with_letters_is_never_taken(code):
    if not (code.isascii() and code.isdigit()):
        digits = "".join(code.split())
        taken = accepted_step(SECRET, code, now=NOON, last_used=None)
        assert taken is None or (digits.isascii() and digits.isdigit() and len(digits) == 6)


async def test_a_ticket_dies_after_five_minutes_and_cannot_be_forged(engine, password_hash):
    await a_person(engine, password_hash)
    await a_person(engine, password_hash, login="other")
    door = a_door(engine)
    ticket = (await password_step(door)).ticket or ""
    late = NOON + TICKET_FOR + timedelta(seconds=1)
    assert (await door.check_code(ticket=ticket, code=code_at(late), now=late)).outcome is SignIn.START_AGAIN
    for forged in ("", ":", "::", ticket.replace("olga", "other"), ticket[:-1] + "x", "olga:9999999999:é", "a:b:c"):
        step = await door.check_code(ticket=forged, code=code_at(NOON), now=NOON)
        assert step.outcome is SignIn.START_AGAIN, forged


async def test_a_person_of_the_demo_signs_in_without_a_code_only_in_a_demo(engine, password_hash):
    await a_person(engine, password_hash, secret=None)
    assert (await password_step(a_door(engine))).outcome is SignIn.WRONG
    assert (await password_step(a_door(engine, demo=True))).outcome is SignIn.DONE


async def test_a_demo_still_asks_the_others_for_their_code(engine, password_hash):
    await a_person(engine, password_hash)
    assert (await password_step(a_door(engine, demo=True))).outcome is SignIn.CODE_NEEDED


async def test_a_stranger_who_guesses_does_not_lock_the_owner_out(engine, password_hash):
    await a_person(engine, password_hash)
    door = a_door(engine)
    guesses = [await password_step(door, password="guess", network="stranger") for _ in range(PASSWORD_TRIES.most + 1)]
    assert [step.outcome for step in guesses] == [SignIn.WRONG] * PASSWORD_TRIES.most + [SignIn.TOO_OFTEN]
    assert (await password_step(door, network="owner")).outcome is SignIn.CODE_NEEDED


async def test_the_right_password_does_not_pass_a_used_up_limit(engine, password_hash):
    await a_person(engine, password_hash)
    door = a_door(engine)
    for _ in range(PASSWORD_TRIES.most):
        await password_step(door, password="guess")
    assert (await password_step(door)).outcome is SignIn.TOO_OFTEN


async def test_one_network_may_not_walk_through_logins(engine):
    async with session_scope(engine) as session:
        for _ in range(NETWORK_TRIES.most):
            await count_try(session, NETWORK_TRIES, "n", key=KEY, now=NOON)
    assert (await password_step(a_door(engine), login="anyone")).outcome is SignIn.TOO_OFTEN


async def test_codes_are_counted_per_person_over_all_networks(engine, password_hash):
    await a_person(engine, password_hash)
    door = a_door(engine)
    ticket = (await password_step(door)).ticket or ""
    tries = [await door.check_code(ticket=ticket, code="000000", now=NOON) for _ in range(CODE_TRIES.most)]
    assert {step.outcome for step in tries} == {SignIn.WRONG}
    assert (await door.check_code(ticket=ticket, code=code_at(NOON), now=NOON)).outcome is SignIn.TOO_OFTEN


async def test_two_hundred_at_once_are_counted_exactly(engine):
    limit = Limit("test", 5, timedelta(minutes=1))

    async def once() -> bool:
        async with session_scope(engine) as session:
            return await count_try(session, limit, "same", key=KEY, now=NOON)

    assert sum(await asyncio.gather(*(once() for _ in range(200)))) == 5
    async with session_scope(engine) as session:
        rows = (await session.exec(select(RateCount))).all()
        assert [row.count for row in rows] == [200]
        assert not await count_try(session, limit, "same", key=KEY, now=NOON)
        assert await count_try(session, limit, "same", key=KEY, now=NOON + timedelta(minutes=1))


async def test_each_sign_in_gets_a_new_id_and_only_its_hash_is_kept(engine, password_hash):
    person = await a_person(engine, password_hash)
    async with session_scope(engine) as session:
        first, second = [await open_session(session, person.id, now=NOON) for _ in range(2)]
        rows = (await session.exec(select(StaffSession))).all()
    assert first != second
    assert len(first) >= 22
    assert all(first.encode() not in row.token_hash for row in rows)


@pytest.mark.parametrize(
    ("steps", "lives"),
    [
        ([timedelta(minutes=29)], True),
        ([timedelta(minutes=31)], False),
        ([timedelta(minutes=29), timedelta(minutes=58)], True),
        ([timedelta(minutes=20 * n) for n in range(1, 36)], True),
        ([timedelta(minutes=20 * n) for n in range(1, 37)], False),
    ],
    ids=["29 idle minutes", "31 idle minutes", "used in between", "almost 12 hours", "12 hours"],
)
async def test_a_session_ends_after_30_idle_minutes_and_12_hours(engine, password_hash, steps, lives):
    person = await a_person(engine, password_hash)
    async with session_scope(engine) as session:
        token = await open_session(session, person.id, now=NOON)
        viewers = [await staff_for(session, token, now=NOON + step) for step in steps]
    assert (viewers[-1] is not None) is lives


async def test_a_disabled_person_is_out_with_the_next_request(engine, password_hash):
    person = await a_person(engine, password_hash)
    async with session_scope(engine) as session:
        token = await open_session(session, person.id, now=NOON)
        await disable_staff(session, "olga", by="test", now=NOON)
        assert await staff_for(session, token, now=NOON) is None


async def test_another_role_means_signing_in_again(engine, password_hash):
    person = await a_person(engine, password_hash)
    async with session_scope(engine) as session:
        token = await open_session(session, person.id, now=NOON)
        await change_role(session, "olga", Role.AUDITOR, by="test", now=NOON)
        assert await staff_for(session, token, now=NOON) is None
        again = await open_session(session, person.id, now=NOON)
        viewer = await staff_for(session, again, now=NOON)
    assert viewer is not None
    assert viewer.role is Role.AUDITOR


async def test_signing_out_ends_this_session_and_no_other(engine, password_hash):
    person = await a_person(engine, password_hash)
    async with session_scope(engine) as session:
        here, there = [await open_session(session, person.id, now=NOON) for _ in range(2)]
        await end_session(session, here)
        assert await staff_for(session, here, now=NOON) is None
        assert await staff_for(session, there, now=NOON) is not None


async def test_a_login_is_given_once_whatever_its_capitals(engine, password_hash):
    await a_person(engine, password_hash)
    with pytest.raises(Conflict):
        await a_person(engine, password_hash, login="OLGA")
    async with session_scope(engine) as session:
        people = (await session.exec(select(Staff).where(col(Staff.login) == "olga"))).all()
    assert len(people) == 1


@pytest.mark.parametrize("login", ["", "x", "имя", "a b", "o\0lga", "x" * 101])
async def test_a_login_of_strange_letters_is_refused(engine, password_hash, login):
    with pytest.raises(BadInput):
        await a_person(engine, password_hash, login=login)


async def test_a_short_password_is_refused():
    with pytest.raises(BadInput):
        await hash_password("short")


def test_the_address_for_the_authenticator_names_person_and_insurer():
    secret = new_secret()
    uri = provisioning_uri(secret, login="olga", issuer="Example Insurance")
    assert uri.startswith("otpauth://totp/Example%20Insurance:olga?secret=" + secret)
