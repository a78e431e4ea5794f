"""A database that is only read: one short transaction a statement, with a time limit, its failures in our words."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import DataError as Unreadable
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql.expression import Executable

from backoffice_adapter.sources.sql.dialects import Cell, Dialect, dialect_of, limits
from claims_core.errors import Misconfigured, SourceRefused, SourceUnavailable

# The server may take the whole time limit before it gives up itself; then the answer has to travel.
_GRACE = timedelta(seconds=5)
EXTRAS = {"psycopg": "postgresql", "aiomysql": "mysql", "pymysql": "mysql"}
_UNREADABLE, _REFUSED = ("22",), ("42", "28", "3D", "3F")
_GONE = ("no such table", "no such column", "no such view")


class CellProblem(Exception):
    """A value that the database or its driver cannot give us; the text has no value in it."""


class Answer(NamedTuple):
    """The names of the columns, the rows as the driver gives them, and what makes the usual of a column's cells."""

    names: list[str]
    rows: list[Sequence[Any]]
    usual: Mapping[str, Cell]


class Database:
    """Reads rows. A driver that blocks works in a thread."""

    def __init__(self, name: str, url: str, *, timeout: timedelta) -> None:
        self._name, self._timeout = name, timeout
        self._url = _address(name, url)
        self._engine = _engine(name, self._url, timeout)
        self._dialect = dialect_of(self._engine.dialect.name)
        self.lag = self._dialect.lag

    async def close(self) -> None:
        """Give back the connections."""
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            await asyncio.to_thread(self._engine.dispose)

    async def rows(self, statement: Executable, *, place: str) -> Answer:
        """What it answers. `place` is what errors call the view.

        Raises `CellProblem`, `SourceUnavailable` for what may pass, `SourceRefused` for what somebody must mend.
        """
        self._file_is_there()
        try:
            async with asyncio.timeout((self._timeout + _GRACE).total_seconds()):
                return await self._read(statement)
        except (OSError, TimeoutError) as problem:
            said = str(problem) or "no answer in time"
            raise SourceUnavailable(f"{self._name}: {place}: {said[:200]}") from problem
        except DBAPIError as problem:
            raise _in_our_words(problem, f"{self._name}: {place}", self._dialect) from problem
        except (ValueError, OverflowError, RecursionError) as problem:
            # A driver that makes a date of 300000 BC, or reads JSON itself, says so in its own way.
            raise CellProblem(type(problem).__name__) from problem
        except SQLAlchemyError as problem:
            raise SourceRefused(f"{self._name}: {place}: {_first_line(problem)}") from problem

    async def _read(self, statement: Executable) -> Answer:
        if isinstance(self._engine, Engine):
            return await asyncio.to_thread(self._read_blocking, self._engine, statement)
        async with self._engine.connect() as connection:
            return await connection.run_sync(self._fetch, statement)

    def _read_blocking(self, engine: Engine, statement: Executable) -> Answer:
        with engine.connect() as connection:
            return self._fetch(connection, statement)

    def _fetch(self, connection: Connection, statement: Executable) -> Answer:
        dialect = dialect_of(connection.dialect.name, is_mariadb=getattr(connection.dialect, "is_mariadb", False))
        for words in limits(dialect, self._timeout):
            connection.execute(text(words))
        result = connection.execute(statement)
        described: Any = result.cursor.description if dialect.cells and result.cursor is not None else ()
        usual = {one[0]: dialect.cells[one[1]] for one in described if one[1] in dialect.cells}
        return Answer(list(result.keys()), [tuple(row) for row in result], usual)

    def _file_is_there(self) -> None:
        """SQLite would make an empty database of a path that leads nowhere."""
        path = self._url.database
        if self._engine.dialect.name == "sqlite" and path and not path.startswith("file:") and not Path(path).is_file():
            raise SourceUnavailable(f"{self._name}: the database file {path} is not there")


def _address(name: str, url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError):
        # What the library says of it may hold the password.
        raise Misconfigured(f"{name}: the database's address cannot be read: write dialect://host/name") from None
    driver = dialect_of(address.drivername).driver
    return address.set(drivername=f"{address.drivername}+{driver}") if driver else address


def _engine(name: str, address: URL, timeout: timedelta) -> Engine | AsyncEngine:
    more: dict[str, Any] = {"pool_pre_ping": True}
    if address.get_backend_name() == "sqlite":
        more["connect_args"] = {"timeout": timeout.total_seconds()}
    try:
        dialect = address.get_dialect()
        return create_async_engine(address, **more) if dialect.is_async else create_engine(address, **more)
    except NoSuchModuleError as problem:
        raise Misconfigured(
            f"{name}: there is no driver for '{address.drivername}': install SQLAlchemy's dialect for it"
        ) from problem
    except ModuleNotFoundError as problem:
        extra = EXTRAS.get(str(problem.name))
        known = f"claims-status[{extra}]" if extra else str(problem.name)
        raise Misconfigured(f'{name}: the driver {problem.name} is not installed: pip install "{known}"') from problem


def _in_our_words(problem: DBAPIError, place: str, dialect: Dialect) -> Exception:
    """By the SQLSTATE's class where there is one, else by the error's number or kind and SQLite's own words."""
    state = str(getattr(problem.orig, "sqlstate", None) or getattr(problem.orig, "pgcode", None) or "")
    said = _first_line(problem.orig or problem)
    if problem.connection_invalidated:
        return SourceUnavailable(f"{place}: the connection was cut: {said}")
    if state.startswith(_UNREADABLE) or isinstance(problem, Unreadable) or said.startswith("Could not decode"):
        # The database quotes the value in its words; we do not.
        return CellProblem(f"SQLSTATE {state}" if state else type(problem.orig).__name__)
    if state.startswith(_REFUSED) or _number(problem.orig) in dialect.refused or any(words in said for words in _GONE):
        return SourceRefused(f"{place}: {said}")
    if not state and isinstance(problem, ProgrammingError):
        return SourceRefused(f"{place}: {said}")
    return SourceUnavailable(f"{place}: {said}")


def _number(problem: BaseException | None) -> int | None:
    """That of the database, where the driver gives (number, sentence)."""
    args = problem.args if problem is not None else ()
    return args[0] if len(args) == 2 and isinstance(args[0], int) else None


def _first_line(problem: BaseException) -> str:
    sentence = problem if _number(problem) is None else problem.args[1]
    line = (str(sentence).splitlines() or [""])[0]
    # The adapter of asyncpg puts the class in front of the database's sentence.
    return (line.rpartition(">: ")[2] or line)[:300]
