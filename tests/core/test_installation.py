"""Whose database this is: written once, named once, and said in words when it is another's."""

import argparse
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.commands import db
from claims_core.installation import bind_database
from tests.factories import NOON


async def test_the_first_to_come_binds_the_database_and_nobody_after(engine: AsyncEngine):
    assert await bind_database(engine, instance_id="one", now=NOON) is None
    assert await bind_database(engine, instance_id="one", now=NOON + timedelta(days=1)) is None
    why = await bind_database(engine, instance_id="two", now=NOON)
    assert why is not None
    assert "belongs to the installation one and CLAIMS_INSTANCE_ID is two" in why
    assert await bind_database(engine, instance_id=None, now=NOON) is not None


async def test_a_database_without_a_name_takes_the_first_it_is_given(engine: AsyncEngine):
    assert await bind_database(engine, instance_id=None, now=NOON) is None
    assert await bind_database(engine, instance_id="one", now=NOON) is None
    assert await bind_database(engine, instance_id="two", now=NOON) is not None


async def test_a_database_that_lies_elsewhere_than_when_it_was_bound_is_a_copy(engine: AsyncEngine):
    await bind_database(engine, instance_id="one", now=NOON)
    async with engine.begin() as connection:
        await connection.execute(text("update installation set place = '7000000000000000001/16384'"))
    why = await bind_database(engine, instance_id="one", now=NOON)
    assert why is not None
    assert "copy or was restored" in why


def test_upgrading_the_database_binds_it(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("CLAIMS_INSTANCE_ID", "one")
    assert db.run(argparse.Namespace(action="upgrade")) == 0
    assert "CLAIMS_INSTANCE_ID" not in capsys.readouterr().out
    monkeypatch.setenv("CLAIMS_INSTANCE_ID", "two")
    assert db.run(argparse.Namespace(action="upgrade")) == 0
    assert "belongs to the installation one" in capsys.readouterr().out
