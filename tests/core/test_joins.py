"""Rows of one human are joined in the database, split again, and every step stays on record."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import NotFound, Refused
from claims_core.identity import JoinBasis
from claims_core.jobs import join_rows_of_one_human
from claims_core.same_person import rows_of_person
from claims_core.tables import AuditEntry, ContactPoint, Policyholder
from claims_core.ticks import Context
from tests.factories import NOON, a_claim, a_person, a_snapshot, later

PHONE, DAY = "+79121234567", date(1984, 3, 7)


async def a_row(session: AsyncSession, source: str = "a", **facts: Any) -> UUID:
    """The policyholder of a new claim of this source: with telephone, birth date and proof."""
    person = a_person(**{"phones": (PHONE,), "birth_date": DAY, "phones_verified": True} | facts)
    return (await a_claim(session, source=source, policyholder=person)).policyholder_id


async def test_two_sources_know_one_human(session: AsyncSession):
    one, other = await a_row(session, "a"), await a_row(session, "b")
    assert await ledger.join_people(session, [one], now=NOON) == 1
    assert set(await rows_of_person(session, one)) == set(await rows_of_person(session, other)) == {one, other}
    assert await ledger.join_people(session, [other], now=NOON) == 0
    [join] = await ledger.joins_of(session, [one])
    assert (join.basis, join.made_by, join.made_at) == (JoinBasis.PHONE_AND_BIRTH_DATE, "facts", NOON)


async def test_a_telephone_counts_once_its_holder_proved_it(session: AsyncSession):
    one, other = await a_row(session, "a", phones_verified=False), await a_row(session, "b", phones_verified=False)
    assert await ledger.join_people(session, [one], now=NOON) == 0
    point = (await session.exec(select(ContactPoint).where(ContactPoint.policyholder_id == other))).one()
    await ledger.verify_contact_point(session, point.id, now=NOON)
    assert await ledger.join_people(session, [one], now=NOON) == 1


async def test_an_address_that_came_back_must_be_proved_anew(session: AsyncSession):
    first = a_snapshot(policyholder=a_person(phones=(PHONE,)))
    await ledger.record(session, [first], now=NOON, settle=timedelta(0))
    point = (await session.exec(select(ContactPoint))).one()
    await ledger.verify_contact_point(session, point.id, now=NOON)
    same = later(first, object_label="other")
    await ledger.record(session, [same], now=NOON, settle=timedelta(0))
    await session.refresh(point)
    assert point.verified_at == NOON
    gone = first.policyholder.model_copy(update={"phones": ("+79120000001",)})
    for person in (gone, first.policyholder):
        same = later(same, policyholder=person)
        await ledger.record(session, [same], now=NOON, settle=timedelta(0))
    await session.refresh(point)
    assert point.on_file
    assert point.verified_at is None


async def test_a_number_known_from_elsewhere_does_not_prove_more_than_it_may(session: AsyncSession):
    """Rows met on the way are judged only by telephones whose holders are all there."""
    office = [f"+7912555000{number}" for number in range(2)]
    one = await a_row(session, "a", phones=(PHONE,))
    await a_row(session, "b", phones=(PHONE, office[0]), birth_date=date(1990, 1, 1))
    await a_row(session, "c", phones=(PHONE, office[0]), birth_date=date(1990, 1, 1), given_name="Олег")
    for number in range(5):
        await a_row(session, "d", phones=(office[0],), birth_date=date(1991, 1, number + 1))
    assert await ledger.join_people(session, [one], now=NOON) == 0


async def test_an_undone_join_splits_and_stays_undone(engine: AsyncEngine):
    async with session_scope(engine) as session:
        one, other = await a_row(session, "a"), await a_row(session, "b")
        await ledger.join_people(session, [one], now=NOON)
    async with session_scope(engine) as session:
        [join] = await ledger.joins_of(session, [one])
        assert await ledger.undo_join(session, join.id, by="ivanova", now=NOON) == {one, other}
        with pytest.raises(Refused):
            await ledger.undo_join(session, join.id, by="ivanova", now=NOON)
    async with session_scope(engine) as session:
        assert await rows_of_person(session, one) == [one]
        assert await ledger.join_people(session, [one, other], now=NOON) == 0
        [join] = await ledger.joins_of(session, [one])
        assert (join.undone_by, join.undone_at) == ("ivanova", NOON)
        [entry] = await session.exec(select(AuditEntry))
        assert (entry.actor, entry.action, entry.subject) == ("ivanova", "people_split", f"person_join:{join.id}")


async def test_of_three_rows_the_one_that_is_split_off_leaves_two(session: AsyncSession):
    rows = [await a_row(session, source) for source in "abc"]
    assert await ledger.join_people(session, rows[:1], now=NOON) == 2
    joins = await ledger.joins_of(session, rows)
    await ledger.undo_join(session, joins[-1].id, by="ivanova", now=NOON)
    sizes = sorted([len(await rows_of_person(session, row)) for row in rows])
    assert sizes == [1, 2, 2]


async def test_a_person_may_join_what_the_facts_do_not(session: AsyncSession):
    one, other = await a_row(session, "a"), await a_row(session, "a")
    join_id = await ledger.join_by_hand(session, other, one, by="ivanova", now=NOON)
    assert set(await rows_of_person(session, one)) == {one, other}
    with pytest.raises(Refused):
        await ledger.join_by_hand(session, one, other, by="ivanova", now=NOON)
    with pytest.raises(NotFound):
        await ledger.join_by_hand(session, one, join_id, by="ivanova", now=NOON)
    [entry] = await session.exec(select(AuditEntry))
    assert entry.action == "people_joined"


async def test_the_job_joins_splits_and_marks(engine: AsyncEngine):
    shot = a_snapshot(source="b", policyholder=a_person(phones=(PHONE,), birth_date=DAY, phones_verified=True))
    async with session_scope(engine) as session:
        one = await a_row(session, "a")
        await ledger.record(session, [shot], now=NOON, settle=timedelta(0))
        await a_row(session, "a", phones=("+79120000009",))
    context = Context(engine, NOON)
    assert await join_rows_of_one_human(context) == "1 joined, 0 undone, 0 telephones marked"
    assert await join_rows_of_one_human(context) is None
    corrected = shot.policyholder.model_copy(update={"birth_date": date(1986, 3, 7)})
    async with session_scope(engine) as session:
        assert len(await rows_of_person(session, one)) == 2
        await ledger.record(session, [later(shot, policyholder=corrected)], now=NOON, settle=timedelta(0))
    assert await join_rows_of_one_human(context) == "0 joined, 1 undone, 2 telephones marked"
    async with session_scope(engine) as session:
        assert await rows_of_person(session, one) == [one]
        shared = await session.exec(select(ContactPoint.address).where(ContactPoint.shared))
        assert list(shared) == [PHONE, PHONE]


async def test_a_new_snapshot_does_not_forget_who_is_joined(session: AsyncSession):
    shot = a_snapshot(source="b", policyholder=a_person(phones=(PHONE,), birth_date=DAY, phones_verified=True))
    one = await a_row(session, "a")
    await ledger.record(session, [shot], now=NOON, settle=timedelta(0))
    await ledger.join_people(session, [one], now=NOON)
    renamed = shot.policyholder.model_copy(update={"name": "Other"})
    await ledger.record(session, [later(shot, policyholder=renamed)], now=NOON, settle=timedelta(0))
    assert len(await rows_of_person(session, one)) == 2
    people = await session.exec(select(Policyholder).execution_options(populate_existing=True))
    assert {person.name for person in people} == {"Other", a_person().name}
