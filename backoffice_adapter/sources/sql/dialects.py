"""What one database does otherwise than another: driver, limits of a transaction, cells, age of a standby (pure)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Any

# The standard's words for a transaction that writes nothing; SQLite has others, SQL Server has none.
READ_ONLY = "set transaction read only"
# On a standby: how far it is behind; nothing on the server that writes. An idle primary makes no standby old.
POSTGRESQL_LAG = """
select case when pg_is_in_recovery() and pg_last_wal_receive_lsn() is distinct from pg_last_wal_replay_lsn()
  then extract(epoch from now() - pg_last_xact_replay_timestamp()) end
"""
# 0000-00-00 says that there is no date; one whose day alone is 0 says something, and the mapping refuses it.
NO_DATE = re.compile(r"0000-00-00([ T]00:00:00(\.0+)?)?")
Cell = Callable[[Any], Any]


def _no_cells() -> Mapping[int, Cell]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database.

    `before` is said before each statement, in its transaction ({ms}, {s} and {whole_s} are the time limit); `driver` is
    meant where an address names none; `cells`, by the driver's number of a type, make of a cell what others give;
    `lag` asks how many seconds a standby is behind; `refused` are errors that only a person can mend and whose SQLSTATE
    does not say so.
    """

    before: tuple[str, ...] = (READ_ONLY,)
    driver: str | None = None
    cells: Mapping[int, Cell] = field(default_factory=_no_cells)
    lag: str | None = None
    refused: frozenset[int] = frozenset()


def date_or_none(cell: Any) -> Any:
    """Drivers of MySQL hand out a date that is none as its text."""
    return None if isinstance(cell, str) and NO_DATE.fullmatch(cell) else cell


def number_of_bits(cell: Any) -> Any:
    """BIT(1) is how many programs write true and false there; it comes as bytes."""
    return int.from_bytes(cell, "big") if isinstance(cell, bytes) else cell


# The numbers of types are those of the protocol: TIMESTAMP, DATE, DATETIME, BIT.
_MYSQL_CELLS = MappingProxyType({7: date_or_none, 10: date_or_none, 12: date_or_none, 16: number_of_bits})
# A view whose tables are gone, or that its owner may no longer read, has only the general SQLSTATE.
_MYSQL_REFUSED = frozenset({1356})


def _mysql(limit: str) -> Dialect:
    return Dialect(
        before=(f"set session {limit}, lock_wait_timeout = {{whole_s}}", READ_ONLY),
        driver="aiomysql",
        cells=_MYSQL_CELLS,
        refused=_MYSQL_REFUSED,
    )


_DIALECTS = {
    "postgresql": Dialect(
        before=(READ_ONLY, "set local statement_timeout = {ms}", "set local lock_timeout = {ms}"),
        driver="asyncpg",
        lag=POSTGRESQL_LAG,
    ),
    "mysql": _mysql("max_execution_time = {ms}"),
    "mariadb": _mysql("max_statement_time = {s}"),
    "sqlite": Dialect(before=("pragma query_only = 1",)),
    "mssql": Dialect(before=("set lock_timeout {ms}",)),
}
_STANDARD = Dialect()


def dialect_of(name: str, *, is_mariadb: bool = False) -> Dialect:
    """By SQLAlchemy's name; an address may call a MariaDB `mysql`, which only the server tells apart."""
    return _DIALECTS.get("mariadb" if is_mariadb else name, _STANDARD)


def limits(dialect: Dialect, timeout: timedelta) -> list[str]:
    """What is said before each statement."""
    seconds = timeout.total_seconds()
    values = {"ms": int(seconds * 1000), "s": f"{seconds:.3f}", "whole_s": max(1, int(seconds))}
    return [words.format(**values) for words in dialect.before]
