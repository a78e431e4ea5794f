"""PostgreSQL: the base of all tables, the engine, the unit of work, and writing a thing once."""

import hashlib
import json
import logging
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any, ClassVar, cast

import asyncpg
from sqlalchemy import Enum, text
from sqlalchemy import inspect as sa_inspect
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import declared_attr
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import Misconfigured

log = logging.getLogger(__name__)
# What PostgreSQL says when it ends one of two that are in each other's way: serialisation failure, deadlock.
GIVEN_UP = frozenset({"40001", "40P01"})
# What the driver raises while PostgreSQL cannot be reached or refuses: a job waits, the other side keeps what it has.
DATABASE_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
# PostgreSQL compiles a statement whose cost it guesses to be high. Ours look a few rows up each: the planner's look for
# news took 1.4 s so, of which 1.3 went into compiling it (PostgreSQL 15, 8,000 facts never analysed).
NO_JIT = {"jit": "off"}
POOL_SIZE = 10
# Constraints have names that a migration can drop and an error message can show.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """What all our tables share. Tables hold, values travel: nothing is validated here.

    `__pii__` names the columns with personal data; they never reach a log, a metric or a URL.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset()

    @declared_attr.directive
    @classmethod
    def __tablename__(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


def stored_as_value(kind: type[StrEnum]) -> Any:
    """The enum as text of its values: a native enum would hold member names and hide new ones from Alembic."""
    return Enum(
        kind,
        native_enum=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        create_constraint=False,
    )


def plain_address(url: str) -> str:
    """`url` as asyncpg and the programs of PostgreSQL read it: without the name of a driver."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def make_engine(url: str, *, pool_size: int = POOL_SIZE) -> AsyncEngine:
    """An engine for `postgresql://…`; the driver is always asyncpg, and reads the address as it does elsewhere.

    SQLAlchemy would hand `sslmode` and whatever else stands behind the `?` on as arguments that asyncpg does not have.
    """
    parsed, plain = make_url(url).set(drivername="postgresql+asyncpg"), plain_address(url)

    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(plain, server_settings=NO_JIT)

    return create_async_engine(parsed, async_creator=connect, pool_size=pool_size, max_overflow=5, pool_pre_ping=False)


async def must_answer(engine: AsyncEngine) -> None:
    """Raise `Misconfigured` in one sentence when the database cannot be reached or does not let us in."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("select 1"))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError) as error:
        reason = str(getattr(error, "orig", None) or error).split("\n")[0]
        where = engine.url.set(drivername="postgresql").render_as_string(hide_password=True)
        raise Misconfigured(f"the database {where} does not let us in ({reason}): mend DATABASE_URL") from None


@asynccontextmanager
async def session_scope(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One unit of work: committed at the end, or nothing happened. No other code commits."""
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        yield session


def given_up(problem: asyncpg.PostgresError | DBAPIError) -> str | None:
    """The code with which the database ended one of two that were in each other's way, if that is what happened.

    All that its unit of work did is undone, and may be done again.
    """
    code: str | None = getattr(problem.orig if isinstance(problem, DBAPIError) else problem, "sqlstate", None)
    return code if code in GIVEN_UP else None


def columns_of(table: type[Table]) -> list[str]:
    """The names of a table's columns, in order."""
    return [column.name for column in sa_inspect(table).columns]


async def insert_once(session: AsyncSession, row: Table, *, unique: Sequence[str] | None) -> bool:
    """Insert `row` unless one with the same `unique` columns (None: any key of it) is there. True if this did it."""
    values = {name: getattr(row, name) for name in columns_of(type(row))}
    values = {name: value for name, value in values.items() if value is not None}
    statement = insert(type(row)).values(**values).on_conflict_do_nothing(index_elements=unique and list(unique))
    result = await session.connection()
    return (await result.execute(statement)).rowcount == 1


async def driver_connection(session: AsyncSession) -> asyncpg.Connection:
    """The asyncpg connection inside this session's transaction, for COPY and other batch work."""
    connection = await session.connection()
    # SQLAlchemy opens the driver's transaction with the first statement; COPY must not run outside of it.
    await connection.execute(text("select 1"))
    return cast(asyncpg.Connection, (await connection.get_raw_connection()).driver_connection)


async def open_pool(
    url: str, *, size: int = POOL_SIZE, stateless: bool = False, plan_once: bool = False
) -> asyncpg.Pool:
    """A pool of plain asyncpg connections for the few hot paths, where the ORM would cost two thirds of the time.

    `stateless` promises that nobody listens, locks or sets anything on them: they then go back without a reset,
    which would be a second trip for each statement. `plan_once` promises that every statement looks things up by the
    same indexes whatever the values: it is planned without them, once a connection.
    """

    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")

    async def keep(connection: asyncpg.Connection) -> None:
        """Nothing was set on it."""

    return await asyncpg.create_pool(
        plain_address(url),
        min_size=1,
        max_size=size,
        init=prepare,
        reset=keep if stateless else None,
        server_settings=NO_JIT | ({"plan_cache_mode": "force_generic_plan"} if plan_once else {}),
    )


@asynccontextmanager
async def pool_scope(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    """One unit of work on a plain connection: committed at the end, or nothing happened."""
    async with pool.acquire() as connection, connection.transaction():
        yield cast(asyncpg.Connection, connection)


def advisory_key(name: str) -> int:
    """A stable 63-bit key for PostgreSQL's advisory locks, from a name that a person can read in the code."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


def as_dict(row: Table) -> dict[str, Any]:
    """The columns of a row as plain values."""
    return {name: getattr(row, name) for name in columns_of(type(row))}
