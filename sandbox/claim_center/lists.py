"""Filter, sort and page a list as the Cloud API does, refusing what it refuses (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sandbox.claim_center.setup import Setup

KNOWN = frozenset({"filter", "sort", "pageSize", "pageOffset", "includeTotal", "fields", "include"})


class BadInput(Exception):
    """A query that the API refuses with 400 BadInputException."""


@dataclass(frozen=True)
class Asked:
    """A list query, read and checked."""

    filters: tuple[tuple[str, str, str], ...]
    sort: str | None
    size: int
    offset: int
    total: bool
    fields: str | None = None


@dataclass(frozen=True)
class Able:
    """What a resource can be filtered and sorted by."""

    filterable: frozenset[str]
    sortable: frozenset[str]


def must_be_known(pairs: Sequence[tuple[str, str]], known: frozenset[str], *, strict: bool) -> None:
    """Unknown parameters are refused by default; `GW-UnknownQueryParamHandling` relaxes it."""
    unknown = {name for name, _ in pairs} - known
    if unknown and strict:
        raise BadInput(f"unknown query parameter: {', '.join(sorted(unknown))}")


def read_query(pairs: Sequence[tuple[str, str]], setup: Setup, able: Able, *, strict: bool = True) -> Asked:
    """The query of a list. Raises `BadInput`."""
    must_be_known(pairs, KNOWN, strict=strict)
    said = dict(pairs)
    size = _whole(said.get("pageSize"), setup.page_size, "pageSize")
    if not 1 <= size <= setup.largest_page:
        raise BadInput(f"pageSize must be between 1 and {setup.largest_page}")
    sort = said.get("sort")
    if sort is not None and sort.removeprefix("-") not in able.sortable:
        raise BadInput(f"not a sortable field: {sort.removeprefix('-')}")
    if said.get("include"):
        raise BadInput(f"cannot be included here: {said['include']}")
    filters = tuple(_filter(value, able) for name, value in pairs if name == "filter")
    offset = _whole(said.get("pageOffset"), 0, "pageOffset")
    return Asked(filters, sort, size, offset, said.get("includeTotal") == "true", said.get("fields"))


def _whole(text: str | None, otherwise: int, name: str) -> int:
    if text is None:
        return otherwise
    if not text.isdigit():
        raise BadInput(f"{name} must be a whole number")
    return int(text)


def _filter(text: str, able: Able) -> tuple[str, str, str]:
    name, _, rest = text.partition(":")
    operator, colon, value = rest.partition(":")
    if name not in able.filterable:
        raise BadInput(f"not a filterable field: {name}")
    if operator not in OPERATORS:
        raise BadInput(f"unknown filter operator: {operator}")
    if not colon or not value:
        raise BadInput(f"a filter without a value: {text}")
    moments = [one for one in value.split(",") if name.endswith("Time") and _moment(one) is None]
    if moments:
        raise BadInput(f"not a timestamp: {moments[0]}")
    if name.endswith("Time") and operator in ("sw", "cn"):
        raise BadInput(f"{operator} is for texts, and {name} is a timestamp")
    return name, operator, value


OPERATORS = frozenset({"eq", "ne", "lt", "gt", "le", "ge", "in", "ni", "sw", "cn"})


def answer(rows: Sequence[Mapping[str, Any]], asked: Asked, path: str) -> dict[str, Any]:
    """The envelope: `count` is of this page, links are relative to `/rest`."""
    kept = [row for row in rows if all(_passes(row["attributes"], *one) for one in asked.filters)]
    if asked.sort is not None:
        name = asked.sort.lstrip("-")
        kept.sort(key=lambda row: _text(row["attributes"].get(name)), reverse=asked.sort.startswith("-"))
    shown = kept[asked.offset : asked.offset + asked.size]
    links = {"self": _link(path, asked, asked.offset), "first": _link(path, asked, 0)}
    if asked.offset + asked.size < len(kept):
        links["next"] = _link(path, asked, asked.offset + asked.size)
    if asked.offset > 0:
        links["prev"] = _link(path, asked, max(0, asked.offset - asked.size))
    total = {"total": len(kept)} if asked.total else {}
    return {"count": len(shown), "data": shown, "links": links, **total}


def _link(path: str, asked: Asked, offset: int) -> dict[str, Any]:
    query = [("filter", ":".join(one)) for one in asked.filters]
    query += [("fields", asked.fields)] if asked.fields else []
    query += [("sort", asked.sort)] if asked.sort else []
    query += [("pageSize", str(asked.size)), ("pageOffset", str(offset))]
    return {"href": f"{path}?{urlencode(query)}", "methods": ["get"]}


def _passes(attributes: Mapping[str, Any], name: str, operator: str, value: str) -> bool:
    if operator in ("sw", "cn"):
        text = _text(attributes.get(name))
        return text.startswith(value) if operator == "sw" else value in text
    mine, several = _compared(name, _text(attributes.get(name))), [_compared(name, one) for one in value.split(",")]
    first = several[0]
    holds: dict[str, bool] = {
        "eq": mine == first,
        "ne": mine != first,
        "lt": mine < first,
        "gt": mine > first,
        "le": mine <= first,
        "ge": mine >= first,
        "in": mine in several,
        "ni": mine not in several,
    }
    return holds[operator]


def _compared(name: str, text: str) -> Any:
    """Moments by when they are, however they are written; all else as text."""
    moment = _moment(text) if name.endswith("Time") else None
    return (moment.timestamp(), "") if moment is not None else (0.0, text)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _text(value: Any) -> str:
    return str(value.get("code", "")) if isinstance(value, Mapping) else str(value or "")
