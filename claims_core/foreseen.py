"""What a claim will be once a handler's change is in (pure): for the preview, and where our ledger is the record."""

from collections.abc import Callable
from typing import Any

from claims_core.requested import (
    Approve,
    Asked,
    Close,
    Decline,
    Extend,
    RequestDocuments,
)
from claims_core.snapshot import ClaimSnapshot, DocumentSnapshot, PaymentSnapshot, PaymentState
from claims_core.stages import ClaimStage, Outcome, Situation, is_decided

Fields = dict[str, Any]


def foreseen(before: ClaimSnapshot, asked: Asked, *, change_ref: str) -> ClaimSnapshot:
    """`before` with what the handler asked for. `change_ref` makes the keys of what the change adds."""
    fields = _FIELDS[type(asked)](before, asked, change_ref)
    return before.model_copy(update={"mover": None, **fields})


def _approved(before: ClaimSnapshot, asked: Approve, change_ref: str) -> Fields:
    partly = before.assessed is not None and asked.amount < before.assessed - (before.deductible or 0)
    payment = PaymentSnapshot(
        ref=change_ref, amount=asked.amount, state=PaymentState.PREPARED, expected_date=asked.money_by
    )
    return {
        "stage": ClaimStage.DECIDED,
        "situation": None,
        "outcome": Outcome.APPROVED_PARTLY if partly else Outcome.APPROVED,
        "approved": asked.amount,
        "payments": (*before.payments, payment),
    }


def _declined(before: ClaimSnapshot, asked: Decline, change_ref: str) -> Fields:
    reason = {"reason": asked.reason, "clause": asked.clause, "document": asked.document}
    return {
        "stage": ClaimStage.DECIDED,
        "situation": None,
        "outcome": Outcome.REFUSED,
        "approved": None,
        "decision_reasons": (reason,),
    }


def _documents_asked(before: ClaimSnapshot, asked: RequestDocuments, change_ref: str) -> Fields:
    papers = tuple(
        DocumentSnapshot(
            ref=f"{change_ref}:{place}", title_ru=paper.title_ru, title_en=paper.title_en, due_date=asked.due_date
        )
        for place, paper in enumerate(asked.documents, start=1)
    )
    early = before.stage is ClaimStage.REGISTERED
    return {
        "stage": ClaimStage.COLLECTING if early else before.stage,
        "situation": Situation.DOCS_NEEDED,
        "documents": (*before.documents, *papers),
    }


def _extended(before: ClaimSnapshot, asked: Extend, change_ref: str) -> Fields:
    return {"situation": Situation.EXTENDED_CHECK, "reason": asked.reason.value, "new_date": asked.new_date}


def _closed(before: ClaimSnapshot, asked: Close, change_ref: str) -> Fields:
    outcome = asked.outcome or before.outcome
    kept = before.situation if is_decided(before.stage) and before.situation is Situation.PAYMENT_CREDITED else None
    return {"stage": ClaimStage.CLOSED, "situation": kept, "outcome": outcome}


_FIELDS: dict[type[Asked], Callable[[ClaimSnapshot, Any, str], Fields]] = {
    Approve: _approved,
    Decline: _declined,
    RequestDocuments: _documents_asked,
    Extend: _extended,
    Close: _closed,
}
