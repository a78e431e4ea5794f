"""A log of activities folded: each case as it stood after each of its activities, in their order.

The rows are gathered in a small database of a run's own, for a log is sorted by time and not by case, and may be larger
than memory.
"""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from backoffice_adapter.mapping import moment
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Record, Unreadable, content_hash
from backoffice_adapter.sources import json_text, keys
from backoffice_adapter.sources.files.reading import nested

# What a case may have of payments or documents, it may have of activities.
MOST_ACTIVITIES = 500
TABLE = """
create table activity (ref text, at real, place integer, fresh integer, row_hash blob, body blob,
  primary key (ref, row_hash)) without rowid
"""
# The same activity in two files is one; it is known if any of them is.
PUT = """
insert into activity values (?, ?, ?, ?, ?, ?) on conflict do update set fresh = min(fresh, excluded.fresh)
"""
OF_CASE = "select at, fresh, body from activity where ref = ? order by at, place"


class Gathered:
    """The activities of all files of a log. Use from one thread at a time; close it."""

    def __init__(self, config: FilesConfig, *, key: bytes) -> None:
        assert config.log is not None, "only logs are gathered"
        self._config, self._log, self._key = config, config.log, key
        self._read_at: Callable[[Any], datetime] = moment([self._log.format], ZoneInfo(self._log.time_zone))
        self._file = tempfile.NamedTemporaryFile(prefix="claims-log-")  # noqa: SIM115 - closed by `close`
        self._rows = sqlite3.connect(self._file.name, check_same_thread=False, isolation_level=None)
        self._rows.executescript("pragma journal_mode = memory; pragma synchronous = off;")
        self._rows.execute(TABLE)
        self._count = 0

    def close(self) -> None:
        """Throw it away."""
        self._rows.close()
        self._file.close()

    def add(self, body: dict[str, Any], raw: bytes, *, fresh: bool, place: str) -> Unreadable | None:
        """One activity; why it cannot be one otherwise."""
        ref = None
        try:
            ref = keys.ref_of(body.get(self._config.ref), self._config.ref)
            at = self._moment(body.get(self._log.at))
            body |= nested(body, self._config)
            kept = json_text.write_object(body)
        except ValueError as problem:
            return Unreadable(raw, str(problem), place=place, ref=ref)
        self._count += 1
        row = (ref, at.timestamp(), self._count, fresh, content_hash(kept, b""), kept)
        self._rows.execute(PUT, row)
        return None

    def begin(self) -> None:
        """A file begins: what follows counts only with `keep`."""
        self._rows.execute("begin")

    def keep(self, *, whole: bool) -> None:
        """The file was read to its end; a file that is not whole leaves nothing behind."""
        self._rows.execute("commit" if whole else "rollback")

    def cases(self, *, last_only: bool) -> Iterator[list[Record] | Unreadable]:
        """What is new of each case: as it stood after each activity that is; with `last_only`, as it stands now."""
        with_news = "select ref from activity group by ref having max(fresh) = 1 order by ref"
        for (ref,) in self._rows.execute(with_news).fetchall():
            rows = self._rows.execute(OF_CASE, (ref,)).fetchall()
            if len(rows) > MOST_ACTIVITIES:
                reason = f"activities: {len(rows)} of them, more than {MOST_ACTIVITIES}"
                yield Unreadable(rows[-1][2], reason, ref=ref)
                continue
            try:
                yield self._states(ref, rows, last_only=last_only)
            except ValueError as problem:
                yield Unreadable(rows[-1][2], str(problem), ref=ref)

    def _states(self, ref: str, rows: list[tuple[float, int, bytes]], *, last_only: bool) -> list[Record]:
        known = [number for number, row in enumerate(rows) if not row[1]]
        # What came late happened before something that we know: then only the case as it stands now is news.
        first = len(rows) if last_only else min(max(known, default=-1) + 2, len(rows))
        activities = [orjson.loads(body) for _, _, body in rows]
        return [self._state(ref, activities[:number], rows[number - 1][0]) for number in range(first, len(rows) + 1)]

    def _state(self, ref: str, activities: list[dict[str, Any]], at: float) -> Record:
        body: dict[str, Any] = {}
        for activity in activities if self._log.carry else activities[-1:]:
            body |= {name: value for name, value in activity.items() if value not in (None, "")}
        happened = datetime.fromtimestamp(at, UTC).isoformat()
        body |= {"activity": activities[-1], "activities": activities, "happened_at": happened}
        raw = json_text.write_object(body)
        count = str(len(activities))
        return Record(ref=ref, raw=raw, hash=content_hash(raw, self._key), body=body, version=count)

    def _moment(self, said: Any) -> datetime:
        name = self._log.at
        if said in (None, ""):
            raise ValueError(f"has no '{name}'")
        try:
            return self._read_at(said)
        except ValueError as problem:
            raise ValueError(f"{name}: {problem}") from problem
