"""A table has one writer: the watch that runs beside all tests sees whoever writes, on whichever road."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from claims_core.db import session_scope
from claims_core.tables import Policyholder
from claims_portal.tables import RateCount
from tests.writers import HOMES, ForeignWriter

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

WRITERS = """
from sqlalchemy import insert, text, update
from claims_core.db import driver_connection, insert_once, session_scope
from claims_core.tables import Policyholder

PERSON = {"source": "s", "source_ref": "1", "name": "A"}

async def makes_a_row(engine):
    async with session_scope(engine) as session:
        session.add(Policyholder(**PERSON))

async def inserts(engine):
    async with session_scope(engine) as session:
        await (await session.connection()).execute(insert(Policyholder).values(id=Policyholder().id, **PERSON))

async def inserts_once(engine):
    async with session_scope(engine) as session:
        await insert_once(session, Policyholder(**PERSON), unique=("source", "source_ref"))

async def writes_text(engine):
    async with session_scope(engine) as session:
        await (await session.connection()).execute(text("with gone as (delete from policyholder returning 1) select 1"))

async def asks_the_driver(engine):
    async with session_scope(engine) as session:
        await (await driver_connection(session)).execute("UPDATE policyholder SET name = 'B'")

async def copies(engine):
    async with session_scope(engine) as session:
        await (await driver_connection(session)).copy_records_to_table("policyholder", records=[])

async def changes(engine):
    async with session_scope(engine) as session:
        row = await session.get(Policyholder, ID)
        row.name = "B"

async def deletes(engine):
    async with session_scope(engine) as session:
        await session.delete(await session.get(Policyholder, ID))
"""
READ = """
from sqlalchemy import text
from claims_core.db import session_scope
from claims_core.tables import Policyholder

async def reads(engine):
    async with session_scope(engine) as session:
        row = await session.get(Policyholder, ID)
        await (await session.connection()).execute(text("select * from policyholder for update skip locked"))
        return row.name
"""
ROADS = ["makes_a_row", "inserts", "inserts_once", "writes_text", "asks_the_driver", "copies", "changes", "deletes"]


def module(name: str, source: str, **more: Any) -> dict[str, Any]:
    """Code that runs as if it stood in the module `name`."""
    names: dict[str, Any] = {"__name__": name, **more}
    exec(compile(source, f"<{name}>", "exec"), names)
    return names


async def a_person(engine: AsyncEngine) -> Policyholder:
    async with session_scope(engine) as session:
        person = Policyholder(source="s", source_ref="0", name="A")
        session.add(person)
    return person


@pytest.mark.parametrize("road", ROADS)
async def test_a_package_that_writes_anothers_table_is_caught_on_every_road(engine: AsyncEngine, road: str):
    person = await a_person(engine)
    with pytest.raises(ForeignWriter, match=r"\.planner writes policyholder, which only claims_core\.ledger"):
        await module("notifier.planning.planner", WRITERS, ID=person.id)[road](engine)


@pytest.mark.parametrize("road", ROADS)
async def test_the_home_of_a_table_may_write_it_on_every_road(engine: AsyncEngine, road: str):
    person = await a_person(engine)
    await module("claims_core.ledger.people", WRITERS, ID=person.id)[road](engine)


async def test_everybody_may_read(engine: AsyncEngine):
    person = await a_person(engine)
    assert await module("claims_portal.queries", READ, ID=person.id)["reads"](engine) == "A"


async def test_another_module_of_the_core_is_not_the_ledger(engine: AsyncEngine):
    person = await a_person(engine)
    with pytest.raises(ForeignWriter):
        await module("claims_core.promises", WRITERS, ID=person.id)["changes"](engine)


async def test_a_row_is_its_makers_even_when_somebody_else_commits(engine: AsyncEngine):
    """The portal may open the unit of work in which the notifier writes its own table."""
    portal = module(
        "claims_portal.pages.x",
        "async def through(scope, make, engine):\n"
        "    async with scope(engine) as session:\n        session.add(make())\n",
    )
    home = module(
        "claims_portal.rates",
        "def make():\n    return RateCount(bucket=b'x', window_start=NOON)\n",
        RateCount=RateCount,
        NOON=NOON,
    )
    await portal["through"](session_scope, home["make"], engine)
    foreign = module(
        "notifier.direct",
        "def make():\n    return RateCount(bucket=b'y', window_start=NOON)\n",
        RateCount=RateCount,
        NOON=NOON,
    )
    with pytest.raises(ForeignWriter):
        await portal["through"](session_scope, foreign["make"], engine)


def test_every_table_has_a_home():
    assert HOMES.keys() == SQLModel.metadata.tables.keys()
