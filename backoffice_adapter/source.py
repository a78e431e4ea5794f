"""What any back office must offer us: its cases a page at a time, one case by its key, perhaps a change."""

from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple, Protocol, runtime_checkable

HASH_BYTES = 16
_NOTHING: Mapping[str, Any] = {}


class Record(NamedTuple):
    """A case as it came. `raw` is what is kept if nobody can read it; `hash` is of `raw` and the mapping's text.

    A tuple, because a first load makes a million of them and hands them to another process.
    """

    ref: str
    raw: bytes
    hash: bytes
    body: Mapping[str, Any]
    version: str | None = None
    place: str | None = None

    def bare(self) -> "Record":
        """The case without its body, where `Page.whole` can give it back."""
        return Record(self.ref, self.raw, self.hash, _NOTHING, self.version, self.place)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A case that the source itself could not take apart, as it came, with the reason."""

    raw: bytes
    reason: str
    place: str | None = None
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A case that is there and not shown any more (archived, hidden): what we know of it stays as it is."""

    ref: str


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file that has been read to its end; it is not read again."""

    checksum: str
    name: str
    rows: int


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a source. `cursor` stands behind this page; with `complete` the source has nothing more now.

    `unchanged` counts what the source left out because we know it already, and `compared` says that it left out all
    of that. A `cursor` of None leaves the one we have. `marks` are the source's own marks of
    the cases of this page, for a later comparison; `kept` the keys of those that are there and not shown. With
    `reread` the cases may come without their bodies, which it makes of their `raw`, in any process.
    """

    records: list[Record]
    cursor: dict[str, Any] | None
    complete: bool = False
    unreadable: list[Unreadable] = field(default_factory=list)
    unchanged: int = 0
    compared: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    file: FileRead | None = None
    reread: Callable[[bytes], Mapping[str, Any]] | None = None

    @property
    def moves(self) -> bool:
        """Does it tick off what was read so far? Such a page is written after all before it."""
        return self.cursor is not None or self.file is not None or self.complete

    def whole(self, record: Record) -> Record:
        """One of the cases, with its body."""
        if record.body or self.reread is None:
            return record
        return Record(record.ref, record.raw, record.hash, self.reread(record.raw), record.version, record.place)


class Known(Protocol):
    """What we know already, so that a source need not read it again. With `full` it must read all the same."""

    @property
    def full(self) -> bool:
        """Must everything be read, whatever we know?"""

    async def hashes(self) -> set[bytes]:
        """The hashes of all cases of this source in the ledger: what has one of them is not worth taking apart.

        A set of the caller's own.
        """

    async def hashes_of(self, refs: Collection[str]) -> set[bytes]:
        """The hashes of these cases in the ledger, as it stands now."""

    async def same_marks(self, marks: Mapping[str, str]) -> set[str]:
        """The keys of those cases whose mark is the one we last saw."""

    async def has_file(self, checksum: str) -> bool:
        """Has a file with this content been read to its end?"""


class OrderKind(StrEnum):
    """The ways in which a back office takes a change."""

    ACTIVITY = "activity"
    PATCH = "patch"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Order:
    """One call of a change, in the back office's own words."""

    kind: OrderKind
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """The back office said yes. `already` says that it had done so before this call."""

    already: bool = False


@dataclass(frozen=True, slots=True)
class Bell:
    """A notice that names a case and does not show all of it: the case is read by its key."""

    ref: str


# What becomes of a case that is read, and what a source may show of one that is asked for.
Read = Record | Unreadable
Shown = Read | Kept
Heard = Shown | Bell


class CaseSource(Protocol):
    """One back office as we see it. Errors are `SourceUnavailable`, `SourceRefused`, `SourceConflict`."""

    name: str
    takes_changes: bool

    def changed_since(self, cursor: dict[str, Any] | None, known: Known) -> AsyncGenerator[Page]:
        """All that may have changed since `cursor`, from the start without one; may repeat, never leaves out."""

    async def look(self) -> str:
        """Try the connection, keep nothing, and say in a sentence what is there; the doctor tells it."""

    async def get(self, ref: str) -> Shown | None:
        """One case as it is now; None when it is absent or hidden from us, which is not a deletion."""

    async def apply(
        self, ref: str, order: Order, *, checksum: str | None, transaction_ref: str, again: bool = False
    ) -> Applied:
        """Put one change into the back office, once for a `transaction_ref`. `again`: an earlier try may have arrived.

        `checksum` is the record's `version`; raises `SourceConflict` when the case is no longer that one.
        """

    async def close(self) -> None:
        """Give back connections and files."""


@runtime_checkable
class Telling(Protocol):
    """What a source can do, too, that tells us of changes by itself."""

    @property
    def is_heard(self) -> bool:
        """Was it told how to prove who it is?"""

    def hear(self, body: bytes) -> Heard:
        """What a notice says, as it came; never raises for what is in it."""


def readable(shown: Shown | None) -> Record | None:
    """The case, where there is one that can be read."""
    return shown if isinstance(shown, Record) else None


def content_hash(raw: bytes, key: bytes) -> bytes:
    """The hash of a case as it came; `key` is the mapping's, so that a new mapping reads everything again."""
    return content_hashes([raw], key)[0]


def content_hashes(cases: Iterable[bytes], key: bytes) -> list[bytes]:
    """The hash of each of these cases as it came.

    SHA-256, because processors have instructions for it: a claim of 1,000 bytes takes 1.6 µs, with BLAKE2 3.0.
    """
    return [sha256(key + raw).digest()[:HASH_BYTES] for raw in cases]
