"""What is asked of a view: a page behind a place, the keys of a page, a span of keys, one row, rows without a key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, cast, column, literal_column, or_, select, table
from sqlalchemy import text as sql_text

from backoffice_adapter.settings import SqlConfig
from backoffice_adapter.sources.sql.positions import sql_type


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row lies in the order we read in."""

    at: Any
    ref: Any


class View:
    """The statements for one view or query. Keyset paging: what moves while we read moves ahead of us."""

    def __init__(self, config: SqlConfig) -> None:
        self._at: ColumnElement[Any] = column(config.updated_at)
        self._ref: ColumnElement[Any] = column(config.ref)
        self._both = and_(self._at.is_not(None), self._ref.is_not(None))
        if config.view is not None:
            *schema, name = config.view.split(".")
            self._from: Any = table(name, schema=schema[0] if schema else None)
        else:
            self._from = sql_text(f"({(config.query or '').strip().rstrip(';')}) q")

    def page(self, after: Place | None, *, since: Any, limit: int) -> Select[Any]:
        """The next rows whole, in the order of (updated_at, ref); from `since` on, that included, without a place."""
        return self._ordered(self._all(), after, since).limit(limit)

    def keys(self, after: Place | None, *, since: Any, limit: int) -> Select[Any]:
        """The same rows, their keys alone: these can be read even where a cell cannot."""
        return self._ordered(select(self._at.label("at"), self._ref.label("ref")), after, since).limit(limit)

    def span(self, first: Place, last: Place) -> Select[Any]:
        """The rows from `first` to `last`, both included."""
        within = and_(
            or_(self._at > _bound(first.at), and_(self._at == _bound(first.at), self._ref >= _bound(first.ref))),
            or_(self._at < _bound(last.at), and_(self._at == _bound(last.at), self._ref <= _bound(last.ref))),
        )
        return self._all().select_from(self._from).where(self._both, within).order_by(self._at, self._ref)

    def cell(self, place: Place, name: str) -> Select[Any]:
        """One cell of one row."""
        here = and_(self._at == _bound(place.at), self._ref == _bound(place.ref))
        return select(column(name)).select_from(self._from).where(here).limit(1)

    def one(self, ref: str) -> Select[Any]:
        """The row with this key, whatever type the key has there."""
        return self._all().select_from(self._from).where(cast(self._ref, String(500)) == ref).limit(1)

    def nameless(self, *, limit: int) -> Select[Any]:
        """Rows that no paging will ever show: without a key, or without a time of change. These two of them alone."""
        gone = or_(self._at.is_(None), self._ref.is_(None))
        return select(self._at, self._ref).select_from(self._from).where(gone).limit(limit)

    def columns(self) -> Select[Any]:
        """No row: only which columns there are."""
        return self._all().select_from(self._from).where(sql_text("1 = 0"))

    def _all(self) -> Select[Any]:
        return select(literal_column("*"))

    def _ordered(self, chosen: Select[Any], after: Place | None, since: Any) -> Select[Any]:
        tests: Sequence[ColumnElement[bool]] = [self._both]
        if after is not None:
            here = _bound(after.at)
            tests = [*tests, or_(self._at > here, and_(self._at == _bound(after.at), self._ref > _bound(after.ref)))]
        elif since is not None:
            tests = [*tests, self._at >= _bound(since)]
        return chosen.select_from(self._from).where(*tests).order_by(self._at, self._ref)


def _bound(value: Any) -> ColumnElement[Any]:
    return bindparam(None, value, type_=sql_type(value))
