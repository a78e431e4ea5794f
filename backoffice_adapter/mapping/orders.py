"""A handler's change into the calls that put it into the back office, as the mapping declares."""

from collections.abc import Mapping
from typing import Any

from backoffice_adapter.mapping.table import MappingFile, Way, WriteBack
from backoffice_adapter.source import Order, OrderKind
from claims_core.errors import SourceRefused

Tables = Mapping[str, Mapping[str, str]]

_KIND = {Way.ACTIVITY: OrderKind.ACTIVITY, Way.PATCH: OrderKind.PATCH, Way.CLOSE: OrderKind.CLOSE}


def orders_for(
    file: MappingFile, action: str, *, values: Mapping[str, Any], claim: Mapping[str, Any]
) -> tuple[Order, ...]:
    """The calls for `action`, in order; none where it is recorded here. Raises `SourceRefused` without an entry."""
    entry = file.write_back.get(action)
    if entry is None:
        raise SourceRefused(f"the mapping has no [write_back.{action}]")
    if entry.do is Way.RECORD_HERE:
        return ()
    known = {**values, "claim": claim}
    return tuple(
        Order(_KIND[entry.do], _filled(entry.set, {**known, "item": item}, file.tables))
        for item in _items(entry, values)
    )


def actions(file: MappingFile) -> frozenset[str]:
    """What a handler may do to a claim of this source."""
    return frozenset(file.write_back)


def _items(entry: WriteBack, values: Mapping[str, Any]) -> list[Any]:
    if entry.each is None:
        return [{}]
    items = values.get(entry.each) or [{}]
    return [item if isinstance(item, dict) else {"code": item, "title_ru": item, "title_en": item} for item in items]


def _filled(template: Any, known: Mapping[str, Any], tables: Tables) -> Any:
    """`template` with each `{ from = "a.b" }` replaced; what has no value is left out."""
    if isinstance(template, list):
        return [_filled(part, known, tables) for part in template]
    if not isinstance(template, dict):
        return template
    if "from" in template and set(template) <= {"from", "table", "default"}:
        return _from(template, known, tables)
    parts = {key: _filled(part, known, tables) for key, part in template.items()}
    kept = {key: part for key, part in parts.items() if part is not None}
    # A group of which nothing is known (an amount without a sum) is not sent at all.
    return kept if kept or not template else None


def _from(template: Mapping[str, Any], known: Mapping[str, Any], tables: Tables) -> Any:
    value = _value(str(template["from"]), known)
    if value is not None and "table" in template:
        value = tables[template["table"]].get(str(value))
    return template.get("default") if value is None else value


def _value(path: str, known: Mapping[str, Any]) -> Any:
    value: Any = known
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
