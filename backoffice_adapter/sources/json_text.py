"""JSON that a parser refuses because of one value in it: taken apart until that value stands alone and has a name."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)

# orjson writes 254 levels, pickle some more.
_DEEP = 200


def read_object(raw: bytes) -> dict[str, Any]:
    """The object that `raw` spells. Raises `ValueError` that names the field which cannot be read."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise ValueError(_named(raw) or f"is not JSON: {problem.msg}") from problem
    if not isinstance(body, dict):
        raise ValueError("is not a JSON object")
    if is_deep(raw):
        write_object(body)
    return body


def is_deep(raw: bytes) -> bool:
    """May this be nested deeper than can be kept, or handed to another process? Looked at only where it may."""
    return raw.count(b"[") + raw.count(b"{") > _DEEP


def write_object(body: dict[str, Any]) -> bytes:
    """`body` with its keys in order, so that equal content has one hash. Raises `ValueError` that names a field."""
    try:
        return orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except TypeError as problem:
        for name, value in body.items():
            try:
                orjson.dumps(value)
            except TypeError as alone:
                raise ValueError(f"{name[:100]}: cannot be kept: {alone}") from problem
        raise ValueError(f"cannot be kept: {problem}") from problem


def is_closed(raw: bytes) -> bool:
    """Is everything closed that was opened? A cut text is not, one with a single strange value is."""
    depth, any_token = 0, False
    for token in _TOKEN.finditer(raw):
        depth += (token[0] in (b"[", b"{")) - (token[0] in (b"]", b"}"))
        any_token = True
        if depth < 0:
            return False
    return any_token and depth == 0


def cut_out(raw: bytes, path: str) -> tuple[bytes, list[bytes]] | None:
    """The text with the list at `path` emptied, and the list's elements as they came; None if there is no such list."""
    start, end = 0, len(raw)
    for name in [] if path == "." else path.split("."):
        found = next((span for key, span in _members(raw, start, end) if key == name), None)
        if found is None:
            return None
        start, end = found
    inner = _inside(raw, start, end, b"[")
    if inner is None:
        return None
    elements = [raw[a:b] for a, b in _parts(raw, *inner)]
    return raw[: inner[0]] + raw[inner[1] :], elements


def _named(raw: bytes) -> str | None:
    """The first member of an object that cannot be read, with what is wrong with it."""
    for name, (start, end) in _members(raw, 0, len(raw)):
        try:
            orjson.loads(raw[start:end])
        except orjson.JSONDecodeError as problem:
            return f"{name[:100]}: is not JSON: {problem.msg}"
    return None


def _members(raw: bytes, start: int, end: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The members of the object in raw[start:end], each with the place of its value."""
    inner = _inside(raw, start, end, b"{")
    for first, last in _parts(raw, *inner) if inner else ():
        key = _TOKEN.search(raw, first, last)
        colon = raw.find(b":", key.end(), last) if key else -1
        if key is not None and colon > 0:
            yield key[0][1:-1].decode("utf-8", "replace"), (colon + 1, last)


def _inside(raw: bytes, start: int, end: int, bracket: bytes) -> tuple[int, int] | None:
    """The place between the brackets, if raw[start:end] is such a thing."""
    said = raw[start:end]
    opening = len(said) - len(said.lstrip())
    closing = len(said.rstrip())
    if said[opening : opening + 1] != bracket or closing <= opening + 1:
        return None
    return start + opening + 1, start + closing - 1


def _parts(raw: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The places between the commas of one level."""
    depth, first = 0, start
    for token in _TOKEN.finditer(raw, start, end):
        if token[0] in (b"[", b"{"):
            depth += 1
        elif token[0] in (b"]", b"}"):
            depth -= 1
        elif token[0] == b"," and depth == 0:
            yield first, token.start()
            first = token.end()
    if raw[first:end].strip():
        yield first, end
