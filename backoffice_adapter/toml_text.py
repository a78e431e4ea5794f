"""A TOML file that people write, checked whole, each mistake told with the line and column where it stands."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from claims_core.errors import Misconfigured

Key = str | int
Shape = TypeVar("Shape", bound=BaseModel)

_SYNTAX = re.compile(r"(.*) \(at line (\d+), column (\d+)\)")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
# Names of types and kinds that pydantic puts between the keys of a path.
_BRANCHES = frozenset(
    {"str", "Spec", "Test", "dict", "list", "bool", "int", "float", "claim_center", "files", "sql", "rest"}
)
_WORDS = re.compile(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)")


def read(path: Path, shape: type[Shape]) -> tuple[Shape, str]:
    """The file as a `shape`, and its text. Raises `Misconfigured` that names every mistake and its place."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise Misconfigured(f"{path}: cannot be read: it is no text in UTF-8") from problem
    return parse(text, shape, name=str(path)), text


def parse(text: str, shape: type[Shape], *, name: str) -> Shape:
    """`text` as a `shape`; `name` is what the mistakes are told of."""
    try:
        return shape.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        found = _SYNTAX.fullmatch(str(problem))
        said = f"{found[2]}:{found[3]}: {found[1]}" if found else f" {problem}"
        raise Misconfigured(f"{name}:{said}") from problem
    except RecursionError:
        raise Misconfigured(f"{name}: is nested too deep") from None
    except ValidationError as problem:
        told = [f"{name}:{_place(text, error['loc'])}: {_said(error)}" for error in problem.errors()]
        # A union tells the same mistake once for each of its branches.
        raise Misconfigured("\n".join(dict.fromkeys(told))) from problem


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"] if not _is_branch(part))
    return f"{where or 'the file'}: {error['msg'].removeprefix('Value error, ')}"


def _is_branch(part: Key) -> bool:
    """Is this the name of a type that pydantic tried, and not a key of the file?"""
    return isinstance(part, str) and ("[" in part or part in _BRANCHES)


def _place(text: str, loc: Sequence[Key]) -> str:
    line, column = locate(text, loc)
    return f"{line}:{column}"


def locate(text: str, loc: Sequence[Key]) -> tuple[int, int]:
    """Line and column (from 1) of the deepest part of `loc` that the text spells; 1, 1 when it spells none."""
    wanted = [part for part in loc if not _is_branch(part)]
    best, best_depth = (1, 1), 0
    table: list[Key] = []
    counts: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header:
            table = _table(header, counts)
            depth, column = _common(table, wanted), line.index("[") + 1
        else:
            depth, column = _in_line(line, table, wanted)
        if depth > best_depth:
            best, best_depth = (number, column), depth
    return best


def _table(header: re.Match[str], counts: dict[tuple[str, ...], int]) -> list[Key]:
    names = tuple(next(filter(None, found)) for found in _WORDS.findall(header[2]))
    if header[1] == "[[":
        counts[names] = counts.get(names, -1) + 1
    keys: list[Key] = []
    for depth, name in enumerate(names, start=1):
        keys.append(name)
        if names[:depth] in counts:
            keys.append(counts[names[:depth]])
    return keys


def _common(table: Sequence[Key], wanted: Sequence[Key]) -> int:
    """How many parts of `wanted` the table's name spells; 0 unless the name leads to it."""
    return len(table) if list(wanted[: len(table)]) == list(table) else 0


def _in_line(line: str, table: Sequence[Key], wanted: Sequence[Key]) -> tuple[int, int]:
    depth, column, start = len(table), 0, 0
    if list(wanted[:depth]) != list(table):
        return 0, 1
    for part in wanted[depth:]:
        if isinstance(part, int):
            continue
        found = re.compile(rf"(?:^\s*|[{{,.]\s*)[\"']?({re.escape(part)})[\"']?\s*[=.]").search(line, start)
        if found is None or (column == 0 and line[: found.start(1)].strip(" \t\"'")):
            break
        depth, column, start = depth + 1, found.start(1) + 1, found.end(1)
    return (depth, column) if column else (0, 1)
