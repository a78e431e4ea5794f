"""What a page shows follows from stage, situation, outcome and mover alone, for each of their combinations."""

from itertools import product

import pytest

from claims_core.stages import (
    EXPECTED_MOVES,
    EXTENDED_SITUATIONS,
    MOVER_OF,
    ClaimStage,
    Mover,
    Outcome,
    PageState,
    Situation,
    is_decided,
    is_expected_move,
    page_state,
)

S, Sit, Out, Page = ClaimStage, Situation, Outcome, PageState
EVERYTHING = list(product(ClaimStage, [None, *Situation], [None, *Outcome], [None, *Mover], [False, True]))


def test_every_situation_has_its_mover_and_every_stage_its_moves() -> None:
    assert set(MOVER_OF) == set(Situation)
    assert set(EXPECTED_MOVES) == set(ClaimStage)


def test_the_page_state_is_total_and_the_first_match_wins() -> None:
    for stage, situation, outcome, mover, something_open in EVERYTHING:
        shown = page_state(stage, situation, outcome, mover=mover, something_open=something_open)
        moves = mover or (MOVER_OF[situation] if situation else Mover.US)
        if outcome is Out.WITHDRAWN:
            assert shown is Page.WITHDRAWN
        elif situation is Sit.REOPENED:
            assert shown is Page.REOPENED
        elif not is_decided(stage):
            if moves is Mover.POLICYHOLDER:
                assert shown is Page.DOCS_NEEDED
            elif situation in EXTENDED_SITUATIONS:
                assert shown is Page.EXTENDED
            else:
                assert shown in {Page.REGISTERED, Page.ASSESSMENT, Page.AWAITING}
        elif situation is Sit.PAYMENT_CREDITED:
            assert shown is Page.PAID
        else:
            assert shown not in {Page.REGISTERED, Page.ASSESSMENT, Page.EXTENDED, Page.DOCS_NEEDED}


@pytest.mark.parametrize(
    ("stage", "situation", "outcome", "something_open", "shown"),
    [
        (S.REGISTERED, Sit.NEW_UNASSIGNED, None, False, Page.REGISTERED),
        (S.CHECKING, Sit.COVER_CHECK, None, False, Page.REGISTERED),
        (S.COLLECTING, Sit.INSPECTION_BOOKED, None, False, Page.ASSESSMENT),
        (S.ASSESSING, Sit.CALCULATION, None, False, Page.ASSESSMENT),
        (S.DECIDING, Sit.APPROVAL, None, False, Page.AWAITING),
        (S.DECIDED, None, None, False, Page.AWAITING),
        (S.DECIDED, None, Out.APPROVED_PARTLY, False, Page.PARTLY),
        (S.DECIDED, Sit.BANK_DETAILS_NEEDED, Out.APPROVED, False, Page.APPROVED),
        (S.FULFILLING, Sit.PAYMENT_PREPARED, Out.APPROVED, False, Page.APPROVED),
        (S.FULFILLING, Sit.PAYMENT_SENT, Out.APPROVED_PARTLY, False, Page.PAYMENT_SENT),
        (S.FULFILLING, Sit.PAYMENT_RETURNED, Out.APPROVED, False, Page.PAYMENT_SENT),
        (S.FULFILLING, Sit.REPAIR_WAITING_PARTS, Out.APPROVED, False, Page.REPAIR),
        (S.CLOSED, None, Out.APPROVED, False, Page.PAID),
        (S.CLOSED, None, Out.APPROVED, True, Page.APPROVED),
        (S.CLOSED, None, Out.BELOW_DEDUCTIBLE, False, Page.DECLINED),
        (S.CLOSED, None, Out.NO_RESPONSE, False, Page.CLOSED_OTHER),
    ],
)
def test_the_page_state_of_usual_moments(
    stage: ClaimStage, situation: Situation | None, outcome: Outcome | None, something_open: bool, shown: PageState
) -> None:
    assert page_state(stage, situation, outcome, something_open=something_open) is shown


def test_a_claim_goes_forward_round_the_middle_and_open_again() -> None:
    assert is_expected_move(S.REGISTERED, S.CLOSED)
    assert is_expected_move(S.DECIDING, S.COLLECTING)
    assert is_expected_move(S.CLOSED, S.CHECKING)
    assert not is_expected_move(S.CLOSED, S.REGISTERED)
    assert not is_expected_move(S.DECIDED, S.ASSESSING)
