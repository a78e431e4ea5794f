"""Migrations are numbered, and what they build is what the code expects."""

import io

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from claims_core import shape
from claims_core.files import folder


def test_migrations_are_numbered_and_the_head_is_written_down():
    names = [path.stem for path in shape.versions()]
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert (folder("migrations") / "HEAD").read_text() == names[-1] + "\n"


def test_the_oldest_code_that_runs_on_this_shape_is_one_that_there_was():
    written = (folder("migrations") / "OLDEST").read_text()
    assert written in [path.stem + "\n" for path in shape.versions()]
    assert shape.oldest() <= shape.head()


async def test_the_migrated_database_is_what_the_tables_say(engine: AsyncEngine):
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), SQLModel.metadata)
        )
    assert differences == []


async def test_the_way_back_leaves_nothing_behind(engine: AsyncEngine):
    def down(sync: Connection) -> set[str]:
        config = Config(stdout=io.StringIO())
        config.set_main_option("script_location", str(folder("migrations")))
        config.attributes["connection"] = sync
        command.downgrade(config, "base")
        return set(inspect(sync).get_table_names())

    async with engine.connect() as connection:
        await connection.begin()
        left = await connection.run_sync(down)
        await connection.rollback()
    assert left <= {"alembic_version"}
