"""What a handler asks for travels through the table and comes back the same."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from claims_core.requested import (
    ASKED_BY,
    Approve,
    AskedDocument,
    ChangeAction,
    Close,
    Decline,
    Extend,
    ExtensionReason,
    RequestDocuments,
    asked_for,
    to_values,
)
from claims_core.stages import Outcome

SAMPLES = {
    ChangeAction.APPROVE: Approve(amount=Decimal("174300.00"), money_by=date(2026, 6, 9)),
    ChangeAction.DECLINE: Decline(reason="The policy does not cover tyres", clause="4.2", document="Inspection report"),
    ChangeAction.REQUEST_DOCUMENTS: RequestDocuments(
        documents=(AskedDocument(title_ru="Справка", title_en="Certificate"),), due_date=date(2026, 6, 9)
    ),
    ChangeAction.EXTEND: Extend(reason=ExtensionReason.POLICE_PAPERS, new_date=date(2026, 6, 19)),
    ChangeAction.CLOSE: Close(outcome=Outcome.WITHDRAWN),
}


def test_every_action_says_what_it_asks_for():
    assert set(ASKED_BY) == set(SAMPLES) == set(ChangeAction)


@pytest.mark.parametrize("action", list(ChangeAction))
def test_what_was_asked_comes_back_the_same(action):
    assert asked_for(action, to_values(SAMPLES[action])) == SAMPLES[action]


@given(action=st.sampled_from(list(ChangeAction)), key=st.text(min_size=1, max_size=20))
def test_values_nobody_asked_for_are_refused(action, key):
    values = to_values(SAMPLES[action])
    if key not in values:
        with pytest.raises(ValidationError):
            asked_for(action, {**values, key: "1"})


@pytest.mark.parametrize("amount", ["0", "-1", "1.234", "NaN", "1e15"])
def test_a_sum_that_cannot_be_paid_is_refused(amount):
    with pytest.raises(ValidationError):
        asked_for(ChangeAction.APPROVE, {"amount": amount, "money_by": "2026-06-09"})
