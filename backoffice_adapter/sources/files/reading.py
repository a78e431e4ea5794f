"""Rows of a file into cases: CSV by its header, JSON lines as they are; what cannot be read says why and where."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Record, Unreadable, content_hash
from backoffice_adapter.sources.files.delivery import Delivered, narrow
from backoffice_adapter.sources.files.rows import Row, is_wide, lines, open_file, quoted_rows
from claims_core.errors import SourceRefused

Joined = Mapping[str, Mapping[str, tuple[bytes, Mapping[str, str]]]]
Reader = Callable[[bytes], dict[str, Any]]


def rows_of(delivered: Delivered, config: FilesConfig) -> Iterator[Row | Unreadable]:
    """The rows of a file without its trailer and empty lines. Raises `UnicodeDecodeError` for a broken UTF-16."""
    split = quoted_rows if config.format == "csv" else lines
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
        return _json if encoding == "utf-8" else lambda raw: _json(_text(raw, encoding).encode())
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
    return lambda raw: _named(header, _cells(_text(raw, encoding), config.delimiter))


def to_record(
    row: Row, read: Reader, config: FilesConfig, *, joined: Joined, key: bytes, name: str
) -> Record | Unreadable:
    """One row as a case, with the rows of other files that have its key."""
    place = f"{name}, line {row.line}"
    try:
        body = read(row.raw)
        ref = body.get(config.ref)
        if isinstance(ref, bool) or not isinstance(ref, str | int) or not str(ref).strip():
            raise ValueError(f"has no '{config.ref}'")
    except ValueError as problem:
        return Unreadable(row.raw, str(problem), place=place)
    raw, ref = row.raw, str(ref).strip()
    for join in config.join:
        found = joined[join.name].get(ref)
        if found is not None:
            raw, body[join.name] = raw + b"\n" + found[0], found[1]
    version = body.get(config.version) if config.version else None
    hash_ = content_hash(raw, key)
    return Record(ref=ref, raw=raw, hash=hash_, body=body, version=str(version) if version else None, place=place)


def _text(raw: bytes, encoding: str) -> str:
    if b"\x00" in raw:
        raise ValueError("has a NUL")
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as problem:
        raise ValueError(f"is not {encoding}: byte {problem.start + 1} of the row") from problem


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration) as problem:
        raise ValueError(f"is not a row: {problem}") from problem


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} cells, and the header {len(header)}")
    return dict(zip(header, cells, strict=True))


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise ValueError(f"is not JSON: {problem}") from problem
    if not isinstance(body, dict):
        raise ValueError("is not a JSON object")
    return body
