"""Rows of the core system as the files that such systems deliver: CSV, JSON lines, XES (pure)."""

import csv
import gzip
import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

from sandbox.sources.extract import Row

# A line end inside an attribute would be read as a blank.
_ATTRIBUTE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}


def as_csv(rows: Sequence[Row]) -> bytes:
    """Cells with a header; lists in their cell as JSON."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(orjson.dumps(cell).decode() if isinstance(cell, list) else cell for cell in row.values())
    return out.getvalue().encode()


def as_packed_lines(rows: Sequence[Row]) -> bytes:
    """JSON lines, packed."""
    return gzip.compress(b"".join(orjson.dumps(row) + b"\n" for row in rows))


def as_event_log(rows: Sequence[Row]) -> bytes:
    """An event log in which each event shows its case whole, as it stood after it."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1849.2016" xmlns="http://www.xes-standard.org/">\n'
    )
    return f"{head}{''.join(map(_trace, rows))}</log>\n".encode()


def _trace(row: Row) -> str:
    about = _attribute("concept:name", row["claim_id"])
    happened = f'<date key="time:timestamp" value={_quoted(row["updated_at"])}/>'
    said = "".join(_attribute(name, value) for name, value in row.items())
    return f"<trace>{about}<event>{_attribute('concept:name', row['status'])}{happened}{said}</event></trace>\n"


def _attribute(name: str, value: Any) -> str:
    if isinstance(value, list):
        items = ("".join(_attribute(key, one) for key, one in item.items() if one is not None) for item in value)
        inner = "".join(f'<container key="item">{item}</container>' for item in items)
        return f"<list key={_quoted(name)}>{inner}</list>"
    return f"<string key={_quoted(name)} value={_quoted(str(value))}/>"


def _quoted(text: str) -> str:
    return quoteattr(text, _ATTRIBUTE)
