"""What handlers asked for, what people did, and the installation's own rows."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from claims_core.requested import ChangeAction


class ChangeState(StrEnum):
    """The way of a handler's change into the back office."""

    WAITING = "waiting"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"


class ChangeRequest(Table, table=True):
    """A handler's change on its way into the back office. Nothing is a fact until the back office said yes."""

    __table_args__ = (
        Index(None, "claim_id"),
        Index(None, "state", "not_before"),
        Index(None, "batch_id", postgresql_where="batch_id is not null"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    action: ChangeAction = Field(sa_type=stored_as_value(ChangeAction))
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    note: str | None = None
    told: bool = True
    untold_reason: str | None = None
    requested_by: str
    requested_at: datetime
    not_before: datetime
    claim_version: int
    # The changes that were asked for at once, of several claims; None where one claim was changed alone.
    batch_id: UUID | None = None
    state: ChangeState = Field(default=ChangeState.WAITING, sa_type=stored_as_value(ChangeState))
    taken_at: datetime | None = None
    problem: str | None = None
    finished_at: datetime | None = None
    # Where our ledger is the record: what the source had said. As long as it repeats that, our word holds.
    source_word: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))


class RetryRequest(Table, table=True):
    """Somebody at the desk wants a case that could not be read to be tried again; the adapter does it."""

    __table_args__ = (Index(None, "rejected_case_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rejected_case_id: UUID
    requested_by: str
    requested_at: datetime


class AuditEntry(Table, table=True):
    """An act of a person or an administrator. Sealed into a hash chain a batch at a time, at its `place`."""

    __table_args__ = (Index(None, "at"), Index(None, "actor", "at"), Index(None, "subject", "at"))

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    place: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True))
    prev_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


class AuditCheck(Table, table=True):
    """A walk along the chain of the audit: how far it held, and the seal at its end, which the next walk must find."""

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), primary_key=True))
    at: datetime
    by: str
    sealed: int = Field(sa_type=BigInteger)
    waiting: int = Field(sa_type=BigInteger)
    head: bytes = Field(sa_type=LargeBinary)
    broken_at: int | None = Field(default=None, sa_type=BigInteger)
    missing: int = Field(default=0, sa_type=BigInteger)


class JobSlot(Table, table=True):
    """One run of a timed job. Two schedulers, one effect: (job, slot) is unique."""

    job: str = Field(primary_key=True)
    slot: datetime = Field(primary_key=True)
    next_slot: datetime
    started_at: datetime
    finished_at: datetime | None = None
    result: str | None = None


class Installation(Table, table=True):
    """One row: whose database this is, and where it lies. A copy sends nothing (`claims_core.installation`)."""

    id: int = Field(default=1, primary_key=True)
    instance_id: str | None = None
    place: str
    created_at: datetime
    adopted_at: datetime | None = None
