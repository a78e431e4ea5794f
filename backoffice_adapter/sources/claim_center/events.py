"""What App Events push: a snapshot of the claim's graph, its sub-collections as maps by id; at least once.

The envelope is not published: where the claim lies in it is a setting. An event that shows less of the claim than we
read, or no date to order it by, only rings: then the claim is read by its id.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backoffice_adapter.source import Bell, Heard, Unreadable
from backoffice_adapter.sources import json_text
from backoffice_adapter.sources.claim_center.cases import to_record
from backoffice_adapter.sources.keys import ref_of

# Never kept: what is internal has no business in our tables, not even in quarantine.
_INTERNAL = frozenset({"reserves", "notes", "history-events"})


def hear(body: bytes, *, claim_at: str, parts: Sequence[str], key: bytes) -> Heard:
    """The case in an event, as the same bytes that reading it by its id gives; `Bell` if not all of it is there."""
    try:
        graph = _at(json_text.read_object(body), claim_at)
    except ValueError as problem:
        return Unreadable(body, str(problem)[:300])
    if not isinstance(graph, Mapping):
        return Unreadable(body, f"claim_at: there is no object at '{claim_at}' of the event")
    # An event about an exposure or a payment names its claim; one about the claim is the claim.
    field = "claimId" if "claimId" in graph else "id"
    try:
        ref = ref_of(graph.get(field), field)
    except ValueError as problem:
        return Unreadable(body, str(problem))
    lists = {part: _items(graph.get(part)) for part in parts}
    found = {part: items for part, items in lists.items() if items is not None}
    if field != "id" or len(found) < len(parts):
        return Bell(ref)
    claim = {name: value for name, value in graph.items() if name not in found and _is_attribute(name, value)}
    shown = to_record(ref, claim, found, key=key, checksum=None)
    return shown if isinstance(shown, Unreadable) or "changed" in shown.body else Bell(ref)


def _at(said: Any, path: str) -> Any:
    for name in path.split(".") if path != "." else ():
        said = said.get(name) if isinstance(said, Mapping) else None
    return said


def _items(part: Any) -> list[Mapping[str, Any]] | None:
    """The items of a sub-collection, keyed by id or listed; None if it is not there or holds something else."""
    values = list(part.values()) if isinstance(part, Mapping) else part
    if not isinstance(values, list) or not all(isinstance(item, Mapping) for item in values):
        return None
    if isinstance(part, Mapping):
        return [{"id": ref, **item} for ref, item in part.items()]
    return values


def _is_attribute(name: str, value: Any) -> bool:
    """Is it the claim's own? A map of items by their id is a sub-collection that nobody asked for."""
    if name.startswith("$") or name in _INTERNAL:
        return False
    return not (isinstance(value, Mapping) and all(_is_item(ref, item) for ref, item in value.items()))


def _is_item(ref: str, item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("id") == ref
