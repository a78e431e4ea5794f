"""How Alembic reaches the database: the connection `claims_core.migrate` hands over, or DATABASE_URL."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection
from sqlmodel import SQLModel

import backoffice_adapter.tables  # noqa: F401
import claims_core.tables  # noqa: F401
import claims_figures.tables  # noqa: F401
import claims_portal.tables  # noqa: F401
import notifier.tables  # noqa: F401
from claims_core.db import make_engine


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
        include_name=lambda name, kind, parents: kind != "table" or name != "alembic_version",
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_alone() -> None:
    engine = make_engine(os.environ["DATABASE_URL"])
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    asyncio.run(run_alone())
