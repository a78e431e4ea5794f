"""The values of a part of a mapping, taken from a case or an item of a list; compiled once for many cases."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from backoffice_adapter.mapping import paths
from backoffice_adapter.mapping.fields import DAYS, MOMENTS, FieldProblem, field_of
from backoffice_adapter.mapping.rules import compile_when
from backoffice_adapter.mapping.straight import Take, straight
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
) -> Take:
    """`(node, top, now) -> values` of a part of the file, with impossible dates refused; `without` some of its keys.

    `usual` are values that are there whatever the part says.
    """
    specs = {name: spec for name, spec in getattr(file, part) if isinstance(spec, Spec) and name not in without}
    own = [
        field_of(name, spec, file.about, file.tables, required=name in needed, words=WORDS.get((part, name)))
        for name, spec in specs.items()
    ]
    always = {field.name: field.take(None, None) for field in own if specs[field.name].value is not None}
    found = [field for field in own if field.name not in always]
    dated = [name for name in specs if name in MOMENTS | DAYS]
    return straight(found, usual={**usual, **dict.fromkeys(specs), **always}, dated=dated)


def list_reader(file: MappingFile, part: str, shape: type[Value]) -> Callable[[Any, datetime], tuple[Any, ...]]:
    """`(case, now) -> items` of a list of the file; each with its claimant's key in front where it may be one's."""
    section = getattr(file, part)
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
