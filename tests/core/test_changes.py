"""What changed: one headline at most, silent side facts, and nothing of what only the back office sees."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_core.changes import HEADLINES, SIDES, changes_between, first_facts
from claims_core.snapshot import CaseEventKind, ClaimSnapshot, DocumentState, PaymentState, page_state_of
from claims_core.stages import ClaimStage, Mover, Outcome, Situation, is_expected_move
from tests.factories import NOON, a_document, a_payment, a_snapshot, later

K, S, Sit = CaseEventKind, ClaimStage, Situation
PAPER, PAYMENT = a_document(ref="d1"), a_payment(ref="p1")
ASKED = {"stage": S.COLLECTING, "situation": Sit.DOCS_NEEDED, "documents": (PAPER,)}
APPROVED = {
    "stage": S.DECIDED,
    "situation": None,
    "outcome": Outcome.APPROVED,
    "approved": Decimal("184300.00"),
}
MONEY = {"amount": "184300.00", "currency": "RUB"}
TRANSFER = {**MONEY, "date": "2026-06-01", "expected_date": "2026-06-04", "account_last4": "4821"}
PAYING = {**APPROVED, "stage": S.FULFILLING, "situation": Sit.PAYMENT_PREPARED}


def papers(state: str) -> tuple[Any, ...]:
    return (PAPER.model_copy(update={"state": DocumentState(state)}),)


def paid(state: str) -> tuple[Any, ...]:
    return (PAYMENT.model_copy(update={"state": PaymentState(state)}),)


HEADLINE_CASES: list[tuple[dict[str, Any], dict[str, Any], CaseEventKind, dict[str, Any]]] = [
    ({}, {"stage": S.CLOSED, "outcome": Outcome.WITHDRAWN}, K.WITHDRAWN, {}),
    (
        {**APPROVED, "stage": S.CLOSED},
        {"stage": S.ASSESSING, "situation": Sit.REOPENED, "outcome": None, "reason": "new_damage"},
        K.REOPENED,
        {"reason": "new_damage"},
    ),
    (
        {**PAYING, "payments": paid("sent")},
        {"situation": Sit.PAYMENT_RETURNED, "payments": paid("returned")},
        K.PAYMENT_RETURNED,
        {
            "amount": "184300.00",
            "currency": "RUB",
            "date": "2026-06-01",
            "expected_date": "2026-06-04",
            "account_last4": "4821",
        },
    ),
    (
        {**PAYING, "payments": paid("sent")},
        {"stage": S.CLOSED, "situation": Sit.PAYMENT_CREDITED, "payments": paid("credited")},
        K.PAYMENT_CREDITED,
        {
            "amount": "184300.00",
            "currency": "RUB",
            "date": "2026-06-01",
            "expected_date": "2026-06-04",
            "account_last4": "4821",
        },
    ),
    (
        {**PAYING, "payments": paid("prepared")},
        {"situation": Sit.PAYMENT_SENT, "payments": paid("sent")},
        K.PAYMENT_SENT,
        {
            "amount": "184300.00",
            "currency": "RUB",
            "date": "2026-06-01",
            "expected_date": "2026-06-04",
            "account_last4": "4821",
        },
    ),
    (PAYING, {"situation": Sit.PAYMENT_SENT}, K.PAYMENT_SENT, {"amount": "184300.00", "currency": "RUB"}),
    ({}, APPROVED, K.DECISION_MADE, {"outcome": "approved", "amount": "184300.00", "currency": "RUB"}),
    (
        APPROVED,
        {"outcome": Outcome.APPROVED_PARTLY},
        K.DECISION_MADE,
        {"outcome": "approved_partly", "amount": "184300.00", "currency": "RUB"},
    ),
    (ASKED, {"documents": papers("rejected")}, K.DOCUMENT_UNREADABLE, {"count": 1, "due_date": "2026-06-10"}),
    ({}, ASKED, K.DOCUMENTS_REQUESTED, {"count": 1, "due_date": "2026-06-10"}),
    ({}, {"stage": S.CHECKING, "situation": Sit.DOCS_NEEDED}, K.DOCUMENTS_REQUESTED, {"count": 1}),
    (
        ASKED,
        {"situation": Sit.DOCS_RECEIVED_REVIEW, "documents": papers("received")},
        K.DOCUMENTS_RECEIVED,
        {"count": 1, "missing": 0},
    ),
    (APPROVED, {"situation": Sit.BANK_DETAILS_NEEDED}, K.DETAILS_NEEDED, {}),
    (
        {},
        {"stage": S.COLLECTING, "situation": Sit.INSPECTION_BOOKED, "inspection_at": NOON},
        K.INSPECTION_BOOKED,
        {"inspection_at": NOON.isoformat()},
    ),
    (
        {"stage": S.CHECKING, "new_date": None},
        {"situation": Sit.EXTENDED_CHECK, "new_date": date(2026, 6, 30), "reason": "circumstances"},
        K.PROMISE_MOVED,
        {"date": "2026-06-30", "old_date": "2026-06-14", "reason": "circumstances"},
    ),
    ({}, {"stage": S.ASSESSING}, K.STAGE_CHANGED, {"stage": "assessing", "old_stage": "registered", "forward": 1}),
    (
        {"stage": S.ASSESSING},
        {"stage": S.COLLECTING},
        K.STAGE_CHANGED,
        {"stage": "collecting", "old_stage": "assessing", "forward": 0},
    ),
    ({"stage": S.CHECKING}, {"situation": Sit.COVER_CHECK}, K.SITUATION_CHANGED, {"situation": "cover_check"}),
    ({"stage": S.CHECKING}, {"mover": Mover.POLICYHOLDER}, K.SITUATION_CHANGED, {"situation": "new_unassigned"}),
]


@pytest.mark.parametrize(("before", "change", "kind", "detail"), HEADLINE_CASES)
def test_a_transition_has_one_headline(
    before: dict[str, Any], change: dict[str, Any], kind: CaseEventKind, detail: dict[str, Any]
) -> None:
    first = a_snapshot(**before)
    found, *sides = changes_between(first, later(first, **change), promised=date(2026, 6, 14))
    assert (found.kind, found.detail) == (kind, detail)
    assert {side.kind for side in sides} <= {side for side, _ in SIDES}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"handler_name": "Олег Титов"}, K.HANDLER_CHANGED),
        ({"assessed": Decimal("210000")}, K.MONEY_CHANGED),
        ({"object_label": "Kia Ceed"}, K.FACTS_CHANGED),
        ({"claim_number": "2041-9999"}, K.FACTS_CHANGED),
    ],
)
def test_what_is_worth_no_message_is_a_silent_fact(change: dict[str, Any], kind: CaseEventKind) -> None:
    first = a_snapshot()
    assert [found.kind for found in changes_between(first, later(first, **change))] == [kind]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"handler_ref": "h-99"},
        {"source_version": "17", "mapping_version": 3, "changed_at": NOON},
        {"payments": paid("prepared")},
    ],
)
def test_what_only_the_back_office_sees_is_no_fact(change: dict[str, Any]) -> None:
    first = a_snapshot()
    assert changes_between(first, later(first, **change)) == ()


def test_an_unexpected_move_is_a_correction_whatever_came_with_it() -> None:
    first = a_snapshot(**APPROVED)
    found = changes_between(first, later(first, stage=S.CHECKING, outcome=None, documents=(PAPER,)))
    assert [change.kind for change in found] == [K.STAGE_CORRECTED]


def test_first_sight_tells_the_latest_fact_and_keeps_the_registration() -> None:
    assert [fact.kind for fact in first_facts(a_snapshot(stage=S.ASSESSING))] == [K.REGISTERED]
    assert [fact.kind for fact in first_facts(a_snapshot(**ASKED))] == [K.REGISTERED, K.DOCUMENTS_REQUESTED]
    assert [fact.kind for fact in first_facts(a_snapshot(**APPROVED))] == [K.REGISTERED, K.DECISION_MADE]


def test_the_same_fact_has_the_same_key_whenever_it_is_seen() -> None:
    first = a_snapshot(**{**PAYING, "payments": paid("prepared")})
    seen = [
        changes_between(first, later(first, payments=paid("sent"), changed_at=NOON + timedelta(hours=hour)))[0]
        for hour in (0, 5)
    ]
    assert seen[0].fact_key == seen[1].fact_key == "payment_sent:p1@2026-06-01"


def test_a_hundred_papers_still_make_a_key_that_fits_an_index() -> None:
    first = a_snapshot()
    many = tuple(a_document(ref=f"activity-{number:08}") for number in range(100))
    (found,) = changes_between(first, later(first, documents=many))
    assert len(found.fact_key) < 100


snapshots = st.builds(
    lambda **values: a_snapshot(source_ref="same", policyholder=PERSON, **values),
    stage=st.sampled_from(ClaimStage),
    situation=st.none() | st.sampled_from(Situation),
    outcome=st.none() | st.sampled_from(Outcome),
    mover=st.none() | st.sampled_from(Mover),
    payments=st.just(()) | st.sampled_from(PaymentState).map(lambda state: paid(state.value)),
    documents=st.just(()) | st.sampled_from(DocumentState).map(lambda state: papers(state.value)),
    new_date=st.none() | st.just(date(2026, 6, 30)),
    inspection_at=st.none() | st.just(NOON),
    handler_name=st.sampled_from(["Марина Орлова", "Олег Титов"]),
    approved=st.none() | st.just(Decimal("100")),
)
PERSON = a_snapshot().policyholder
QUIET = {kind for kind, _ in SIDES} | {K.STAGE_CHANGED, K.SITUATION_CHANGED}
HEADLINE_KINDS = {kind for kind, _ in HEADLINES} | {K.STAGE_CORRECTED}


@given(before=snapshots, after=snapshots)
def test_at_most_one_headline_and_it_comes_first(before: ClaimSnapshot, after: ClaimSnapshot) -> None:
    found = changes_between(before, after)
    headlines = [change.kind for change in found if change.kind in HEADLINE_KINDS]
    assert len(headlines) <= 1
    assert not headlines or found[0].kind in HEADLINE_KINDS
    assert (K.STAGE_CORRECTED in headlines) == (not is_expected_move(before.stage, after.stage))
    assert len({change.fact_key for change in found}) == len(found)


@given(snapshot=snapshots)
def test_nothing_changes_between_a_moment_and_itself(snapshot: ClaimSnapshot) -> None:
    assert changes_between(snapshot, snapshot) == ()


@given(before=snapshots, after=snapshots)
def test_what_a_page_heads_never_changes_without_a_fact(before: ClaimSnapshot, after: ClaimSnapshot) -> None:
    if page_state_of(before) is not page_state_of(after):
        assert changes_between(before, after)


@given(snapshot=snapshots)
def test_first_sight_is_the_registration_and_one_more_fact_at_most(snapshot: ClaimSnapshot) -> None:
    facts = first_facts(snapshot)
    blank = a_snapshot(source_ref="same", policyholder=PERSON, situation=None)
    headline = changes_between(blank, snapshot)[:1] if is_expected_move(S.REGISTERED, snapshot.stage) else ()
    news = [change.kind for change in headline if change.kind not in QUIET]
    assert [fact.kind for fact in facts] == [K.REGISTERED, *news]
