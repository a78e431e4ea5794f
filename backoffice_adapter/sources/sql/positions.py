"""How far a view has been read: the highest `updated_at`, kept as JSON, stepped back for late commits (pure)."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Date, DateTime, Double, LargeBinary, Numeric, String, Uuid
from sqlalchemy.types import TypeEngine

_KINDS: dict[str, tuple[type, Callable[[Any], Any], Callable[[Any], Any]]] = {
    "moment": (datetime, datetime.isoformat, datetime.fromisoformat),
    "day": (date, date.isoformat, date.fromisoformat),
    "text": (str, str, str),
    "count": (int, int, int),
    "float": (float, float, float),
    "exact": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
}
_TYPES: dict[type, TypeEngine[Any]] = {
    date: Date(),
    str: String(),
    bool: BigInteger(),
    int: BigInteger(),
    float: Double(),
    Decimal: Numeric(),
    UUID: Uuid(),
    bytes: LargeBinary(),
}


def written(at: Any) -> dict[str, Any] | None:
    """`at` as a cursor; None for a type that no cursor can hold."""
    for name, (kind, to_json, _) in _KINDS.items():
        if isinstance(at, kind):
            return {name: to_json(at)}
    return None


def read(cursor: Mapping[str, Any] | None) -> Any:
    """What `written` wrote; None for anything else, which means from the start: that repeats and leaves nothing out."""
    for name, (_, _, from_json) in _KINDS.items():
        if cursor is not None and name in cursor:
            try:
                return from_json(cursor[name])
            except (TypeError, ValueError, ArithmeticError):
                return None
    return None


def sql_type(value: Any) -> TypeEngine[Any]:
    """As which type a value goes to the database: guessed by the driver, a bigint would be an integer."""
    if isinstance(value, datetime):
        return DateTime(timezone=value.tzinfo is not None)
    return _TYPES.get(type(value), String())


def stepped_back(at: Any, *, by: timedelta, count: int) -> Any:
    """The lower bound of the next run: what was stamped before `at` may have been committed after we looked."""
    if isinstance(at, datetime):
        return _minus(at, by)
    if isinstance(at, date):
        return at - timedelta(days=by.days + 1)
    if isinstance(at, str):
        moment = _moment(at)
        # Cut to the second, the bound is below every longer text of the same second, whatever follows there.
        return at if moment is None else _minus(moment, by).isoformat(_separator(at), "seconds")[:19]
    return at - count


def not_ahead(at: Any, *, now: datetime, zone: str) -> Any:
    """`at`, or now if it lies ahead: a row stamped by a clock that runs wild must not hide all that come after."""
    if isinstance(at, str):
        moment = _moment(at)
        if moment is None or _aware(moment, zone) <= now:
            return at
        local = now.astimezone(moment.tzinfo or ZoneInfo(zone))
        return local.isoformat(_separator(at), "seconds")[:19]
    if isinstance(at, datetime):
        if _aware(at, zone) <= now:
            return at
        return now if at.tzinfo else now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if isinstance(at, date):
        return min(at, now.astimezone(ZoneInfo(zone)).date())
    return at


def _aware(moment: datetime, zone: str) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _minus(moment: datetime, span: timedelta) -> datetime:
    floor = datetime.min.replace(tzinfo=UTC if moment.tzinfo else None)
    try:
        return moment - span
    except OverflowError:
        return floor


def _separator(text: str) -> str:
    return text[10:11] or "T"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if len(text) >= 19 else None
    except ValueError:
        return None
