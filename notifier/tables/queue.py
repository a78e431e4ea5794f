"""What is decided, what is handed over, and what comes back."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Numeric, SmallInteger, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.clock import utc_now
from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from claims_core.snapshot import CaseEventKind
from claims_core.stages import PageState
from notifier.states import (
    Cadence,
    CauseKind,
    ChannelName,
    DeliveryState,
    Importance,
    NotificationState,
    Reason,
)


class PlannedEvent(Table, table=True):
    """The planner's bookmark: this case event has been decided on."""

    case_event_id: UUID = Field(primary_key=True, foreign_key="case_event.id")
    planned_at: datetime


class PlannerMark(Table, table=True):
    """One row: up to `mark` (a `seq`) no case event is left to decide on, and none can appear (`planner`)."""

    id: int = Field(default=1, primary_key=True)
    mark: int = Field(sa_column=Column(BigInteger, nullable=False))
    candidate: int = Field(sa_column=Column(BigInteger, nullable=False))
    candidate_xid: int = Field(sa_column=Column(BigInteger, nullable=False))
    noted_at: datetime


class HoldDecision(Table, table=True):
    """What a head of team decided on the messages of a run that moved too many claims: told, or dropped."""

    run_id: UUID = Field(primary_key=True)
    told: bool
    decided_by: str
    decided_at: datetime


class ReleaseProposal(Table, table=True):
    """Who of two people said first that the messages of such a run may leave."""

    run_id: UUID = Field(primary_key=True)
    proposed_by: str
    proposed_at: datetime


