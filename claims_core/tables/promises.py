"""The dates we told a policyholder, and the days that do not count."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.deadlines import PromiseBasis, PromiseKind
from claims_core.ids import new_id


class Promise(Table, table=True):
    """A date told to a policyholder, with its basis. `ended_at` is set when it was kept, moved or missed."""

    __table_args__ = (
        Index(None, "claim_id"),
        # The desk's queue: the date of ours that breaks first.
        Index(
            "ix_promise_ours",
            "due_date",
            "claim_id",
            postgresql_where="basis in ('target', 'handler') and (ended_at is null or kept is false)",
        ),
        # What the desk says of the law's days before it is too late.
        Index("ix_promise_law", "due_date", "claim_id", postgresql_where="basis = 'law' and ended_at is null"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID
    kind: PromiseKind = Field(sa_type=stored_as_value(PromiseKind))
    basis: PromiseBasis = Field(sa_type=stored_as_value(PromiseBasis))
    start_date: date
    due_date: date
    made_at: datetime
    reason: str | None = None
    ended_at: datetime | None = None
    kept: bool | None = None


class Pause(Table, table=True):
    """Days that waited for the policyholder and do not count."""

    __table_args__ = (Index(None, "claim_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID
    started_at: datetime
    ended_at: datetime | None = None
