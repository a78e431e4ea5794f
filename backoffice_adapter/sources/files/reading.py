"""Rows of a file into cases: CSV by its header, JSON lines as they are; what cannot be read says why and where."""

import csv
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text, keys
from backoffice_adapter.sources.files.delivery import Delivered, narrow
from backoffice_adapter.sources.files.rows import Row, Skip, is_wide, lines, open_file, quoted_rows
from claims_core.errors import SourceRefused

Joined = Mapping[str, Mapping[str, tuple[bytes, Mapping[str, str]]]]
Reader = Callable[[bytes], dict[str, Any]]


def rows_of(
    delivered: Delivered, config: FilesConfig, *, skip: Skip | None = None
) -> Generator[Row | Unreadable, None, None]:
    """The rows of a file without its trailer and empty lines. Raises `UnicodeDecodeError` for a broken UTF-16.

    Where a row is a line, those of `skip` are left out.
    """
    split = quoted_rows if config.format == "csv" else partial(lines, skip=skip)
    with open_file(delivered.path) as stream:
        for row in split(narrow(stream, config.encoding), longest=config.longest_row):
            is_trailer = delivered.trailer_lines and isinstance(row, Row) and row.line == delivered.lines
            if isinstance(row, Row) and (is_trailer or not row.raw.strip()):
                continue
            yield row


def row_reader(config: FilesConfig, rows: Iterator[Row | Unreadable], name: str) -> Reader:
    """How to take a row apart; for CSV the header is taken from `rows`. Raises `SourceRefused` for a wrong header."""
    encoding = "utf-8" if is_wide(config.encoding) else config.encoding
    if config.format == "jsonl":
        as_is = json_text.read_object
        return as_is if encoding == "utf-8" else lambda raw: as_is(_text(raw, encoding).encode())
    first = next(rows, None)
    if not isinstance(first, Row):
        raise SourceRefused(f"{name}: the header cannot be read")
    try:
        header = _cells(_text(first.raw, encoding), config.delimiter)
    except ValueError as problem:
        raise SourceRefused(f"{name}: the header cannot be read: {problem}") from problem
    if config.ref not in header:
        raise SourceRefused(f"{name}: the header has no '{config.ref}'; is the delimiter '{config.delimiter}'?")
    if len(set(header)) != len(header):
        raise SourceRefused(f"{name}: the header has a name twice")
    return lambda raw: _named(header, _cells(_row_text(raw, header, encoding, config.delimiter), config.delimiter))


def to_record(
    row: Row, read: Reader, config: FilesConfig, *, joined: Joined, key: bytes, name: str
) -> Record | Unreadable:
    """One row as a case, with the rows of other files that have its key."""
    place = f"{name}, line {row.line}"
    raw, ref = row.raw, None
    try:
        body = read(raw)
        ref = keys.ref_of(body.get(config.ref), config.ref)
        version = keys.version_of(body.get(config.version), config.version) if config.version else None
        if config.nested:
            body |= nested(body, config)
    except ValueError as problem:
        return Unreadable(raw, str(problem), place=place, ref=ref)
    for join in config.join:
        found = joined[join.name].get(ref)
        if found is not None:
            raw, body[join.name] = raw + b"\n" + found[0], found[1]
    return Record(ref, raw, content_hash(raw, key), body, version, place)


def nested(body: Mapping[str, Any], config: FilesConfig) -> dict[str, Any]:
    """What the cells hold that are JSON; one that is not there holds nothing. Raises `ValueError` that names one."""
    return {name: json_text.nested(body.get(name), name) for name in config.nested}


def _row_text(raw: bytes, header: Sequence[str], encoding: str, delimiter: str) -> str:
    """The row as text. Raises `ValueError` that names the cell to blame, if the row has cells at all."""
    try:
        return _text(raw, encoding)
    except ValueError as problem:
        for name, cell in zip(header, _cells(raw.decode("latin-1"), delimiter), strict=False):
            try:
                _text(cell.encode("latin-1"), encoding)
            except ValueError as alone:
                raise ValueError(f"{name[:100]}: {alone}") from problem
        raise


def _text(raw: bytes, encoding: str) -> str:
    if b"\x00" in raw:
        raise ValueError("has a NUL")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as problem:
        raise ValueError(f"is not {encoding}: byte {problem.start + 1} of it") from problem


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as problem:
        raise ValueError(f"is not a row: {problem}") from problem


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells, and the header {len(header)}")
    return dict(zip(header, cells, strict=True))
