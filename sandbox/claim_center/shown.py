"""How much of a resource an answer shows: `fields` takes attributes out, `include` puts others beside it (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.claim_center.lists import BadInput
from sandbox.claim_center.setup import Setup

# The sets of attributes that a caller may name. What each holds differs from resource to resource.
SETS = ("*all", "*default", "*detail", "*summary")
# What an included resource is called in the answer.
TYPES = {
    "activities": "Activity",
    "checks": "Check",
    "contacts": "ClaimContact",
    "documents": "Document",
    "exposures": "Exposure",
    "payments": "Payment",
}


def read_fields(said: str | None, attributes: Iterable[Mapping[str, Any]], setup: Setup) -> frozenset[str] | None:
    """The names that `fields` asks for, None for all of them. Raises `BadInput` for one that no resource has."""
    if said is None:
        return None
    named = [name.strip() for name in said.split(",")]
    strange = next((name for name in named if name.startswith("*") and name not in SETS), None)
    if strange is not None:
        raise BadInput(f"unknown set of fields: {strange}; there are: {', '.join(SETS)}")
    if any(name in SETS and name != "*summary" for name in named):
        return None
    known = {name for one in attributes for name in one} | setup.known_fields
    unknown = sorted({name for name in named if name != "*summary" and name.partition(".")[0] not in known})
    if unknown:
        raise BadInput(f"unknown field: {', '.join(unknown)}")
    return frozenset(name for name in named if name != "*summary") | (
        setup.summary_fields if "*summary" in named else frozenset()
    )


def only(attributes: Mapping[str, Any], fields: frozenset[str] | None) -> Mapping[str, Any]:
    """The attributes that were asked for; `insured.displayName` is that member of it alone."""
    if fields is None:
        return attributes
    shown: dict[str, Any] = {}
    for name in sorted(fields):
        first, _, inner = name.partition(".")
        value = attributes.get(first)
        if inner and isinstance(value, Mapping):
            value = {**shown.get(first, {}), inner: value.get(inner)}
        if value is not None:
            shown[first] = value
    return shown


def read_include(said: str | None, allowed: frozenset[str]) -> list[str]:
    """The resources that `include` asks for. Raises `BadInput` for one that cannot stand beside this."""
    named = [name.strip() for name in said.split(",")] if said else []
    unknown = sorted(set(named) - allowed)
    if unknown:
        raise BadInput(f"cannot be included here: {', '.join(unknown)}")
    return named


def beside(elements: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[dict[str, Any], dict[str, Any]]:
    """`related` of the resource and `included` of the answer; how they nest is assumed."""
    related = {
        name: {"count": len(rows), "data": [{"id": row["attributes"]["id"], "type": TYPES[name]} for row in rows]}
        for name, rows in elements.items()
    }
    return related, {TYPES[name]: list(rows) for name, rows in elements.items() if rows}
