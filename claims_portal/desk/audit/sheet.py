"""The trail as a file for a spreadsheet, in which no cell is a formula."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC

from claims_portal.desk.audit.reading import Row

COLUMNS = ("at", "who", "name", "kind", "action", "subject", "page", "why")
# What a spreadsheet takes for the beginning of a formula, in either width; it is led by an apostrophe (T21).
_FORMULA = re.compile("^[=+\\-@\t\r\x00\uff1d\uff0b\uff0d\uff20]")


def cell(value: object) -> str:
    """A value as it may stand in a cell: what would be a formula gets an apostrophe before it."""
    said = "" if value is None else str(value)
    return f"'{said}" if _FORMULA.match(said) else said


def as_sheet(rows: Iterable[Row], names: Mapping[str, str]) -> str:
    """The rows as RFC 4180, every cell quoted, moments in UTC."""
    out = io.StringIO()
    lines = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for row in rows:
        moment, kind = row.at.astimezone(UTC).isoformat(), "act" if row.act else "look"
        said = (moment, row.who, names.get(row.who), kind, row.action, row.subject, row.page, row.why)
        lines.writerow([cell(value) for value in said])
    return out.getvalue()
