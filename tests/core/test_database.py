"""How a database is reached and how far it may be ahead: said in one line, and never in the driver's words."""

import argparse
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import migrate, shape
from claims_core.commands import db
from claims_core.db import make_engine, must_answer, open_pool
from claims_core.errors import Misconfigured, Refused


def with_more(url: str, **more: str) -> str:
    return make_url(url).update_query_dict(more).render_as_string(hide_password=False)


async def test_an_address_may_carry_what_the_programs_of_postgresql_read_in_it(database_url: str):
    engine = make_engine(with_more(database_url, sslmode="disable", application_name="ours"))
    try:
        async with engine.connect() as connection:
            assert (await connection.execute(text("show application_name"))).scalar_one() == "ours"
    finally:
        await engine.dispose()


@pytest.mark.parametrize("more", [{"sslmode": "nonsense"}, {"nonsense": "1"}], ids=["value", "name"])
async def test_an_address_with_something_that_nobody_knows_is_a_sentence(database_url: str, more: dict[str, str]):
    engine = make_engine(with_more(database_url, **more))
    try:
        with pytest.raises(Misconfigured, match=r"(sslmode|nonsense).*mend DATABASE_URL"):
            await must_answer(engine)
    finally:
        await engine.dispose()


@pytest.fixture
async def ahead(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """A database that a newer version has upgraded."""
    async with engine.begin() as connection:
        await connection.execute(text("update alembic_version set version_num = '9999'"))
    yield engine
    async with engine.begin() as connection:
        await connection.execute(text(f"update alembic_version set version_num = '{shape.head()}'"))
        await connection.execute(text(f"comment on table alembic_version is '{shape.oldest()}'"))


async def test_a_version_starts_on_the_shape_of_the_next_one_and_says_so(
    ahead: AsyncEngine, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.WARNING):
        await shape.must_fit(ahead)
    # What another test has left behind may be cleaned up, and told of, at any moment.
    ours = [record.message for record in caplog.records if record.name == shape.__name__]
    assert ours == ["database_is_ahead"]


@pytest.mark.parametrize("fits_from", ["'9998'", "null"], ids=["too old", "unsaid"])
async def test_a_version_does_not_start_on_a_shape_too_far_ahead(ahead: AsyncEngine, fits_from: str):
    async with ahead.begin() as connection:
        await connection.execute(text(f"comment on table alembic_version is {fits_from}"))
    with pytest.raises(Misconfigured, match="9999, newer than this version knows"):
        await shape.must_fit(ahead)


async def test_nobody_upgrades_a_database_that_is_ahead_of_them(ahead: AsyncEngine):
    with pytest.raises(Misconfigured, match="9999, newer than this version knows"):
        await migrate.upgrade(ahead)
    assert await migrate.faults(ahead) == [shape.ahead("9999")]


def test_a_backup_names_no_password_among_its_arguments(database_url: str):
    secret = "ge:he\\im"
    url = make_url(database_url).set(password=secret).render_as_string(hide_password=False)
    with db._without_password(url) as address:
        named = make_url(address)
        assert named.password is None
        file = Path(str(named.query["passfile"]))
        assert file.stat().st_mode & 0o077 == 0
        assert file.read_text() == "*:*:*:*:ge\\:he\\\\im\n"
    assert not file.exists()


def test_a_backup_into_a_folder_that_is_not_there_is_a_sentence(database_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", database_url)
    with pytest.raises(Refused, match="there is no folder /nowhere"):
        db.run(argparse.Namespace(action="backup", file=Path("/nowhere/claims.dump")))


async def test_no_statement_of_ours_is_compiled_before_it_is_run(engine: AsyncEngine, database_url: str) -> None:
    async with engine.connect() as connection:
        assert await connection.scalar(text("show jit")) == "off"
    pool = await open_pool(database_url, size=1, plan_once=True)
    assert await pool.fetchval("show jit") == "off"
    assert await pool.fetchval("show plan_cache_mode") == "force_generic_plan"
    await pool.close()
