"""The values of a part of a mapping, taken from a case or an item of a list; compiled once for many cases."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from backoffice_adapter.mapping import fields, formats, paths
from backoffice_adapter.mapping.fields import FieldProblem
from backoffice_adapter.mapping.rules import compile_when
from backoffice_adapter.mapping.table import MappingFile, Spec
from claims_core.snapshot import DocumentState, PaymentState, Value
from claims_core.stages import LineOfBusiness

MOST_ITEMS = 500
# Whose an item of a list is: no value of the item itself.
WHOSE = "claimant"
# The fields that may hold nothing but words of ours, wherever they come from.
WORDS: dict[tuple[str, str], type[StrEnum]] = {
    ("fields", "line_of_business"): LineOfBusiness,
    ("payments", "state"): PaymentState,
    ("documents", "state"): DocumentState,
}


def group_reader(
    file: MappingFile,
    part: str,
    *,
    needed: Iterable[str],
    without: Iterable[str] = (),
    usual: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[Any, Any, datetime], dict[str, Any]]:
    """`(node, top, now) -> values` of a part of the file, with impossible dates refused; `without` some of its keys.

    `usual` are values that are there whatever the part says. With all names in it no dictionary has to grow, which
    costs more than what is put in.
    """
    specs = [(name, spec) for name, spec in getattr(file, part) if isinstance(spec, Spec) and name not in without]
    takers = [
        (
            name,
            fields.taker(name, spec, file.about, file.tables, required=name in needed, words=WORDS.get((part, name))),
        )
        for name, spec in specs
    ]
    dated = [(name, name not in fields.PAST) for name, _ in takers if name in fields.MOMENTS | fields.DAYS]
    always = {name: taken(None, None) for name, taken in takers if getattr(file, part).__dict__[name].value is not None}
    at_first = {**usual, **dict.fromkeys(name for name, _ in takers), **always}
    takers = [(name, taken) for name, taken in takers if name not in always]

    def take(node: Any, top: Any, now: datetime) -> dict[str, Any]:
        values = at_first.copy()
        for name, taken in takers:
            values[name] = taken(node, top)
        for name, may_be_ahead in dated:
            value = values[name]
            if value is not None and (why := formats.in_bounds(value, now=now, may_be_ahead=may_be_ahead)):
                raise FieldProblem(f"{name}: {why}")
        return values

    return take


def list_reader(file: MappingFile, part: str, shape: type[Value]) -> Callable[[Any, datetime], tuple[Any, ...]]:
    """`(case, now) -> items` of a list of the file; each with its claimant's key in front where it may be one's."""
    section = getattr(file, part)
    if section is None:
        return lambda body, now: ()
    find = paths.find_all(section.each)
    needed = {name for name, field in shape.model_fields.items() if field.is_required()}
    take, counts = group_reader(file, part, needed=needed), compile_when(section.when)

    def items(body: Any, now: datetime) -> tuple[Any, ...]:
        nodes = [node for node in find(body, body) if counts(node)]
        if len(nodes) > MOST_ITEMS:
            raise FieldProblem(f"{part}: {len(nodes)} of them, more than {MOST_ITEMS}")
        # A list read page by page may give an item twice: the later one holds.
        taken = {value["ref"]: value for node in nodes if (value := filled(take(node, body, now)))}
        if section.claimant is not None:
            return tuple((values.pop(WHOSE, None), shape.of_checked(values)) for values in taken.values())
        return tuple(shape.of_checked(values) for values in taken.values())

    return items


def filled(values: dict[str, Any]) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}
