"""Filter, sort and page a list as the Cloud API does, refusing what it refuses (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


def read_query(pairs: Sequence[tuple[str, str]], setup: Setup, *, strict: bool = True) -> Asked:
    """The query of a list. Unknown parameters are refused by default; `GW-UnknownQueryParamHandling` relaxes it."""
    unknown = {name for name, _ in pairs} - KNOWN
    if unknown and strict:
        raise BadInput(f"unknown query parameter: {', '.join(sorted(unknown))}")
    said = dict(pairs)
    size = _whole(said.get("pageSize"), setup.page_size, "pageSize")
    if not 1 <= size <= setup.largest_page:
        raise BadInput(f"pageSize must be between 1 and {setup.largest_page}")
    sort = said.get("sort")
    if sort is not None and sort.lstrip("-") not in setup.sortable:
        raise BadInput(f"not a sortable field: {sort.lstrip('-')}")
    filters = tuple(_filter(value, setup) for name, value in pairs if name == "filter")
    offset = _whole(said.get("pageOffset"), 0, "pageOffset")
    return Asked(filters, sort, size, offset, said.get("includeTotal") == "true")


def _whole(text: str | None, otherwise: int, name: str) -> int:
    if text is None:
        return otherwise
    if not text.isdigit():
        raise BadInput(f"{name} must be a whole number")
    return int(text)


def _filter(text: str, setup: Setup) -> tuple[str, str, str]:
    name, _, rest = text.partition(":")
    operator, _, value = rest.partition(":")
    if name not in setup.filterable:
        raise BadInput(f"not a filterable field: {name}")
    if operator not in ("eq", "ne", "lt", "gt", "le", "ge", "in", "ni", "sw", "cn"):
        raise BadInput(f"unknown filter operator: {operator}")
    return name, operator, value


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
    query += [("sort", asked.sort)] if asked.sort else []
    query += [("pageSize", str(asked.size)), ("pageOffset", str(offset))]
    return {"href": f"{path}?{urlencode(query)}", "methods": ["get"]}


def _passes(attributes: Mapping[str, Any], name: str, operator: str, value: str) -> bool:
    mine = _text(attributes.get(name))
    several = value.split(",")
    return {
        "eq": mine == value,
        "ne": mine != value,
        "lt": mine < value,
        "gt": mine > value,
        "le": mine <= value,
        "ge": mine >= value,
        "in": mine in several,
        "ni": mine not in several,
        "sw": mine.startswith(value),
        "cn": value in mine,
    }[operator]


def _text(value: Any) -> str:
    return str(value.get("code", "")) if isinstance(value, Mapping) else str(value or "")
