"""A back office of our own that changes while it is read: late commits, repeats, old versions, gaps, new numbers."""

from collections.abc import AsyncGenerator
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson

from backoffice_adapter.source import Applied, Known, Order, Page, Record, content_hash
from backoffice_adapter.sources.sql.positions import read, stepped_back, written
from claims_core.errors import SourceUnavailable

PAGE = 3
# No run stamps more rows than this while it is under way.
OVERLAP = 40
LATE = 5
STATES = ("new", "done", "odd")


@dataclass(frozen=True, slots=True)
class Row:
    """A case of the back office; without a name nobody can read it, and of the state `odd` no rule speaks."""

    ref: str
    number: str
    version: int = 1
    state: str = "new"
    sum: str = "100,00"
    name: str = "Ирина"
    reported: str = "2026-11-01T10:00:00"

    @property
    def is_poisoned(self) -> bool:
        """Does a rule speak of it, and nobody can read it?"""
        return not self.name and self.state != "odd"

    @property
    def is_readable(self) -> bool:
        """Can it become a claim?"""
        return bool(self.name) and self.state != "odd"

    def record(self, key: bytes) -> Record:
        """As the adapter gets it."""
        body = {**asdict(self), "phone": f"+791612345{int(self.ref):02}"}
        raw = orjson.dumps(body)
        return Record(self.ref, raw, content_hash(raw, key), body, version=str(self.version))


@dataclass(frozen=True, slots=True)
class Doing:
    """Something that happens in the back office: to which case, and with what."""

    what: str
    which: int
    value: int


@dataclass(slots=True)
class Drifting:
    """A `CaseSource` read by a counter that every change raises; the cursor and its overlap are those of a view.

    `delivered` takes down the pages as they were given. `exempt` are the keys whose present row it may owe us: it left
    them out, or committed them late while it was read.
    """

    name: str
    key: bytes
    takes_changes: bool = False
    rows: dict[str, tuple[int, Row]] = field(default_factory=dict)
    past: list[Row] = field(default_factory=list)
    meanwhile: list[Doing] = field(default_factory=list)
    fails_after: int | None = None
    delivered: list[list[Record]] = field(default_factory=list)
    dropped: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    _last: int = 0
    _echoes: list[Row] = field(default_factory=list)
    _to_drop: set[str] = field(default_factory=set)
    _reversed: bool = False
    _under_way: bool = False

    @property
    def exempt(self) -> set[str]:
        """What the adapter cannot know yet, through no fault of its own."""
        return self.dropped | self.late

    def be_quiet(self) -> None:
        """The next reading shows each row once, and nothing else happens meanwhile."""
        self.meanwhile, self.fails_after, self._reversed = [], None, False
        self._echoes.clear()
        self._to_drop.clear()

    def happen(self, doing: Doing) -> None:
        """Let one thing happen; what needs a case does nothing where there is none."""
        if doing.what == "insert":
            ref = str(doing.which)
            last = next((row for row in reversed(self.past) if row.ref == ref), Row(ref, f"N-{ref}", version=0))
            if ref not in self.rows:
                self._put(replace(last, version=last.version + 1, state=STATES[doing.value % 2]))
        elif self.rows:
            ref = sorted(self.rows)[doing.which % len(self.rows)]
            self._happen_to(ref, self.rows[ref][1], doing)

    def _happen_to(self, ref: str, row: Row, doing: Doing) -> None:
        other = sorted(self.rows)[doing.value % len(self.rows)]
        edits: dict[str, dict[str, Any]] = {
            "state": {"state": STATES[doing.value % 2]},
            "sum": {"sum": f"{doing.value + 1}00,50"},
            "renumber": {"number": f"N-{ref}-{doing.value}"},
            "take_number": {"number": self.rows[other][1].number},
            "touch": {},
            "poison": {"name": ""},
            "odd": {"state": "odd"},
            "mend": {"name": "Ирина", "state": "new"},
        }
        if doing.what in edits:
            self._put(replace(row, **edits[doing.what], version=row.version + 1))
        elif doing.what == "same_version":
            self._put(replace(row, sum=f"{doing.value + 1}01,00"))
        elif doing.what == "late":
            self._put(replace(row, state=STATES[doing.value % 2], version=row.version + 1), late=doing.value % LATE + 1)
        elif doing.what == "repeat":
            self._put(row)
        elif doing.what == "renumber_rows":
            for each in sorted(self.rows, reverse=doing.value % 2 == 0):
                self._put(self.rows[each][1])
        elif doing.what == "remove":
            del self.rows[ref]
        elif doing.what == "echo":
            self._echoes.append([old for old in self.past if old.ref == ref][doing.value % 3 - 3 :][0])
        elif doing.what == "leave_out":
            self._to_drop.add(ref)
        elif doing.what == "reorder":
            self._reversed = True

    def _put(self, row: Row, *, late: int = 0) -> None:
        self._last += 1
        self.rows[row.ref] = (max(0, self._last - late), row)
        self.past.append(row)
        if late and self._under_way:
            self.late.add(row.ref)

    async def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """By (stamp, key), from the overlap on; between two pages the next of `meanwhile` happens."""
        self.late.clear()
        self._under_way = True
        highest = read(cursor)
        at = (-1 if highest is None else stepped_back(highest, by=timedelta(0), count=OVERLAP), "")
        try:
            while True:
                part = sorted((stamp, ref) for ref, (stamp, _) in self.rows.items() if (stamp, ref) > at)[:PAGE]
                if part:
                    at, highest = part[-1], max(highest or 0, part[-1][0])
                complete = len(part) < PAGE
                if self.fails_after is not None and len(self.delivered) >= self.fails_after:
                    raise SourceUnavailable("half a page")
                records = self._given([ref for _, ref in part], complete=complete)
                yield Page(records, None if highest is None else written(highest), complete=complete)
                if complete:
                    return
                if self.meanwhile:
                    self.happen(self.meanwhile.pop(0))
        finally:
            self._under_way = False

    def _given(self, refs: list[str], *, complete: bool) -> list[Record]:
        left_out = self._to_drop & set(refs)
        self.dropped = (self.dropped | left_out) - (set(refs) - left_out)
        self._to_drop -= left_out
        # An old word comes on the page of the present one, before it or after it.
        old = [row for row in self._echoes if row.ref in refs or complete]
        self._echoes = [row for row in self._echoes if row not in old]
        rows = [*old[1::2], *(self.rows[ref][1] for ref in refs if ref not in left_out), *old[::2]]
        if self._reversed:
            rows.reverse()
            self._reversed = False
        records = [row.record(self.key) for row in rows]
        self.delivered.append(records)
        return records

    async def look(self) -> str:
        """What is there."""
        return f"{len(self.rows)} cases"

    async def get(self, ref: str) -> Record | None:
        """One case as it is now. What is shown so is delivered like a page: a list had left it out."""
        if ref not in self.rows:
            return None
        record = self.rows[ref][1].record(self.key)
        self.delivered.append([record])
        return record

    async def apply(self, ref: str, order: Order, **how: Any) -> Applied:
        """It takes no changes, and nobody asks."""
        raise AssertionError("a source that takes no changes was asked for one")

    async def close(self) -> None:
        """Nothing is held."""
