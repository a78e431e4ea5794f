"""A delivered file into rows as they came, each with its line number; a row that never ends costs one row."""

import gzip
import itertools
import struct
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from backoffice_adapter.source import HASH_BYTES, Unreadable, content_hashes

_KEPT_OF_HUGE = 2_000
_BLOCK = 1 << 20
# Encodings in which a line end is not one byte; their files are turned into UTF-8 on the way.
_WIDE = ("utf-16", "utf-32")
_ONE_HASH = struct.Struct(f"{HASH_BYTES}s")
_BOM = b"\xef\xbb\xbf"


class Reads(Protocol):
    """What reading lines needs of a file."""

    def read(self, size: int, /) -> bytes:
        """Some bytes more; none at the end."""


class Row(NamedTuple):
    """A row as it came, without its line end."""

    line: int
    raw: bytes


@dataclass(slots=True)
class Skip:
    """Lines that are as we know them, by their hash under `key`: they are counted, and nothing is made of them.

    From the first block on in which a line differs, the hashes of all lines are remembered until `forget`: a case that
    differs there may stand behind it as we knew it. A file in which nothing differs pays nothing for that.
    """

    hashes: set[bytes]
    key: bytes
    count: int = 0
    _blocks: list[tuple[int, bytes]] = field(default_factory=list)

    def others(self, block: list[bytes], number: int) -> list[Row]:
        """The lines of a block that we do not know; the first of it has this `number`."""
        hashes = self.hashes
        sums = content_hashes(block, self.key)
        if not self._blocks and hashes.issuperset(sums):
            self.count += len(block)
            return []
        others = [Row(place, block[place - number]) for place, one in enumerate(sums, number) if one not in hashes]
        self._blocks.append((number, b"".join(sums)))
        self.count += len(block) - len(others)
        return others

    def places(self, hashes: Set[bytes]) -> set[int]:
        """The remembered lines that have one of these hashes."""
        return {
            place
            for number, sums in self._blocks
            for place, (one,) in enumerate(_ONE_HASH.iter_unpack(sums), number)
            if one in hashes
        }

    def forget(self) -> None:
        """All that was read so far is passed on, but perhaps the end of the last block."""
        del self._blocks[:-1]


def open_file(path: Path) -> IO[bytes]:
    """The file, unpacked if its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def is_wide(encoding: str) -> bool:
    """Is this an encoding whose lines cannot be found byte by byte?"""
    return encoding.startswith(_WIDE)


def lines(stream: Reads, *, longest: int, skip: Skip | None = None) -> Iterator[Row | Unreadable]:
    """The lines of `stream` but those to skip; one longer than `longest` bytes is refused, with its beginning kept."""
    number = 1
    for block, lost in _blocks(stream, longest=longest):
        if number == 1:
            block[0] = block[0].removeprefix(_BOM)
        if lost or max(map(len, block)) > longest:
            yield from _measured(block, lost, number, longest=longest)
        elif skip is not None:
            yield from skip.others(block, number)
        else:
            yield from map(Row, itertools.count(number), block)
        number += len(block)


def _blocks(stream: Reads, *, longest: int) -> Iterator[tuple[list[bytes], int]]:
    """Lines without their ends, a megabyte at a time, and how many bytes of the first of them were let go: of a line
    that is too long only the beginning is held.
    """
    rest, lost = b"", 0
    while more := stream.read(_BLOCK):
        block = rest + more
        whole = block.split(b"\n")
        rest = whole.pop()
        if whole:
            yield [line.rstrip(b"\r") for line in whole] if b"\r\n" in block else whole, lost
            lost = 0
        if len(rest) > longest:
            lost += len(rest[_KEPT_OF_HUGE:])
            rest = rest[:_KEPT_OF_HUGE]
    if rest or lost:
        yield [rest.rstrip(b"\r")], lost


def _measured(block: list[bytes], lost: int, number: int, *, longest: int) -> Iterator[Row | Unreadable]:
    for place, line in enumerate(block, number):
        size, lost = len(line) + lost, 0
        if size <= longest:
            yield Row(place, line)
        else:
            said = f"the line has {size} bytes, more than {longest}"
            yield Unreadable(line[:_KEPT_OF_HUGE], said, place=f"line {place}")


def quoted_rows(stream: Reads, *, longest: int) -> Iterator[Row | Unreadable]:
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
