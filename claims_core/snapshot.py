"""A claim at one moment, translated and validated; and what changed between two moments."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict

from claims_core.stages import (
    MOVER_OF,
    ClaimStage,
    LineOfBusiness,
    Mover,
    Outcome,
    PageState,
    Situation,
    page_state,
)

LONGEST_TEXT = 4000


class PaymentState(StrEnum):
    """The life of a payment, as far as a policyholder may know it."""

    PREPARED = "prepared"
    SENT = "sent"
    CREDITED = "credited"
    RETURNED = "returned"


class DocumentState(StrEnum):
    """The life of a document that we asked for."""

    ASKED = "asked"
    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


# A payment that was sent is done for a closed claim: many back offices never hear of the credit.
OPEN_PAYMENTS = frozenset({PaymentState.PREPARED, PaymentState.RETURNED})
OPEN_DOCUMENTS = frozenset({DocumentState.ASKED, DocumentState.REJECTED})


class CaseEventKind(StrEnum):
    """What can happen to a claim. Either a rule tells it, or it is silent on purpose (`notifier.deciding.rules`)."""

    REGISTERED = "registered"
    STAGE_CHANGED = "stage_changed"
    SITUATION_CHANGED = "situation_changed"
    STAGE_CORRECTED = "stage_corrected"
    DOCUMENTS_REQUESTED = "documents_requested"
    DOCUMENTS_RECEIVED = "documents_received"
    DOCUMENT_UNREADABLE = "document_unreadable"
    INSPECTION_BOOKED = "inspection_booked"
    DECISION_MADE = "decision_made"
    DETAILS_NEEDED = "details_needed"
    PAYMENT_SENT = "payment_sent"
    PAYMENT_CREDITED = "payment_credited"
    PAYMENT_RETURNED = "payment_returned"
    PROMISE_MOVED = "promise_moved"
    PROMISE_MISSED = "promise_missed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    HANDLER_CHANGED = "handler_changed"
    MONEY_CHANGED = "money_changed"
    FACTS_CHANGED = "facts_changed"


class Value(BaseModel):
    """A frozen value that refuses what it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=LONGEST_TEXT)

    @classmethod
    def of_checked(cls, values: dict[str, Any]) -> Self:
        """The value made of parts that were checked one by one; a fifth of what checking all of them again costs.

        The caller vouches for every name and type. Only for converters whose every answer a test checks again.
        """
        made, put, names = cls.__new__(cls), object.__setattr__, _names(cls)
        put(made, "__dict__", values if len(values) == len(names) else all_of(cls) | values)
        put(made, "__pydantic_fields_set__", names)
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made


@cache
def all_of(shape: type[Value]) -> dict[str, Any]:
    """Every field with its usual value, None where it must be given: shared, as none of a snapshot's can be changed."""
    return {name: None if field.is_required() else field.default for name, field in shape.model_fields.items()}


@cache
def _names(shape: type[Value]) -> set[str]:
    """The names of all fields: shared, too."""
    return set(shape.model_fields)


class PersonSnapshot(Value):
    """Whose policy it is, as the back office knows them. `ref` is the back office's own key of the person.

    `directory_ref` is their key in a directory that all sources share; `phones_verified` says that the back office
    has had each telephone confirmed by its holder.
    """

    ref: str
    name: str
    given_name: str | None = None
    language: str = "ru"
    time_zone: str | None = None
    phones: tuple[str, ...] = ()
    email: str | None = None
    contact_prohibited: bool = False
    birth_date: date | None = None
    directory_ref: str | None = None
    phones_verified: bool = False


class PaymentSnapshot(Value):
    """Money issued on the claim; announced only from `sent` on."""

    ref: str
    amount: Decimal
    state: PaymentState
    sent_date: date | None = None
    expected_date: date | None = None
    account_last4: str | None = None
    bank: str | None = None
    return_reason: str | None = None


class DocumentSnapshot(Value):
    """A document asked for. The titles are what a policyholder reads, never a code."""

    ref: str
    title_ru: str
    title_en: str
    why_ru: str | None = None
    why_en: str | None = None
    due_date: date | None = None
    state: DocumentState = DocumentState.ASKED
    reject_reason: str | None = None


class ClaimantSnapshot(Value):
    """Somebody else who claims against the policy: who they are, and what of the claim is theirs alone.

    Without a `stage` of their own they go with the claim (`claims_core.claimants`). `reported_at` is when they came.
    """

    person: PersonSnapshot
    reported_at: datetime | None = None
    documents_complete_at: datetime | None = None
    object_label: str | None = None
    inspection_at: datetime | None = None
    inspection_place: str | None = None
    assessed: Decimal | None = None
    approved: Decimal | None = None
    stage: ClaimStage | None = None
    situation: Situation | None = None
    outcome: Outcome | None = None
    mover: Mover | None = None
    reason: str | None = None
    decision_reasons: tuple[dict[str, str], ...] = ()
    payments: tuple[PaymentSnapshot, ...] = ()
    documents: tuple[DocumentSnapshot, ...] = ()


class ClaimSnapshot(Value):
    """A claim at one moment. Nothing internal is here: no reserve, no fraud mark, no note.

    `payments` and `documents` are the policyholder's; what is a claimant's is with that claimant.
    """

    source: str
    source_ref: str
    source_version: str | None = None
    source_hash: bytes
    mapping_version: int = 1
    changed_at: datetime | None = None
    claim_number: str
    policy_number: str | None = None
    line_of_business: LineOfBusiness
    product: str
    country: str
    currency: str
    object_label: str | None = None
    loss_date: date | None = None
    reported_at: datetime
    documents_complete_at: datetime | None = None
    stage: ClaimStage
    situation: Situation | None = None
    outcome: Outcome | None = None
    mover: Mover | None = None
    reason: str | None = None
    new_date: date | None = None
    team: str | None = None
    handler_ref: str | None = None
    handler_name: str | None = None
    inspection_at: datetime | None = None
    inspection_place: str | None = None
    assessed: Decimal | None = None
    deductible: Decimal | None = None
    approved: Decimal | None = None
    decision_reasons: tuple[dict[str, str], ...] = ()
    # The key of the claim that this one was joined with, as the back office says; there it goes on.
    merged_into: str | None = None
    policyholder: PersonSnapshot
    payments: tuple[PaymentSnapshot, ...] = ()
    documents: tuple[DocumentSnapshot, ...] = ()
    claimants: tuple[ClaimantSnapshot, ...] = ()


class Change(NamedTuple):
    """A difference between two snapshots, before it is stored.

    `detail` holds what a page or a message may say about it; `fact_key` is made of the fact alone, so that the
    same fact seen twice is one event.
    """

    kind: CaseEventKind
    fact_key: str
    detail: Mapping[str, str | int | None] = MappingProxyType({})


def mover_of(snapshot: ClaimSnapshot) -> Mover:
    """Who has to act next: the back office's word where it has one, else the situation's own."""
    return snapshot.mover or (MOVER_OF[snapshot.situation] if snapshot.situation else Mover.US)


def page_state_of(snapshot: ClaimSnapshot) -> PageState:
    """What a page shows for this snapshot. A closed claim with money or papers still open is not `paid` yet."""
    is_open = any(payment.state in OPEN_PAYMENTS for payment in snapshot.payments) if snapshot.payments else False
    if snapshot.documents and not is_open:
        is_open = any(document.state in OPEN_DOCUMENTS for document in snapshot.documents)
    return page_state(
        snapshot.stage, snapshot.situation, snapshot.outcome, mover=snapshot.mover, something_open=is_open
    )
