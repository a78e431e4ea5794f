"""A snapshot as rows of our tables, and rows as the snapshot they came from (pure)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from claims_core.db import columns_of
from claims_core.ids import new_id
from claims_core.ledger.staging import Row, target
from claims_core.promises import PauseRow, PromiseRow
from claims_core.snapshot import (
    OPEN_DOCUMENTS,
    CaseEventKind,
    Change,
    ClaimSnapshot,
    DocumentSnapshot,
    DocumentState,
    PaymentSnapshot,
    PaymentState,
    PersonSnapshot,
    mover_of,
)
from claims_core.stages import ClaimStage, LineOfBusiness, Mover, Outcome, PageState, Situation
from claims_core.tables import (
    CaseEvent,
    Claim,
    ClaimNumber,
    ContactKind,
    ContactPoint,
    DocumentRequest,
    Pause,
    Payment,
    Policyholder,
    Promise,
)

# Computed from a snapshot; every other column of a claim that a snapshot has too is taken over as it is.
_COMPUTED = {"mover", "decision_reasons"}
_SAME = tuple(name for name in columns_of(Claim) if name in ClaimSnapshot.model_fields.keys() - _COMPUTED)
_PAID = tuple(name for name in columns_of(Payment) if name in PaymentSnapshot.model_fields)
_ASKED = tuple(name for name in columns_of(DocumentRequest) if name in DocumentSnapshot.model_fields)
_PERSON = tuple(name for name in columns_of(Policyholder) if name in PersonSnapshot.model_fields)
# Of the values themselves: an attribute of a pydantic object is looked for in its class first.
_same, _paid, _asked, _person = itemgetter(*_SAME), itemgetter(*_PAID), itemgetter(*_ASKED), itemgetter(*_PERSON)

CLAIM = target(Claim, key=["id"], first=_SAME, without=["erased_at"])
# Who is joined with whom, and which address was proved, no batch of a source touches.
PERSON = target(Policyholder, key=["source", "source_ref"], first=_PERSON, without=["person_id"])
CONTACT_POINT = target(ContactPoint, key=["policyholder_id", "kind", "address"], without=["verified_at", "shared"])
PAYMENT = target(Payment, key=["claim_id", "payment_ref"], first=_PAID)
DOCUMENT = target(DocumentRequest, key=["claim_id", "request_ref"], first=_ASKED, kept=["asked_at"])
NUMBER = target(ClaimNumber, key=["claim_id", "number"], kept=["replaced_at"])
PROMISE = target(Promise, key=["id"], first=PromiseRow._fields)
PAUSE = target(Pause, key=["id"], first=PauseRow._fields)

_ENUMS: dict[str, type] = {
    "line_of_business": LineOfBusiness,
    "stage": ClaimStage,
    "situation": Situation,
    "outcome": Outcome,
    "mover": Mover,
}


# When it occurred, was recorded and may be told, and whether it is history.
Times = tuple[datetime, datetime, datetime, bool, UUID | None]


class EventRow(NamedTuple):
    """A case event as its table holds it, in the order of `EVENT`."""

    id: UUID
    claim_id: UUID
    kind: CaseEventKind
    fact_key: str
    stage: ClaimStage
    situation: Situation | None
    page_state: PageState
    mapping_version: int | None
    detail: str
    occurred_at: datetime
    recorded_at: datetime
    tell_after: datetime
    historic: bool
    run_id: UUID | None = None

    @classmethod
    def of(
        cls, change: Change, snapshot: ClaimSnapshot, claim_id: UUID, shown: PageState, times: Times, *, untold: bool
    ) -> "EventRow":
        """The row of a change. What a handler wants told to nobody has `told: false` in its detail."""
        detail = {**change.detail, "told": False} if untold else change.detail
        said = orjson.dumps(detail).decode() if detail else "{}"
        stands = snapshot.stage, snapshot.situation, shown, snapshot.mapping_version
        # As `cls(…)` would, in half the time.
        return tuple.__new__(cls, (new_id(), claim_id, change.kind, change.fact_key, *stands, said, *times))


EVENT = target(
    CaseEvent,
    key=["claim_id", "fact_key"],
    first=EventRow._fields,
    without=["seq"],
    kept=columns_of(CaseEvent),
)


def claim_row(
    snapshot: ClaimSnapshot,
    claim_id: UUID,
    policyholder_id: UUID,
    shown: PageState,
    *,
    version: int = 1,
    observed_at: datetime,
    stage_since: datetime,
    situation_since: datetime,
    part_of: UUID | None = None,
    has_claimants: bool = False,
    is_dated: bool = False,
) -> Row:
    """The claim's row, in the order of `CLAIM`."""
    return (
        *_same(snapshot.__dict__),
        claim_id,
        observed_at,
        version,
        policyholder_id,
        mover_of(snapshot),
        shown,
        stage_since,
        situation_since,
        orjson.dumps(snapshot.decision_reasons).decode() if snapshot.decision_reasons else "[]",
        None,  # what changes is not gone
        part_of,
        has_claimants,
        is_dated,
    )


