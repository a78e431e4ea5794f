"""The facts worth telling, in the order of their weight: each comparison finds one in a transition, or None (pure)."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from claims_core.changes.step import Detail, Fact, Step, open_documents
from claims_core.deadlines import is_sooner
from claims_core.snapshot import (
    OPEN_DOCUMENTS,
    CaseEventKind,
    ClaimSnapshot,
    DocumentSnapshot,
    DocumentState,
    PaymentSnapshot,
    PaymentState,
    page_state_of,
)
from claims_core.stages import (
    STAGE_ORDER,
    ClaimStage,
    Outcome,
    PageState,
    Situation,
    is_decided,
)


def _withdrawn(step: Step) -> Fact | None:
    if step.after.outcome is not Outcome.WITHDRAWN or step.before.outcome is Outcome.WITHDRAWN:
        return None
    return step.moment, {}


def _reopened(step: Step) -> Fact | None:
    from_closed = step.before.stage is ClaimStage.CLOSED and not is_decided(step.after.stage)
    if not (from_closed or step.enters(Situation.REOPENED)):
        return None
    return step.moment, {"reason": step.after.reason}


def _payment(state: PaymentState, situation: Situation) -> Callable[[Step], Fact | None]:
    """A payment that has come into `state`, or the situation alone where the source lists no payments."""

    def find(step: Step) -> Fact | None:
        if step.after.payments:
            were = {payment.ref: payment.state for payment in step.before.payments}
            moved = [paid for paid in step.after.payments if paid.state is state and were.get(paid.ref) is not state]
            return _payment_fact(step.after, moved) if moved else None
        if not step.enters(situation):
            return None
        return step.moment, _money(step.after.approved, step.after.currency)

    return find


def _payment_fact(after: ClaimSnapshot, moved: list[PaymentSnapshot]) -> Fact:
    last = max(moved, key=lambda payment: (payment.sent_date or date.min, payment.ref))
    detail = {
        **_money(sum((payment.amount for payment in moved), Decimal(0)), after.currency),
        "date": _iso(last.sent_date),
        "expected_date": _iso(last.expected_date),
        "account_last4": last.account_last4,
    }
    return ",".join(sorted(f"{payment.ref}@{payment.sent_date}" for payment in moved)), detail


def _decided(step: Step) -> Fact | None:
    after, before = step.after, step.before
    if not is_decided(after.stage) or after.outcome is None:
        return None
    if is_decided(before.stage) and before.outcome is after.outcome:
        return None
    money = _money(after.approved, after.currency)
    return f"{after.outcome.value}:{step.moment}", {"outcome": after.outcome.value, **money}


def _unreadable(step: Step) -> Fact | None:
    moved = _documents_moved(step, {DocumentState.REJECTED})
    if not moved and not step.enters(Situation.DOCS_REJECTED_RESEND):
        return None
    return f"{_refs(moved)}:{step.moment}", {"count": len(moved) or 1, "due_date": _due(step.after)}


def _requested(step: Step) -> Fact | None:
    known = {document.ref for document in step.before.documents}
    asked = [document for document in open_documents(step.after) if document.ref not in known]
    if asked:
        return _refs(asked), {"count": len(open_documents(step.after)), "due_date": _due(step.after)}
    if not step.enters(Situation.DOCS_NEEDED):
        return None
    # A back office may ask without listing what: at least one paper is missing then.
    return step.moment, {"count": len(open_documents(step.after)) or 1, "due_date": _due(step.after)}


def _received(step: Step) -> Fact | None:
    waited = {document.ref for document in open_documents(step.before)}
    came = [paper for paper in step.after.documents if paper.ref in waited and paper.state not in OPEN_DOCUMENTS]
    if not came and not step.enters(Situation.DOCS_RECEIVED_REVIEW):
        return None
    missing = len(open_documents(step.after))
    detail: Detail = {"count": len(came), "missing": missing, "due_date": _due(step.after)}
    return f"{_refs(came)}:{step.moment}", detail


def _details(step: Step) -> Fact | None:
    return (step.moment, {}) if step.enters(Situation.BANK_DETAILS_NEEDED) else None


def _inspection(step: Step) -> Fact | None:
    moment = step.after.inspection_at
    if moment is None or moment == step.before.inspection_at:
        return None
    return moment.isoformat(), {"inspection_at": moment.isoformat()}


def _promise_moved(step: Step) -> Fact | None:
    new_date = step.after.new_date
    told_before = step.promised or step.before.new_date
    if new_date is None or new_date == told_before or page_state_of(step.after) is not PageState.EXTENDED:
        return None
    return new_date.isoformat(), {
        "date": new_date.isoformat(),
        "old_date": _iso(told_before),
        "sooner": 1 if is_sooner(new_date, told_before) else None,
        "reason": step.after.reason,
    }


def _stage(step: Step) -> Fact | None:
    if step.after.stage is step.before.stage:
        return None
    forward = STAGE_ORDER[step.after.stage] > STAGE_ORDER[step.before.stage]
    detail: Detail = {"stage": step.after.stage.value, "old_stage": step.before.stage.value, "forward": int(forward)}
    return f"{step.after.stage.value}:{step.moment}", detail


def _situation(step: Step) -> Fact | None:
    after, before = step.after, step.before
    if after.situation is before.situation and page_state_of(after) is page_state_of(before):
        return None
    name = after.situation.value if after.situation else None
    return f"{name}:{step.moment}", {"situation": name}


Headline = tuple[CaseEventKind, Callable[[Step], Fact | None]]
# The first that finds something is the headline.
HEADLINES: tuple[Headline, ...] = (
    (CaseEventKind.WITHDRAWN, _withdrawn),
    (CaseEventKind.REOPENED, _reopened),
    (CaseEventKind.PAYMENT_RETURNED, _payment(PaymentState.RETURNED, Situation.PAYMENT_RETURNED)),
    (CaseEventKind.PAYMENT_CREDITED, _payment(PaymentState.CREDITED, Situation.PAYMENT_CREDITED)),
    (CaseEventKind.PAYMENT_SENT, _payment(PaymentState.SENT, Situation.PAYMENT_SENT)),
    (CaseEventKind.DECISION_MADE, _decided),
    (CaseEventKind.DOCUMENT_UNREADABLE, _unreadable),
    (CaseEventKind.DOCUMENTS_REQUESTED, _requested),
    (CaseEventKind.DOCUMENTS_RECEIVED, _received),
    (CaseEventKind.DETAILS_NEEDED, _details),
    (CaseEventKind.INSPECTION_BOOKED, _inspection),
    (CaseEventKind.PROMISE_MOVED, _promise_moved),
    (CaseEventKind.STAGE_CHANGED, _stage),
    (CaseEventKind.SITUATION_CHANGED, _situation),
)


def _documents_moved(step: Step, states: set[DocumentState]) -> list[DocumentSnapshot]:
    were = {document.ref: document.state for document in step.before.documents}
    return [paper for paper in step.after.documents if paper.state in states and were.get(paper.ref) is not paper.state]


def _refs(documents: Iterable[DocumentSnapshot]) -> str:
    return ",".join(sorted(document.ref for document in documents))


def _due(snapshot: ClaimSnapshot) -> str | None:
    return _iso(min((paper.due_date for paper in open_documents(snapshot) if paper.due_date), default=None))


def _money(amount: Decimal | None, currency: str) -> Detail:
    return {} if amount is None else {"amount": str(amount), "currency": currency}


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
