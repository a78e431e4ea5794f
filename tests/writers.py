"""While the tests run, every write to a table is watched: a table has one writer, everybody may read."""

import importlib
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from types import FrameType
from typing import Any

import asyncpg
import greenlet
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstanceState, Mapper, Session
from sqlmodel import SQLModel

from claims_core.db import Table

PACKAGES = (
    "claims_core",
    "backoffice_adapter",
    "notifier",
    "claims_figures",
    "claims_portal",
    "sandbox",
    "benchmarks",
    "migrations",
)
# Whoever calls them is the writer, not they themselves.
TOOLS = ("claims_core.db", "claims_core.migrate")
# Of the core's tables: those that are not the ledger's own.
OTHER_HOMES = {"job_slot": "claims_core.ticks", "installation": "claims_core.installation"}
WRITE = re.compile(
    r"""\b(?:insert\s+into|update(?:\s+only)?|delete\s+from(?:\s+only)?|merge\s+into|truncate(?:\s+table)?|copy)\s+"?(\w+)""",
    re.IGNORECASE,
)
WATCHED = ("execute", "executemany", "fetch", "fetchrow", "fetchval", "prepare", "cursor")
WRITER = "written_by"


class ForeignWriter(AssertionError):
    """A package wrote a table that belongs to another."""


for home_of_tables in ("claims_core", "backoffice_adapter", "notifier", "claims_figures", "claims_portal"):
    importlib.import_module(f"{home_of_tables}.tables")


def homes() -> dict[str, str]:
    """Which module, and those below it, may write which table."""
    found = {}
    for mapper in SQLModel._sa_registry.mappers:
        package = mapper.class_.__module__.split(".")[0]
        if issubclass(mapper.class_, Table) and package in PACKAGES:
            name = str(mapper.local_table.name)
            found[name] = OTHER_HOMES.get(name, "claims_core.ledger" if package == "claims_core" else package)
    return found


HOMES = homes()


def frames() -> Iterator[FrameType]:
    """The stack from here outwards, on through the greenlets that SQLAlchemy switches to for its drivers."""
    frame: FrameType | None = sys._getframe(1)
    here: Any = greenlet.getcurrent()
    while frame is not None or here is not None:
        while frame is not None:
            yield frame
            frame = frame.f_back
        here = here.parent
        frame = here.gr_frame if here is not None else None


def writer() -> str | None:
    """The innermost module of ours on the stack that is no mere tool; None when a test itself writes."""
    for frame in frames():
        name = str(frame.f_globals.get("__name__", ""))
        if name == __name__ or name in TOOLS:
            continue
        if name.split(".")[0] == "tests" or name.startswith("migrations"):
            return None
        if name.split(".")[0] in PACKAGES:
            return name
    return None


def refuse_foreign(table: str, by: str | None) -> None:
    """Raise `ForeignWriter` unless `by` is at home in `table`; tests may write everything."""
    home = HOMES.get(table)
    if home is None or by is None or by == home or by.startswith(f"{home}."):
        return
    raise ForeignWriter(f"{by} writes {table}, which only {home} may")


def _in_flush() -> bool:
    return any(frame.f_globals.get("__name__") == "sqlalchemy.orm.unitofwork" for frame in frames())


@lru_cache(maxsize=4096)
def written(statement: str) -> tuple[str, ...]:
    """The tables that a statement writes."""
    return tuple(table.lower() for table in WRITE.findall(statement))


def _look_at_text(statement: str) -> None:
    for table in written(statement):
        refuse_foreign(table, writer())


def _on_statement(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
    # Most statements only read: the stack is climbed for the others.
    if written(statement) and not _in_flush():  # there the rows themselves say who wrote them
        _look_at_text(statement)


def _on_made(state: InstanceState[Any], args: Any, kwargs: Any) -> None:
    state.info[WRITER] = writer()


def _on_assigned(target: Any, value: Any, old: Any, initiator: Any) -> None:
    target._sa_instance_state.info[WRITER] = writer()


def _on_flush(session: Session, context: Any, instances: Any) -> None:
    changed = [row for row in session.dirty if session.is_modified(row)]
    for row in [*session.new, *changed]:
        if isinstance(row, Table):
            refuse_foreign(str(row.__tablename__), row._sa_instance_state.info.get(WRITER))  # type: ignore[attr-defined]
    for row in session.deleted:
        if isinstance(row, Table):
            refuse_foreign(str(row.__tablename__), writer())


def _through_sqlalchemy() -> bool:
    return any(str(frame.f_globals.get("__name__", "")).startswith("sqlalchemy.") for frame in frames())


def _watched(name: str) -> Any:
    original = getattr(asyncpg.Connection, name)

    def call(self: asyncpg.Connection, query: str, *args: Any, **kwargs: Any) -> Any:
        if written(query) and not _through_sqlalchemy():
            _look_at_text(query)
        return original(self, query, *args, **kwargs)

    return call


async def _copy(self: asyncpg.Connection, table_name: str, *args: Any, **kwargs: Any) -> Any:
    refuse_foreign(table_name, writer())
    return await ORIGINAL_COPY(self, table_name, *args, **kwargs)


ORIGINAL_COPY = asyncpg.Connection.copy_records_to_table


def watch() -> None:
    """Watch from now on, in this process: rows, statements, and the driver itself."""
    for mapper in list(SQLModel._sa_registry.mappers):
        _watch_rows(mapper)
    event.listen(Session, "before_flush", _on_flush)
    event.listen(Connection, "before_cursor_execute", _on_statement)
    for name in WATCHED:
        setattr(asyncpg.Connection, name, _watched(name))
    asyncpg.Connection.copy_records_to_table = _copy  # type: ignore[method-assign]


def _watch_rows(mapper: Mapper[Any]) -> None:
    event.listen(mapper.class_, "init", lambda target, args, kwargs: _on_made(target._sa_instance_state, args, kwargs))
    for column in mapper.column_attrs:
        event.listen(getattr(mapper.class_, column.key), "set", _on_assigned)