def person_row(source: str, person: PersonSnapshot, policyholder_id: UUID) -> Row:
    """The policyholder's row, in the order of `PERSON`."""
    return (*_person(person.__dict__), policyholder_id, source, person.ref)


def contact_rows(person: PersonSnapshot, policyholder_id: UUID) -> Iterator[Row]:
    """The addresses on file, each once, the preferred first."""
    for place, phone in enumerate(dict.fromkeys(person.phones)):
        yield new_id(), policyholder_id, ContactKind.PHONE, phone, place, True
    if person.email:
        yield new_id(), policyholder_id, ContactKind.EMAIL, person.email, 0, True


def payment_rows(snapshot: ClaimSnapshot, claim_id: UUID) -> Iterator[Row]:
    """The payments, each of the back office's keys once."""
    for payment in {paid.ref: paid for paid in snapshot.payments}.values():
        yield *_paid(payment.__dict__), new_id(), claim_id, payment.ref


def document_rows(
    snapshot: ClaimSnapshot, claim_id: UUID, *, moment: datetime, settled: Mapping[str, datetime] = MappingProxyType({})
) -> Iterator[Row]:
    """The documents asked for, each key once; what is settled already keeps its moment from `settled`."""
    for paper in {asked.ref: asked for asked in snapshot.documents}.values():
        settled_at = None if paper.state in OPEN_DOCUMENTS else settled.get(paper.ref) or moment
        yield *_asked(paper.__dict__), new_id(), claim_id, paper.ref, moment, settled_at


def to_snapshot(
    claim: Mapping[str, Any], payments: list[Mapping[str, Any]], documents: list[Mapping[str, Any]], **more: Any
) -> ClaimSnapshot:
    """The snapshot that a claim's rows came from; nothing is validated again."""
    values = {name: claim[name] for name in (*_SAME, "mover")}
    for name, kind in _ENUMS.items():
        values[name] = kind(values[name]) if values[name] is not None else None
    return ClaimSnapshot.model_construct(
        **values,
        decision_reasons=tuple(claim["decision_reasons"]),
        payments=tuple(_to_payment(row) for row in payments),
        documents=tuple(_to_document(row) for row in documents),
        **more,
    )


def _to_payment(row: Mapping[str, Any]) -> PaymentSnapshot:
    values = {name: row[name] for name in _PAID} | {"state": PaymentState(row["state"])}
    return PaymentSnapshot.model_construct(ref=row["payment_ref"], **values)


def _to_document(row: Mapping[str, Any]) -> DocumentSnapshot:
    values = {name: row[name] for name in _ASKED} | {"state": DocumentState(row["state"])}
    return DocumentSnapshot.model_construct(ref=row["request_ref"], **values)