class NotificationRule(Table, table=True):
    """This case event on this page state is told with this template, to these cadences, over these channels."""

    # One rule a fact and page state; `page_state` empty means any.
    __table_args__ = (
        UniqueConstraint("event_kind", "page_state", "line_of_business", postgresql_nulls_not_distinct=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    event_kind: CaseEventKind = Field(sa_type=stored_as_value(CaseEventKind))
    page_state: PageState | None = Field(default=None, sa_type=stored_as_value(PageState))
    line_of_business: str | None = None
    template: str
    importance: Importance = Field(sa_type=stored_as_value(Importance))
    cadences: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    channels: list[str] = Field(sa_column=Column(JSONB, nullable=False))
    fresh_hours: int = 24
    must_be_known: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    version: int = 1


class SilenceRule(Table, table=True):
    """After so many days without a word we write; `by_law` with the reasons, and to everybody."""

    # One span for a market, line and cadence; empty means any.
    __table_args__ = (
        UniqueConstraint("market", "line_of_business", "cadence", "by_law", postgresql_nulls_not_distinct=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    market: str | None = None
    line_of_business: str | None = None
    cadence: Cadence | None = Field(default=None, sa_type=stored_as_value(Cadence))
    by_law: bool
    days: int
    basis: str
    version: int = 1


class Notification(Table, table=True):
    """The decision to tell one recipient one fact, not before one moment and not after another. The queue itself."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"values"})
    __table_args__ = (
        # The same fact is told to the same recipient once, however often we plan.
        UniqueConstraint("cause_kind", "cause_id", "template", "recipient_id", "step"),
        Index("ix_notification_due", "priority", "not_before", "id", postgresql_where="state = 'planned'"),
        Index(
            "ix_notification_open",
            "recipient_id",
            "claim_id",
            "event_seq",
            postgresql_where="state in ('planned', 'sending', 'unknown', 'held')",
        ),
        Index("ix_notification_claim", "claim_id"),
        # What a person was sent lately: the daily cap.
        Index("ix_notification_recipient", "recipient_id", "planned_at"),
        # What the cap of its claim kept back, and a letter may say.
        Index("ix_notification_beyond_cap", "send_by", postgresql_where="reason = 'claim_cap'"),
        Index("ix_notification_lease", "lease_until", postgresql_where="state = 'sending'"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    cause_kind: CauseKind = Field(sa_type=stored_as_value(CauseKind))
    cause_id: UUID
    template: str
    recipient_id: UUID = Field(foreign_key="policyholder.id")
    step: int = 0
    claim_id: UUID | None = Field(default=None, foreign_key="claim.id")
    event_seq: int | None = Field(default=None, sa_column=Column(BigInteger))
    importance: Importance = Field(sa_type=stored_as_value(Importance))
    priority: int = 5
    channel: ChannelName = Field(sa_type=stored_as_value(ChannelName))
    contact_point_id: UUID | None = Field(default=None, foreign_key="contact_point.id")
    sender: str = "sms"
    language: str = "ru"
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    state: NotificationState = Field(default=NotificationState.PLANNED, sa_type=stored_as_value(NotificationState))
    reason: Reason | None = Field(default=None, sa_type=stored_as_value(Reason))
    cadence: Cadence | None = Field(default=None, sa_type=stored_as_value(Cadence))
    pilot_arm: str | None = None
    rule_version: int | None = None
    planned_at: datetime = Field(default_factory=utc_now)
    not_before: datetime
    send_by: datetime
    takes: int = 0
    lease_token: UUID | None = None
    lease_until: datetime | None = None
    finished_at: datetime | None = None


# `delivery.link_hash` is `keyed_hash(secret, MESSAGE_LINK, token)`: eight characters are few without a key.
MESSAGE_LINK = "message link"
LINK_LIVES = timedelta(days=14)  # from `started_at` on


class Delivery(Table, table=True):
    """One handing-over of a notification to a provider. Committed before the call, with the text that leaves."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address", "text"})
    __table_args__ = (
        # An attempt of a notification is one row.
        UniqueConstraint("notification_id", "attempt"),
        # The token in the provider's callback address finds its delivery; so does the link in its text.
        UniqueConstraint("token_hash"),
        UniqueConstraint("link_hash"),
        Index("ix_delivery_provider_ref", "provider", "provider_ref", postgresql_where="provider_ref is not null"),
        Index(
            "ix_delivery_open",
            "resolve_after",
            postgresql_where="state in ('sending', 'unknown', 'accepted', 'on_its_way')",
        ),
        # What a day or a month brought, for health and costs. Rows lie in the order of this moment: a summary of each
        # stretch of the table is enough, and a hand-over pays nothing for it.
        Index("ix_delivery_started_at", "started_at", postgresql_using="brin"),
        {"postgresql_with": {"fillfactor": 80}},
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    notification_id: UUID = Field(foreign_key="notification.id")
    attempt: int
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    link_hash: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    channel: ChannelName = Field(sa_type=stored_as_value(ChannelName))
    provider: str
    address: str
    text: str
    # Of which version of its text it was made (`template_version`); 0 is the one that ships.
    text_version: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    segments: int = 1
    state: DeliveryState = Field(default=DeliveryState.SENDING, sa_type=stored_as_value(DeliveryState))
    worker: str
    started_at: datetime
    send_by: datetime
    resolve_after: datetime | None = None
    failed_look_ups: int = Field(default=0, sa_column=Column(SmallInteger, nullable=False, server_default="0"))
    resolution: str | None = None
    provider_ref: str | None = None
    provider_status: str | None = None
    error_code: str | None = None
    accepted_at: datetime | None = None
    final_at: datetime | None = None
    read_at: datetime | None = None
    conflict: bool = False
    # What the provider says that it cost, where it says so; else the price of the way at that time holds.
    billed: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    billed_currency: str | None = None


class Receipt(Table, table=True):
    """What a provider reported about a delivery, kept as it came. Without a delivery it is parked."""

    # The same report is one row, however often the provider sends it.
    __table_args__ = (
        UniqueConstraint(
            "provider", "provider_ref", "provider_status", "error_code", postgresql_nulls_not_distinct=True
        ),
        Index(None, "delivery_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    provider: str
    provider_ref: str
    provider_status: str
    error_code: str | None = None
    delivery_id: UUID | None = Field(default=None, foreign_key="delivery.id")
    received_at: datetime
    raw: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


class SenderRate(Table, table=True):
    """The token bucket of one sender; the row holds the rate over all processes and nodes."""

    sender: str = Field(primary_key=True)
    per_second: float
    burst: float
    tokens: float
    refilled_at: datetime
    paused_until: datetime | None = None
    pause_reason: str | None = None
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


class WayPrice(Table, table=True):
    """What one part of a message costs over a channel and provider, from a moment on."""

    channel: ChannelName = Field(primary_key=True, sa_type=stored_as_value(ChannelName))
    provider: str = Field(primary_key=True)
    since: datetime = Field(primary_key=True)
    price: Decimal = Field(sa_column=Column(Numeric, nullable=False))
    currency: str


class SendingStop(Table, table=True):
    """A person has stopped this sender, `*` all of them; a sign-in code still leaves unless `codes_too`."""

    sender: str = Field(primary_key=True)
    codes_too: bool
    why: str
    stopped_by: str
    stopped_at: datetime


class AddressNote(Table, table=True):
    """What a provider said about an address: not reachable over this channel. Nothing goes there for a while."""

    __pii__: ClassVar[frozenset[str]] = frozenset({"address"})

    address: str = Field(primary_key=True)
    channel: ChannelName = Field(primary_key=True, sa_type=stored_as_value(ChannelName))
    code: str
    noted_at: datetime
