"""What changed between two moments of a claim that its policyholder can see (pure).

A transition yields at most one headline, the fact worth telling, and any number of silent side facts. What only
the back office can see (versions, hashes, its own key of the handler) yields nothing.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter

from claims_core.snapshot import (
    OPEN_DOCUMENTS,
    CaseEventKind,
    Change,
    ClaimSnapshot,
    DocumentSnapshot,
    DocumentState,
    PaymentSnapshot,
    PaymentState,
    page_state_of,
)
from claims_core.stages import STAGE_ORDER, ClaimStage, Outcome, PageState, Situation, is_decided, is_expected_move

Detail = dict[str, str | int | None]
Fact = tuple[str, Detail]

# PostgreSQL indexes at most 2,704 bytes of a key; a claim may be asked for a hundred papers at once.
LONGEST_KEY = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One transition: two moments, the date that was promised before it, and the moment that names it."""

    before: ClaimSnapshot
    after: ClaimSnapshot
    promised: date | None
    moment: str

    def enters(self, situation: Situation) -> bool:
        """Is the claim in `situation` now, and was it not before?"""
        return self.after.situation is situation and self.before.situation is not situation


def changes_between(
    before: ClaimSnapshot, after: ClaimSnapshot, *, promised: date | None = None, seen_at: datetime | None = None
) -> tuple[Change, ...]:
    """The facts between two moments: one headline at most, first, then the silent side facts.

    `promised` is the decision date told so far; `seen_at` names the transition where the source dates nothing.
    An unexpected move between stages is believed and yields only a correction, which is told to nobody.
    """
    step = Step(before, after, promised, _moment(after, seen_at))
    headline = _corrected(step) or _headline(step)
    sides = (_change(kind, step.moment, detail) for kind, compare in SIDES if (detail := compare(step)) is not None)
    return (*(() if headline is None else (headline,)), *sides)


def first_facts(snapshot: ClaimSnapshot) -> tuple[Change, ...]:
    """The facts of a claim seen for the first time: that it is registered, and what else is already so."""
    blank = snapshot.model_copy(
        update={
            "stage": ClaimStage.REGISTERED,
            "situation": None,
            "outcome": None,
            "mover": None,
            "new_date": None,
            "inspection_at": None,
            "payments": (),
            "documents": (),
        }
    )
    headline = _headline(Step(blank, snapshot, None, _moment(snapshot, None)))
    registered = Change(kind=CaseEventKind.REGISTERED, fact_key=CaseEventKind.REGISTERED.value, detail={})
    if headline is None or headline.kind in (CaseEventKind.STAGE_CHANGED, CaseEventKind.SITUATION_CHANGED):
        return (registered,)
    return (registered, headline)


def open_documents(snapshot: ClaimSnapshot) -> list[DocumentSnapshot]:
    """The documents that we still wait for."""
    return [document for document in snapshot.documents if document.state in OPEN_DOCUMENTS]


def _moment(after: ClaimSnapshot, seen_at: datetime | None) -> str:
    dated = after.changed_at or (None if after.source_version else seen_at)
    return dated.isoformat() if dated else after.source_version or after.source_hash.hex()


def _change(kind: CaseEventKind, key: str, detail: Detail) -> Change:
    known = {name: value for name, value in detail.items() if value is not None}
    short = key if len(key) <= LONGEST_KEY else hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    return Change(kind=kind, fact_key=f"{kind.value}:{short}", detail=known)


def _corrected(step: Step) -> Change | None:
    if is_expected_move(step.before.stage, step.after.stage):
        return None
    detail: Detail = {"stage": step.after.stage.value, "old_stage": step.before.stage.value}
    return _change(CaseEventKind.STAGE_CORRECTED, step.moment, detail)


def _headline(step: Step) -> Change | None:
    for kind, find in HEADLINES:
        if (fact := find(step)) is not None:
            return _change(kind, *fact)
    return None


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
        were = {payment.ref: payment.state for payment in step.before.payments}
        moved = [paid for paid in step.after.payments if paid.state is state and were.get(paid.ref) is not state]
        if moved:
            return _payment_fact(step.after, moved)
        if step.after.payments or not step.enters(situation):
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
    detail: Detail = {"date": _iso(new_date), "old_date": _iso(told_before), "reason": step.after.reason}
    return new_date.isoformat(), detail


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


# The first that finds something is the headline.
HEADLINES: tuple[tuple[CaseEventKind, Callable[[Step], Fact | None]], ...] = (
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


def _differs(*names: str) -> Callable[[Step], Detail | None]:
    values = attrgetter(*names)
    return lambda step: {} if values(step.before) != values(step.after) else None


def _money_differs(step: Step) -> Detail | None:
    after, names = step.after, ("assessed", "deductible", "approved")
    if all(getattr(step.before, name) == getattr(after, name) for name in names):
        return None
    amounts = {name: str(getattr(after, name)) for name in names if getattr(after, name) is not None}
    return {**amounts, "currency": after.currency}


SIDES: tuple[tuple[CaseEventKind, Callable[[Step], Detail | None]], ...] = (
    (CaseEventKind.HANDLER_CHANGED, _differs("handler_name", "team")),
    (CaseEventKind.MONEY_CHANGED, _money_differs),
    (
        CaseEventKind.FACTS_CHANGED,
        _differs(
            "claim_number",
            "policy_number",
            "line_of_business",
            "product",
            "object_label",
            "loss_date",
            "reported_at",
            "inspection_place",
            "reason",
            "decision_reasons",
        ),
    ),
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
