"""The claim, its money, its papers, and the facts about it.

What the ledger writes together with its claim or person has no foreign key (ADR 39): nothing is ever deleted there,
and to look each parent up again was two fifths of what PostgreSQL does in a first load.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from claims_core.db import Table, stored_as_value
from claims_core.ids import new_id
from claims_core.snapshot import CaseEventKind, DocumentState, PaymentState
from claims_core.stages import ClaimStage, LineOfBusiness, Mover, Outcome, PageState, Situation
from claims_core.tables.searched import CLAIM_WORDS, OLD_NUMBER_WORDS


class Claim(Table, table=True):
    """What the policyholder made and the insurer handles. Keyed by (source, source_ref); the number may change.

    Where others claim against the policy it `has_claimants`. The side of each of them is a claim too, `part_of` this
    one: `policyholder_id` is the claimant there, and nothing of the policyholder's is in the row.
    """

    __pii__: ClassVar[frozenset[str]] = frozenset({"claim_number", "policy_number", "object_label"})
    __table_args__ = (
        # A back office's record is one claim, whatever its number becomes.
        UniqueConstraint("source", "source_ref"),
        Index(None, "claim_number"),
        Index(None, "policy_number"),
        Index(None, "policyholder_id"),
        # A claimant's side is found through the whole; the common claim has neither and writes nothing here.
        Index("ix_claim_part_of", "part_of", postgresql_where="part_of is not null"),
        # Which claims were joined with this one; hardly any was.
        Index("ix_claim_merged_into", "source", "merged_into", postgresql_where="merged_into is not null"),
        # What was erased does not come back with a reading; hardly any was.
        Index("ix_claim_erased", "source", "source_ref", postgresql_where="erased_at is not null"),
        # The desk's queue and its figures: open claims, the oldest first, with what they are parted by.
        Index(
            "ix_claim_open",
            "reported_at",
            "id",
            postgresql_where="stage <> 'closed'",
            postgresql_include=("stage", "situation", "merged_into"),
        ),
        # Open claims on which the desk shows no date of ours: those that nobody could give one, and those decided.
        Index(
            "ix_claim_undated",
            "reported_at",
            "id",
            postgresql_where="stage not in ('closed', 'decided', 'fulfilling') and not is_dated",
        ),
        # Whose they are.
        Index("ix_claim_handler", "handler_ref", postgresql_where="stage <> 'closed'"),
        Index("ix_claim_decided", "reported_at", "id", postgresql_where="stage in ('decided', 'fulfilling')"),
        Index("ix_claim_words", text(CLAIM_WORDS), postgresql_using="gin"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    source: str
    source_ref: str
    source_version: str | None = None
    source_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    mapping_version: int = 1
    observed_at: datetime
    changed_at: datetime | None = None
    version: int = 1
    policyholder_id: UUID
    claim_number: str
    policy_number: str | None = None
    line_of_business: LineOfBusiness = Field(sa_type=stored_as_value(LineOfBusiness))
    product: str
    country: str
    currency: str
    object_label: str | None = None
    loss_date: date | None = None
    reported_at: datetime
    documents_complete_at: datetime | None = None
    stage: ClaimStage = Field(sa_type=stored_as_value(ClaimStage))
    situation: Situation | None = Field(default=None, sa_type=stored_as_value(Situation))
    outcome: Outcome | None = Field(default=None, sa_type=stored_as_value(Outcome))
    mover: Mover = Field(default=Mover.US, sa_type=stored_as_value(Mover))
    page_state: PageState = Field(sa_type=stored_as_value(PageState))
    stage_since: datetime
    situation_since: datetime
    reason: str | None = None
    team: str | None = None
    handler_ref: str | None = None
    handler_name: str | None = None
    inspection_at: datetime | None = None
    inspection_place: str | None = None
    assessed: Decimal | None = Field(default=None, max_digits=14, decimal_places=2)
    deductible: Decimal | None = Field(default=None, max_digits=14, decimal_places=2)
    approved: Decimal | None = Field(default=None, max_digits=14, decimal_places=2)
    decision_reasons: list[dict[str, str]] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default="[]")
    )
    # Two complete readings in a row did not show it any more. It stays, and nothing is told about it.
    gone_at: datetime | None = None
    # The key of the claim that it was joined with. It stays, leads there, and nothing is told about it.
    merged_into: str | None = None
    # No foreign key: it would be asked about for every claim of a first load, and hardly any has this.
    part_of: UUID | None = None
    # Nothing of whose it was is in the row any more, and no reading of the back office puts it back.
    erased_at: datetime | None = None
    has_claimants: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    # Is a date of ours open on it, or a missed decision? The queue of the desk finds by it what has none (ADR 77).
    is_dated: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class ClaimNumber(Table, table=True):
    """The numbers a claim had before: a letter with an old number still finds its claim."""

    __table_args__ = (Index("ix_claim_number_words", text(OLD_NUMBER_WORDS), postgresql_using="gin"),)

    claim_id: UUID = Field(primary_key=True, foreign_key="claim.id")
    number: str = Field(primary_key=True, index=True)
    replaced_at: datetime


class Payment(Table, table=True):
    """Money issued on the claim; shown once sent."""

    # A payment of the back office is one row.
    __table_args__ = (UniqueConstraint("claim_id", "payment_ref"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID
    payment_ref: str
    amount: Decimal = Field(max_digits=14, decimal_places=2)
    state: PaymentState = Field(sa_type=stored_as_value(PaymentState))
    sent_date: date | None = None
    expected_date: date | None = None
    account_last4: str | None = None
    bank: str | None = None
    return_reason: str | None = None


class DocumentRequest(Table, table=True):
    """A document we asked the policyholder for."""

    # A request of the back office is one row.
    __table_args__ = (UniqueConstraint("claim_id", "request_ref"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    claim_id: UUID
    request_ref: str
    title_ru: str
    title_en: str
    why_ru: str | None = None
    why_en: str | None = None
    due_date: date | None = None
    state: DocumentState = Field(sa_type=stored_as_value(DocumentState))
    reject_reason: str | None = None
    asked_at: datetime
    settled_at: datetime | None = None


class CaseEvent(Table, table=True):
    """A dated fact about a claim; never changed, never deleted.

    `seq` is the order in which facts were committed to be decided on. `historic` is the reason why a first sight
    is told to nobody; `tell_after` is the end of the settle window. `run_id` is the reading of a back office that
    brought it, none for history and for what was recorded here: its messages wait for the verdict on that run.
    """

    # The same fact about a claim is recorded once, however often the back office repeats it.
    __table_args__ = (UniqueConstraint("claim_id", "fact_key"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    seq: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(), nullable=False, unique=True))
    claim_id: UUID
    kind: CaseEventKind = Field(sa_type=stored_as_value(CaseEventKind))
    fact_key: str
    stage: ClaimStage = Field(sa_type=stored_as_value(ClaimStage))
    situation: Situation | None = Field(default=None, sa_type=stored_as_value(Situation))
    page_state: PageState = Field(sa_type=stored_as_value(PageState))
    occurred_at: datetime
    recorded_at: datetime
    tell_after: datetime
    historic: bool = False
    run_id: UUID | None = None
    mapping_version: int | None = None
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
