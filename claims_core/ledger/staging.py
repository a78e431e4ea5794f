"""Rows into tables, a batch at a time: binary COPY for what is new, COPY and one merge for what may be there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from claims_core.db import Table, columns_of

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A table as a batch writes it: its columns in the order of the rows, and the key that finds a row again.

    Compared by identity: it is looked up several times for each claim.
    """

    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    kept: frozenset[str]

    @property
    def names(self) -> str:
        """The columns as SQL."""
        return ", ".join(f'"{name}"' for name in self.columns)

    @property
    def merge(self) -> str:
        """Insert what is staged; a row that is there takes the new values, and only if one of them differs."""
        new = [name for name in self.columns if name not in self.kept]
        keys = ", ".join(f'"{name}"' for name in self.key)
        insert = f"insert into {self.table} as t ({self.names}) select {self.names} from staged_{self.table}"  # noqa: S608
        if not new:
            return f"{insert} on conflict ({keys}) do nothing"
        values = ", ".join(f'"{name}" = excluded."{name}"' for name in new)
        old, fresh = (", ".join(f'{side}."{name}"' for name in new) for side in ("t", "excluded"))
        return f"{insert} on conflict ({keys}) do update set {values} where ({old}) is distinct from ({fresh})"


def target(
    table: type[Table],
    *,
    key: Iterable[str],
    first: Sequence[str] = (),
    without: Iterable[str] = (),
    kept: Iterable[str] = (),
) -> Target:
    """How batches write `table`: the columns `first`, then its others; `without` those that the database fills.

    A merge leaves `kept` as they are.
    """
    columns = (*first, *(name for name in columns_of(table) if name not in {*first, *without}))
    return Target(str(table.__tablename__), columns, tuple(key), frozenset((*kept, *key, "id")))


async def add(connection: asyncpg.Connection, into: Target, rows: Sequence[Row]) -> None:
    """COPY rows that are not there yet; raises `UniqueViolationError` if one of them is."""
    if rows:
        await connection.copy_records_to_table(into.table, records=rows, columns=into.columns)


async def stage(connection: asyncpg.Connection, into: Target, rows: Sequence[Row]) -> None:
    """COPY rows into the temporary table `staged_<table>` of this transaction, empty before."""
    staged = f"staged_{into.table}"
    await connection.execute(
        f"create temp table if not exists {staged} on commit drop as select {into.names} from {into.table} limit 0;"  # noqa: S608
        f" truncate {staged}"
    )
    await connection.copy_records_to_table(staged, records=rows, columns=into.columns)


async def merge(
    connection: asyncpg.Connection,
    into: Target,
    rows: Sequence[Row],
    *,
    instead_of: tuple[str, Sequence[UUID]] | None = None,
) -> int:
    """Write rows that may be there already, each key once; how many rows of the table changed.

    `instead_of` is a statement that takes away what is no longer staged, and the ids it is about.
    """
    if not rows and instead_of is None:
        return 0
    await stage(connection, into, rows)
    if instead_of is not None:
        await connection.execute(*instead_of)
    return int((await connection.execute(into.merge)).rpartition(" ")[2])
