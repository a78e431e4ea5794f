"""What policyholders say to us, allow and choose."""

from datetime import datetime, time
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from notifier.states import (
    Cadence,
    ChannelName,
)


class Inbound(Table, table=True):
    """A message to us, kept as it came and handled once."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address", "body"})
    # A provider's message is handled once, however often it is posted.
    __table_args__ = (UniqueConstraint("provider", "provider_ref"), Index(None, "address", "received_at"))

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider: str
    provider_ref: str
    channel: ChannelName = Field(sa_type=stored_as_value(ChannelName))
    address: str
    body: str
    command: str | None = None
    received_at: datetime
    handled_at: datetime | None = None
    outcome: str | None = None


class InboundPart(Table, table=True):
    """A part of a long message to us, until all of its chain are there; bytes, for a letter may be cut in two."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address", "raw"})
    # A part has its place in its chain once, however often it is brought.
    __table_args__ = (UniqueConstraint("address", "sent_to", "reference", "total", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    address: str
    sent_to: str
    reference: int
    total: int
    number: int
    coding: int
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime


class Consent(Table, table=True):
    """Recorded permission, with when, how and which wording. A withdrawal is a date on the row."""

    __table_args__ = (Index(None, "policyholder_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    purpose: str
    wording_version: str
    given_at: datetime
    given_how: str
    withdrawn_at: datetime | None = None
    withdrawn_how: str | None = None


class OptOut(Table, table=True):
    """Withdrawal for an address; always wins, at once, whatever a preference says. Rows are never taken away.

    `ended_at` is a START: `ended_how` says from where it came, `ended_wording` which words of ours asked for it. A new
    STOP is a new row.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"address"})
    __table_args__ = (
        # An address is opted out of a channel once at a time.
        Index("uq_opt_out_standing", "address", "channel", unique=True, postgresql_where="ended_at is null"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    address: str
    channel: ChannelName = Field(sa_type=stored_as_value(ChannelName))
    how: str
    at: datetime
    ended_at: datetime | None = None
    ended_how: str | None = None
    ended_wording: str | None = None


class ClaimStop(Table, table=True):
    """A withdrawal for the texts about one claim; as `OptOut` it wins at once, and its rows are never taken away."""

    __table_args__ = (
        # The texts about a claim are turned off once at a time.
        Index("uq_claim_stop_standing", "claim_id", unique=True, postgresql_where="ended_at is null"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID = Field(foreign_key="claim.id")
    how: str
    at: datetime
    ended_at: datetime | None = None
    ended_how: str | None = None


class ChatInvitation(Table, table=True):
    """A one-time token that ties a chat to a person, made on their own page; a new one takes the place of the last."""

    # A token finds its person, once.
    __table_args__ = (UniqueConstraint("token_hash"),)

    policyholder_id: UUID = Field(primary_key=True, foreign_key="policyholder.id")
    channel: ChannelName = Field(primary_key=True, sa_type=stored_as_value(ChannelName))
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    wording_version: str
    made_at: datetime
    used_at: datetime | None = None


class Chat(Table, table=True):
    """A messenger's chat with a person, who linked it themselves. It ends with a date and how; a link anew is a row."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address"})
    __table_args__ = (
        # A chat is one person's at a time.
        Index("uq_chat_standing", "channel", "address", unique=True, postgresql_where="ended_at is null"),
        Index(None, "policyholder_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    policyholder_id: UUID = Field(foreign_key="policyholder.id")
    channel: ChannelName = Field(sa_type=stored_as_value(ChannelName))
    address: str
    linked_at: datetime
    ended_at: datetime | None = None
    ended_how: str | None = None


class ChatAnswer(Table, table=True):
    """A line that a chat is to read though it is nobody's, or ends now; gone once somebody took it."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address"})

    # Of what waits for a chat the newest is worth saying.
    channel: ChannelName = Field(primary_key=True, sa_type=stored_as_value(ChannelName))
    address: str = Field(primary_key=True)
    word: str
    language: str
    asked_at: datetime


class Preference(Table, table=True):
    """A policyholder's own choice within what consent allows; it always beats a pilot's arm."""

    policyholder_id: UUID = Field(primary_key=True, foreign_key="policyholder.id")
    cadence: Cadence | None = Field(default=None, sa_type=stored_as_value(Cadence))
    channel: ChannelName | None = Field(default=None, sa_type=stored_as_value(ChannelName))
    language: str | None = None
    quiet_from: time | None = None
    quiet_to: time | None = None
    chosen_at: datetime
