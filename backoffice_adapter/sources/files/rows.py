"""A delivered file into rows as they came, each with its line number; a row that never ends costs one row."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from backoffice_adapter.source import Unreadable, content_hash

_KEPT_OF_HUGE = 2_000
# Encodings in which a line end is not one byte; their files are turned into UTF-8 on the way.
_WIDE = ("utf-16", "utf-32")
_BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """A row as it came, without its line end."""

    line: int
    raw: bytes


@dataclass(slots=True)
class Skip:
    """Lines that are as we know them, by their hash under `key`: they are counted, and nothing is made of them."""

    hashes: frozenset[bytes]
    key: bytes
    count: int = 0


def open_file(path: Path) -> IO[bytes]:
    """The file, unpacked if its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def is_wide(encoding: str) -> bool:
    """Is this an encoding whose lines cannot be found byte by byte?"""
    return encoding.startswith(_WIDE)


def lines(stream: IO[bytes], *, longest: int, skip: Skip | None = None) -> Iterator[Row | Unreadable]:
    """The lines of `stream` but those to skip; one longer than `longest` bytes is refused, with its beginning kept."""
    number, known, key = 0, skip.hashes if skip else frozenset(), skip.key if skip else b""
    while line := stream.readline(longest + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(_BOM)
        if line.endswith(b"\n") or len(line) <= longest:
            raw = line.rstrip(b"\r\n")
            if skip and content_hash(raw, key) in known:
                skip.count += 1
            else:
                yield Row(number, raw)
            continue
        size = len(line)
        while (more := stream.readline(longest + 1)) and (size := size + len(more)) and not more.endswith(b"\n"):
            pass
        yield Unreadable(
            line[:_KEPT_OF_HUGE], f"the line has {size} bytes, more than {longest}", place=f"line {number}"
        )


def quoted_rows(stream: IO[bytes], *, longest: int) -> Iterator[Row | Unreadable]:
    """Rows of a CSV file: a line end inside quotes belongs to the row. A quote that never closes costs its own line."""
    waiting: list[Row] = []
    for line in lines(stream, longest=longest):
        if isinstance(line, Unreadable):
            yield from _given_up(waiting)
            yield line
            continue
        waiting.append(line)
        yield from _closed(waiting, longest=longest)
    while waiting:
        yield from _given_up(waiting)
        yield from _closed(waiting, longest=longest)


def _closed(waiting: list[Row], *, longest: int) -> Iterator[Row | Unreadable]:
    """What of `waiting` is a row now; empties what it gives."""
    while waiting:
        row = _row(waiting)
        if row is not None:
            waiting.clear()
            yield row
        elif sum(len(line.raw) for line in waiting) <= longest:
            return
        else:
            yield from _given_up(waiting)


def _given_up(waiting: list[Row]) -> Iterator[Row | Unreadable]:
    """Give up the first line of an unclosed quote, and look at the rest of what it swallowed line by line."""
    if not waiting:
        return
    first = waiting.pop(0)
    yield Unreadable(first.raw[:_KEPT_OF_HUGE], "a quote is opened and never closed", place=f"line {first.line}")
    rest, waiting[:] = list(waiting), []
    for line in rest:
        waiting.append(line)
        row = _row(waiting)
        if row is not None:
            waiting.clear()
            yield row


def _row(waiting: list[Row]) -> Row | None:
    quotes = sum(line.raw.count(b'"') for line in waiting)
    if quotes % 2:
        return None
    return Row(waiting[0].line, b"\n".join(line.raw for line in waiting))
