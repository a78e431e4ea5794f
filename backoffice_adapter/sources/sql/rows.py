"""A row of a view into a case: cells as JSON has them, JSON columns nested; what cannot be read says which column."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from backoffice_adapter.settings import SqlConfig
from backoffice_adapter.source import Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text, keys
from backoffice_adapter.sources.sql.connection import Answer

_AS_THEY_ARE = (str, bool, int, float, type(None))
_IN_WORDS: dict[type, Callable[[Any], str]] = {
    datetime: datetime.isoformat,
    date: date.isoformat,
    time: time.isoformat,
    timedelta: lambda span: f"{span.total_seconds():.6f}",
    Decimal: lambda amount: f"{amount:f}",
    UUID: str,
}


def to_record(answer: Answer, cells: Sequence[Any], config: SqlConfig, *, key: bytes) -> Record | Unreadable:
    """One row of `answer` as a case; with a reason that names the column where it is none."""
    flat: dict[str, Any] = {}
    ref = None
    try:
        ref = keys.ref_of(_key(cells[answer.names.index(config.ref)], config.ref), config.ref)
        for name, cell in zip(answer.names, cells, strict=True):
            usual = answer.usual.get(name)
            flat[name] = as_json(cell if usual is None else usual(cell), name)
        if flat[config.updated_at] is None:
            raise ValueError(f"{config.updated_at}: is missing")
        version = keys.version_of(flat[config.version], config.version) if config.version else None
        raw = json_text.write_object(flat)
        body = {**flat, **{name: json_text.nested(flat[name], name) for name in config.nested}}
    except ValueError as problem:
        return Unreadable(json_text.kept(flat), str(problem), place=config.place, ref=ref)
    return Record(ref=ref, raw=raw, hash=content_hash(raw, key), body=body, version=version, place=config.place)


def as_json(cell: Any, name: str) -> Any:
    """A cell as JSON would have it: exact numbers and dates as text. Raises `ValueError` that names the column."""
    if isinstance(cell, _AS_THEY_ARE):
        return cell if not isinstance(cell, int) or abs(cell) < 2**63 else str(cell)
    if isinstance(cell, dict | list):
        return cell
    words = _IN_WORDS.get(type(cell))
    if words is not None:
        return words(cell)
    if isinstance(cell, bytes | memoryview):
        try:
            return bytes(cell).decode()
        except UnicodeDecodeError:
            raise ValueError(f"{name}: is bytes and not text") from None
    return str(cell)


def _key(cell: Any, name: str) -> Any:
    """A key as it will be compared: a number that is whole is one, whatever its type."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return as_json(cell, name)
