"""An XES event log (IEEE 1849) into its usual flat rows: the event's attributes, the trace's under `case:`."""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from backoffice_adapter.source import Unreadable
from backoffice_adapter.sources import json_text

_ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})
# Lists in lists; a log has two or three.
_DEEPEST = 50


class NotXes(ValueError):
    """The file is no event log; the text says where."""


def rows(stream: IO[bytes]) -> Iterator[dict[str, Any] | Unreadable]:
    """The events of each trace in their order. Raises `NotXes`; entities and DTDs are refused, whatever they say."""
    try:
        parser = iterparse(stream, events=("start", "end"), forbid_dtd=True)
        _, root = next(parser)
        if _tag(root) != "log":
            raise NotXes(f"is not an event log: it begins with <{_tag(root)[:40]}>")
        for event, element in parser:
            if event == "end" and _tag(element) == "trace":
                yield from _events(element)
                root.clear()
    except ParseError as problem:
        raise NotXes(f"is not XML: {problem}") from problem
    except DefusedXmlException as problem:
        raise NotXes(f"has a {type(problem).__name__}, which no log needs") from problem
    except StopIteration:
        raise NotXes("is empty") from None


def _events(trace: Element) -> Iterator[dict[str, Any] | Unreadable]:
    try:
        of_case, problem = {f"case:{key}": value for key, value in _attributes(trace).items()}, None
    except ValueError as deep:
        of_case, problem = {}, f"case:{deep}"
    for child in (child for child in trace if _tag(child) == "event"):
        try:
            event = _attributes(child)
        except ValueError as deep:
            yield Unreadable(b"", str(deep))
            continue
        yield Unreadable(json_text.kept(event), problem) if problem else {**of_case, **event}


def _attributes(element: Element, levels: int = _DEEPEST) -> dict[str, Any]:
    """Text, but numbers and truths as such; an attribute of attributes is its own value. Raises `ValueError`."""
    found: dict[str, Any] = {}
    for child in element:
        key, kind = child.get("key"), _tag(child)
        if key is None:
            continue
        if kind in _ATTRIBUTES:
            found[key] = _value(kind, child.get("value"))
        elif kind in ("list", "container"):
            if not levels:
                raise ValueError(f"{key[:100]}: is nested deeper than {_DEEPEST} levels")
            found[key] = [_attributes(inner, levels - 1) for inner in child]
    return found


def _value(kind: str, said: str | None) -> Any:
    if said is not None and kind == "int" and said.lstrip("-").isdecimal() and len(said) <= 18:
        return int(said)
    if kind == "boolean" and said in ("true", "false"):
        return said == "true"
    return said


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
