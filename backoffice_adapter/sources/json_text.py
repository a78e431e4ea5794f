"""JSON that a parser refuses because of one value in it: taken apart until that value stands alone and has a name."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.DOTALL)

# orjson writes 254 levels, pickle some more.
_DEEP = 200
# How far a reason names what is inside of what, and how much is kept of what cannot be read.
_NAMED_LEVELS, MOST_KEPT = 4, 200_000
# Of a list in a list in a list, the place inside tells nobody anything.
_IN_LISTS = re.compile(r"(\[\d+\]){2,}$")


def read_object(raw: bytes) -> dict[str, Any]:
    """The object that `raw` spells. Raises `ValueError` that names the field which cannot be read."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise ValueError(named(raw) or f"is not JSON: {problem.msg}") from problem
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
        place, why = _blamed(body, problem)
        raise ValueError(f"{place}: cannot be kept: {why}" if place else f"cannot be kept: {why}") from problem


def kept(value: Any) -> bytes:
    """What is kept of something that cannot be read: as JSON, the members that no JSON can spell as a note."""
    try:
        return orjson.dumps(value, default=str)[:MOST_KEPT]
    except TypeError as problem:
        if not isinstance(value, dict):
            return _note(value, problem)
        members = {ascii(name)[1:101]: _member(inner) for name, inner in value.items()}
        return b"{" + b",".join(orjson.dumps(name) + b":" + said for name, said in members.items())[:MOST_KEPT] + b"}"


def _member(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=str)
    except TypeError as problem:
        return _note(value, problem)


def _note(value: Any, problem: TypeError) -> bytes:
    # Never the `repr` of what is nested: it is as deep as the value, and Python's own limit is soon reached.
    return orjson.dumps(ascii(value) if isinstance(value, str) else f"({type(value).__name__}: {problem})")


def _blamed(value: Any, problem: TypeError) -> tuple[str, TypeError]:
    """The path to the innermost part, of the first few levels, that cannot be written, and why."""
    path = ""
    for _ in range(_NAMED_LEVELS):
        parts: list[tuple[str, Any]] = []
        if isinstance(value, dict):
            parts = [(f".{name}" if path else str(name), part) for name, part in value.items()]
        elif isinstance(value, list):
            parts = [(f"[{number}]", part) for number, part in enumerate(value)]
        found = next(((name, part, why) for name, part in parts if (why := _refusal(part)) is not None), None)
        if found is None:
            break
        path, value, problem = path + found[0][:100], found[1], found[2]
    if not path and isinstance(value, dict) and value:
        # Each can be written alone, and only all of it is too deep: the deepest is to blame.
        path = str(max(value, key=lambda name: orjson.dumps(value[name]).count(b"[")))[:100]
    return _IN_LISTS.sub("", path.encode("utf-8", "backslashreplace").decode()), problem


def _refusal(value: Any) -> TypeError | None:
    try:
        orjson.dumps(value)
    except TypeError as problem:
        return problem
    return None


def nested(cell: Any, name: str) -> Any:
    """What a JSON column holds; a driver may have read it already. Raises `ValueError` that names the column."""
    if not isinstance(cell, str):
        return cell
    try:
        found = orjson.loads(cell) if cell.strip() else None
    except orjson.JSONDecodeError as problem:
        raise ValueError(f"{name}: is not JSON: {problem.msg}") from problem
    write_object({name: found})
    return found


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


def named(raw: bytes) -> str | None:
    """The path to the innermost part, of the first few levels, that cannot be read, with what is wrong with it."""
    path, start, end, said = "", 0, len(raw), None
    for _ in range(_NAMED_LEVELS):
        members = [(f".{name}" if path else name, span) for name, span in _members(raw, start, end)]
        if inner := _inside(raw, start, end, b"["):
            members = [(f"[{number}]", span) for number, span in enumerate(_parts(raw, *inner))]
        found = next(((name, span, why) for name, span in members if (why := _unread(raw, *span)) is not None), None)
        if found is None:
            break
        path, (start, end), said = path + found[0][:100], found[1], found[2]
    return said and f"{_IN_LISTS.sub('', path)}: is not JSON: {said}"


def _unread(raw: bytes, start: int, end: int) -> str | None:
    try:
        orjson.loads(raw[start:end])
    except orjson.JSONDecodeError as problem:
        return problem.msg
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
