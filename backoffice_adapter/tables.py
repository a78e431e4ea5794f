"""The adapter's tables: what was read, what could not be read, and which mapping made what of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id


class RunState(StrEnum):
    """How a sync run ended, or that it has not."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SourceCursor(Table, table=True):
    """How far we have read a source. Moves in the same transaction as the page it stands behind."""

    source: str = Field(primary_key=True)
    cursor: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    moved_at: datetime
    complete_at: datetime | None = None
    mapping_version: int | None = None


class SyncRun(Table, table=True):
    """One pass over a source; with `pushed`, what it told us by itself in an hour or so.

    `moved` counts claims that changed stage; with `held_at` they are so many, of `claims`, that nobody is told before
    a head of team decides. `page_at` is its latest page: what a dead process leaves running is not waited for.
    """

    __table_args__ = (Index(None, "source", "started_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    full: bool = False
    started_at: datetime
    finished_at: datetime | None = None
    state: RunState = Field(default=RunState.RUNNING, sa_type=stored_as_value(RunState))
    seen: int = 0
    unchanged: int = 0
    changed: int = 0
    rejected: int = 0
    unmapped: int = 0
    again: bool = False
    pushed: bool = False
    gone: int = 0
    moved: int = 0
    claims: int | None = None
    page_at: datetime | None = None
    held_at: datetime | None = None
    problem: str | None = None


class RejectedCase(Table, table=True):
    """A case we could not read, kept as it came, with the reason in words that name the field.

    `case_version` and `changed_at`, where they could be read, say which words about the case came before it.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"raw"})
    # The same unreadable content is kept once.
    __table_args__ = (UniqueConstraint("source", "content_hash"), Index(None, "source", "first_seen_at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    case_ref: str | None = None
    case_version: str | None = None
    changed_at: datetime | None = None
    content_hash: str
    place: str | None = None
    reason: str
    raw: str
    mapping_version: int
    first_seen_at: datetime
    last_seen_at: datetime
    times: int = 1
    settled_at: datetime | None = None
    tried_at: datetime | None = None


class MappingVersion(Table, table=True):
    """A mapping that was in force: each fact knows the version that made it. The highest version holds now.

    A text that comes back after another is a new version: the ledger believes the higher one.
    """

    # A version of a source is one text.
    __table_args__ = (UniqueConstraint("source", "version"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    version: int
    content_hash: str
    content: str
    first_used_at: datetime


class RuleUse(Table, table=True):
    """How often a rule of a mapping version was the one that held, among the cases that were translated."""

    # A rule of a version is one row, counted.
    source: str = Field(primary_key=True)
    mapping_version: int = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    times: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_used_at: datetime


class UnmappedCode(Table, table=True):
    """A code of theirs that no rule matched: the last public stage stays, and somebody must look."""

    # A code of a field is one row, counted.
    source: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    first_seen_at: datetime
    last_seen_at: datetime
    times: int = 1
    example_ref: str


class ReadFile(Table, table=True):
    """A delivered file, read once by its checksum."""

    source: str = Field(primary_key=True)
    checksum: str = Field(primary_key=True)
    name: str
    rows: int
    read_at: datetime


class CaseMark(Table, table=True):
    """The back office's own mark of a case when we last read it, so that a list tells what need not be read again."""

    source: str = Field(primary_key=True)
    case_ref: str = Field(primary_key=True)
    mark: str


class SourceFreshness(Table, table=True):
    """How old what we know of a source is, and from what age on somebody must know; the portal's pages go by it."""

    source: str = Field(primary_key=True)
    fresh_at: datetime | None = None
    old_after_seconds: int


class MissingCase(Table, table=True):
    """A case that complete readings did not show; after the second in a row its claim is marked as gone."""

    source: str = Field(primary_key=True)
    case_ref: str = Field(primary_key=True)
    first_missed_at: datetime
    times: int = 1


class SourceNotice(Table, table=True):
    """What a back office told us by itself, as it came. The row goes in the transaction that works it off."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"body"})
    __table_args__ = (Index(None, "source", "seq"),)

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    source: str
    body: bytes
    received_at: datetime


class SourceAbility(Table, table=True):
    """What a handler may do to claims of a source, as its mapping declares; the desk reads it and offers no more.

    `recorded_here` says that the source takes no changes and our ledger is the record.
    """

    source: str = Field(primary_key=True)
    action: str = Field(primary_key=True)
    recorded_here: bool = False


class WriteBack(Table, table=True):
    """One attempt to put a handler's change into the back office; the row is committed before the call."""

    change_request_id: UUID = Field(primary_key=True, foreign_key="change_request.id")
    transaction_ref: str = Field(unique=True)
    started_at: datetime
    finished_at: datetime | None = None
    attempts: int = 1
    their_checksum: str | None = None
    problem: str | None = None
