"""One case through a mapping, value by value: what came, from where, and what we made of it. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from backoffice_adapter.mapping import fields, formats, paths
from backoffice_adapter.mapping.emails import read_email
from backoffice_adapter.mapping.fields import FieldProblem, UnknownCode
from backoffice_adapter.mapping.groups import WORDS
from backoffice_adapter.mapping.phones import phone_reader
from backoffice_adapter.mapping.rules import compile_when, first_match
from backoffice_adapter.mapping.survey import leaves
from backoffice_adapter.mapping.table import MappingFile, Rule, Spec
from backoffice_adapter.source import Record

_PARTS = ("fields", "policyholder", "claimant", "payments", "documents", "decision")
_LISTS, _PERSONS = ("claimant", "payments", "documents"), ("policyholder", "claimant")


@dataclass(frozen=True, slots=True)
class Line:
    """A value of ours: its key in the mapping, their path, what stood there, and what became of it.

    `problem` says that it cannot be read.
    """

    ours: str
    path: str
    came: str
    made: str
    problem: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """A case side by side. Without a `rule` nobody knows where it stands; `unread` are paths no key leads to."""

    rule: Rule | None
    lines: tuple[Line, ...]
    unread: tuple[str, ...]


def explain(file: MappingFile, record: Record, now: datetime) -> Explained:
    """What `file` makes of one case, each value by itself, so that one bad value hides no other."""
    read = {_without_conditions(path) for path in _paths_in(file)}
    met = dict.fromkeys(path for path, value in leaves(record.body) if value not in (None, ""))
    return Explained(
        rule=first_match(file.rule)(record.body),
        lines=tuple(line for part in _PARTS for line in _part(file, part, record.body, now)),
        unread=tuple(path for path in met if not _is_read(path, read)),
    )


def _part(file: MappingFile, part: str, body: Any, now: datetime) -> Iterator[Line]:
    section = getattr(file, part)
    if section is None:
        return
    nodes, places = [body], [part]
    if part in _LISTS:
        counts = compile_when(section.when)
        nodes = [node for node in paths.find_all(section.each)(body, body) if counts(node)]
        places = [f"{part}[{number}]" for number, _ in enumerate(nodes, start=1)]
    for place, node in zip(places, nodes, strict=True):
        for name, spec in section:
            if isinstance(spec, Spec):
                yield _line(file, part, place, name, spec, node, body, now)
        if part in _PERSONS and section.phones:
            came = [str(value) for path in section.phones for value in paths.find_all(path)(node, body) if value]
            read = phone_reader(file.about.phone_countries)
            made = [read(value) or "no number of these countries" for value in came]
            yield Line(f"{place}.phones", " or ".join(section.phones), ", ".join(came), ", ".join(made))


def _line(file: MappingFile, part: str, place: str, name: str, spec: Spec, node: Any, body: Any, now: datetime) -> Line:
    take = fields.taker(name, spec, file.about, file.tables, required=False, words=WORDS.get((part, name)))
    key, path, came = f"{place}.{name}", _origin(spec), _came(spec, node, body)
    try:
        value = take(node, body)
    except (FieldProblem, UnknownCode) as problem:
        return Line(key, path, came, str(problem), problem=True)
    if part in _PERSONS and name == "email" and value is not None:
        return Line(key, path, came, read_email(value) or "no address that a message can be sent to")
    if name == "birth_date" and value is not None:
        return Line(key, path, came, _said(value) if formats.is_birth_date(value, now=now) else "no birth date")
    dated = name in fields.MOMENTS | fields.DAYS and value is not None
    why = formats.in_bounds(value, now=now, may_be_ahead=name not in fields.PAST) if dated else None
    return Line(key, path, came, why or _said(value), problem=why is not None)


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


def _origin(spec: Spec) -> str:
    here = (
        "a constant" if spec.value is not None else (" + " if spec.join else " or ").join(spec.join or spec.path or [])
    )
    return f"{here}, else {_origin(spec.otherwise)}" if spec.otherwise else here


def _came(spec: Spec, node: Any, body: Any) -> str:
    found = [paths.find_first(path)(node, body) for path in spec.join or spec.path or []]
    words = [paths.as_word(value) for value in found if value not in (None, "")]
    if not words and spec.otherwise:
        return _came(spec.otherwise, node, body)
    return " + ".join(words if spec.join else words[:1])


def _paths_in(value: Any, inside: str = "") -> Iterator[str]:
    """Every path that a mapping names; those of a list's items with the path of the list in front."""
    if isinstance(value, BaseModel):
        each = getattr(value, "each", None) or ""
        inside = each if each not in ("", ".") else inside
        if each:
            yield each
        for name, part in value:
            if name in ("path", "join", "code", "phones"):
                yield from (_from_top(path, inside) for path in part or ())
            elif name == "when":
                yield from (_from_top(path, inside) for path in part)
            elif name not in ("write_back", "tables", "each"):
                yield from _paths_in(part, inside)
    elif isinstance(value, list):
        for part in value:
            yield from _paths_in(part, inside)


def _from_top(path: str, inside: str) -> str:
    return path.removeprefix(paths.TOP) if path.startswith(paths.TOP) or not inside else f"{inside}.{path}"


def _without_conditions(path: str) -> str:
    """`contacts[roles[].role.code=insured].name` as `contacts[].name`."""
    before = None
    while before != path:
        before, path = path, re.sub(r"\[[^\[\]]+\]", "<>", path)
    return path.replace("<>", "[]").removesuffix(".code")


def _is_read(path: str, read: set[str]) -> bool:
    # What is looked at as a whole (a list, a typekey) is read with all that it holds.
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in read)
