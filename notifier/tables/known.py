"""Facts that must be known until somebody was seen to have heard them; and what we ask handlers before a heartbeat."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint
from sqlmodel import Field

from claims_core.db import Table
from claims_core.ids import new_id


class UnheardFact(Table, table=True):
    """A fact that must be known and was not seen to arrive. It ends with how it became known, or why it need not.

    From `call_since` on a person has to call; `call_after` is when, `calls` how often nobody answered.
    """

    __table_args__ = (
        # A fact is followed once for a recipient.
        UniqueConstraint("case_event_id", "template", "recipient_id"),
        Index("ix_unheard_fact_look", "look_at", postgresql_where="ended_at is null"),
        Index("ix_unheard_fact_call", "call_after", postgresql_where="ended_at is null and call_since is not null"),
        Index(None, "claim_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_event_id: UUID = Field(foreign_key="case_event.id")
    template: str
    recipient_id: UUID = Field(foreign_key="policyholder.id")
    claim_id: UUID = Field(foreign_key="claim.id")
    since: datetime
    look_at: datetime
    call_since: datetime | None = None
    call_after: datetime | None = None
    calls: int = 0
    ended_at: datetime | None = None
    ended_how: str | None = None
    ended_by: str | None = None


class UnheardMark(Table, table=True):
    """One row: the case events up to `mark` (a `seq`) have been looked at for what must be known."""

    id: int = Field(default=1, primary_key=True)
    mark: int = Field(sa_column=Column(BigInteger, nullable=False))


class SentenceRequest(Table, table=True):
    """A handler was asked what the policyholder should read at the end of this silence, `until` then.

    The key is that of the silence's slot (`notifier.planning.heartbeat`): each is asked about once.
    """

    __table_args__ = (Index(None, "claim_id"), Index(None, "until"))

    slot_id: UUID = Field(primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    since: datetime
    until: datetime
    asked_at: datetime
