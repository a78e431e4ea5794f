"""A small language of paths into a case: `claim.state.code`, `checks[].id`, `contacts[roles[].role.code=insured].name`.

A name is a key. `[]` takes every item of a list, and every value of a map keyed by id. `[a.b=x|y,c!=z]` takes the
items for which all conditions hold; a value `@claim.insured.id` is looked up from the top of the case.

In a list's item, a path that begins with `/` starts at the top of the case, and a value `@.claimant.id` is looked up
in the item: `/contacts[id=@.claimant.id].name` is the name of the contact that the item names.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Find = Callable[[Any, Any], list[Any]]
First = Callable[[Any, Any], Any]
# Of an item, the node that the path started from, and the top of the case.
Condition = Callable[[Any, Any, Any], bool]
TOP = "/"


class BadPath(ValueError):
    """A path that cannot be read; the text says which part."""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    many: bool
    tests: tuple["Condition", ...]


def find_all(path: str) -> Find:
    """`(node, top) -> values`: everything the path leads to, without the missing ones. `.` is the node itself."""
    if path == ".":
        return lambda node, top: [node]
    if "[" not in path and not path.startswith(TOP):
        first = find_first(path)
        return lambda node, top: [] if (value := first(node, top)) is None else [value]
    from_top, steps = path.startswith(TOP), _parse(path.removeprefix(TOP))

    def find(node: Any, top: Any) -> list[Any]:
        nodes = [top if from_top else node]
        for step in steps:
            nodes = _walk(nodes, step, node, top)
        return nodes

    return find


def plain_keys(*path: str) -> tuple[str, ...]:
    """The keys of a single plain path such as `claim.state`, one inside the other; none for any other."""
    if len(path) != 1 or "[" in path[0] or path[0].startswith(TOP) or path[0] == ".":
        return ()
    return tuple(step.name for step in _parse(path[0]))


def find_first(path: str) -> First:
    """`(node, top) -> value`: the first thing the path leads to, or None. Plain paths cost a few look-ups."""
    steps = _parse(path.removeprefix(TOP))
    if path.startswith(TOP) or any(step.many for step in steps):
        find = find_all(path)
        return lambda node, top: next(iter(find(node, top)), None)
    names = tuple(step.name for step in steps)
    if len(names) == 1:
        return _one_name(names[0])

    def walk(node: Any, top: Any) -> Any:
        for name in names:
            if not isinstance(node, dict):
                return None
            node = node.get(name)
        return node

    return walk


def _one_name(name: str) -> First:
    return lambda node, top: node.get(name) if isinstance(node, dict) else None


def as_word(value: Any) -> str:
    """A value as the word it is compared by: a typekey `{code, name}` by its code, a truth as true or false."""
    if type(value) is str:
        return value
    if isinstance(value, dict):
        value = value.get("code")
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _walk(nodes: Iterable[Any], step: _Step, start: Any, top: Any) -> list[Any]:
    found: list[Any] = []
    for node in nodes:
        value = node.get(step.name) if isinstance(node, dict) else None
        if value is None:
            continue
        found.extend(_items(value, step, start, top) if step.many else (value,))
    return found


def _items(value: Any, step: _Step, start: Any, top: Any) -> list[Any]:
    # App Events deliver sub-collections as maps keyed by id; the REST answers as lists.
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [item for item in items if all(test(item, start, top) for test in step.tests)]


def _parse(path: str) -> tuple[_Step, ...]:
    if not path or path != path.strip():
        raise BadPath(f"'{path}' is not a path")
    return tuple(_step(part, path) for part in _split(path, "."))


def _step(part: str, path: str) -> _Step:
    name, bracket, rest = part.partition("[")
    if not name or (bracket and not rest.endswith("]")):
        raise BadPath(f"'{part}' in '{path}' is not a step: write name, name[] or name[key=value]")
    tests = tuple(_test(test, path) for test in _split(rest[:-1], ",")) if rest[:-1] else ()
    return _Step(name.strip(), bool(bracket), tests)


def _test(text: str, path: str) -> Condition:
    left, equals, right = _cut(text)
    if not equals or not left.strip("! "):
        raise BadPath(f"'{text}' in '{path}' is not a condition: write key=value or key!=value")
    negated = left.endswith("!")
    find = find_all(left.rstrip("!").strip())
    if right.startswith("@."):
        named = find_all(right[2:])
        return lambda item, start, top: bool(_words(find(item, top)) & _words(named(start, top))) is not negated
    if right.startswith("@"):
        wanted = find_all(right[1:])
        return lambda item, start, top: bool(_words(find(item, top)) & _words(wanted(top, top))) is not negated
    values = frozenset(value.strip() for value in right.split("|"))
    return lambda item, start, top: bool(_words(find(item, top)) & values) is not negated


def _words(values: Sequence[Any]) -> set[str]:
    return {as_word(value) for value in values}


def _cut(text: str) -> tuple[str, str, str]:
    """Cut at the first `=` outside brackets."""
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if letter == "=" and depth == 0:
            return text[:place].strip(), "=", text[place + 1 :].strip()
    return text, "", ""


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside brackets."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter == "[") - (letter == "]")
        if depth < 0:
            raise BadPath(f"'{text}' closes a bracket that it has not opened")
        if letter == separator and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    if depth:
        raise BadPath(f"'{text}' does not close a bracket")
    return [*parts, text[start:]]
