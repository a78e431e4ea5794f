"""The database's shape: brought up to date, and compared with what the code expects."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.files import folder


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine, *, to: str = "head") -> None:
    """Bring the database to `to`. Safe to run twice and from two processes: an advisory lock lets one work."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("select pg_advisory_lock(hashtext('claims migrations'))")
        await connection.commit()
        try:
            await connection.run_sync(lambda sync: command.upgrade(_config(sync), to))
            await connection.commit()
        finally:
            await connection.exec_driver_sql("select pg_advisory_unlock(hashtext('claims migrations'))")
            await connection.commit()


async def revision(engine: AsyncEngine) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def head() -> str:
    """The revision the code expects: the first four digits of the name written in `migrations/HEAD`."""
    return (folder("migrations") / "HEAD").read_text().strip()[:4]


def versions() -> list[Path]:
    """The migrations, oldest first."""
    return sorted((folder("migrations") / "versions").glob("[0-9]*.py"))
