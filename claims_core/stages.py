"""Stages, situations, outcomes, movers, page states: the public model of a claim, as tables and pure functions."""

from enum import StrEnum
from functools import cache


class ClaimStage(StrEnum):
    """Where the claim stands in the insurer's handling, in the order of the usual road."""

    REGISTERED = "registered"
    CHECKING = "checking"
    COLLECTING = "collecting"
    ASSESSING = "assessing"
    DECIDING = "deciding"
    DECIDED = "decided"
    FULFILLING = "fulfilling"
    CLOSED = "closed"


class Mover(StrEnum):
    """Who has to act next."""

    US = "us"
    POLICYHOLDER = "policyholder"
    THIRD_PARTY = "third_party"
    GARAGE = "garage"
    BANK = "bank"
    NOBODY = "nobody"


class Outcome(StrEnum):
    """What was decided."""

    APPROVED = "approved"
    APPROVED_PARTLY = "approved_partly"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    TRANSFERRED = "transferred"
    NO_RESPONSE = "no_response"
    BELOW_DEDUCTIBLE = "below_deductible"


class Situation(StrEnum):
    """What exactly is going on inside the stage."""

    NEW_UNASSIGNED = "new_unassigned"
    COVER_CHECK = "cover_check"
    DOCS_NEEDED = "docs_needed"
    DOCS_RECEIVED_REVIEW = "docs_received_review"
    DOCS_REJECTED_RESEND = "docs_rejected_resend"
    INSPECTION_OFFER = "inspection_offer"
    INSPECTION_BOOKED = "inspection_booked"
    INSPECTION_MISSED = "inspection_missed"
    INSPECTION_DONE = "inspection_done"
    WAITING_POLICE = "waiting_police"
    WAITING_FIRE_SERVICE = "waiting_fire_service"
    WAITING_UTILITY = "waiting_utility"
    WAITING_CLINIC = "waiting_clinic"
    WAITING_REGISTRY = "waiting_registry"
    WAITING_OTHER_INSURER = "waiting_other_insurer"
    INDEPENDENT_EXPERT = "independent_expert"
    CALCULATION = "calculation"
    EXTENDED_CHECK = "extended_check"
    DISAGREEMENT_REVIEW = "disagreement_review"
    APPROVAL = "approval"
    CHOOSE_MONEY_OR_REPAIR = "choose_money_or_repair"
    BANK_DETAILS_NEEDED = "bank_details_needed"
    BENEFICIARIES_BEING_IDENTIFIED = "beneficiaries_being_identified"
    PAYMENT_PREPARED = "payment_prepared"
    PAYMENT_SENT = "payment_sent"
    PAYMENT_CREDITED = "payment_credited"
    PAYMENT_RETURNED = "payment_returned"
    REPAIR_REFERRAL_ISSUED = "repair_referral_issued"
    REPAIR_WAITING_PARTS = "repair_waiting_parts"
    REPAIR_IN_PROGRESS = "repair_in_progress"
    REPAIR_DONE = "repair_done"
    PAUSED_BY_LAW = "paused_by_law"
    TRANSFERRED = "transferred"
    REOPENED = "reopened"


class PageState(StrEnum):
    """What a page shows: one heading, one tone, one icon."""

    REGISTERED = "registered"
    DOCS_NEEDED = "docs_needed"
    ASSESSMENT = "assessment"
    AWAITING = "awaiting"
    EXTENDED = "extended"
    APPROVED = "approved"
    PARTLY = "partly"
    PAYMENT_SENT = "payment_sent"
    PAID = "paid"
    REPAIR = "repair"
    DECLINED = "declined"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    CLOSED_OTHER = "closed_other"


class LineOfBusiness(StrEnum):
    """The kind of insurance, as far as pages and terms differ by it."""

    MOTOR = "motor"
    MOTOR_LIABILITY = "motor_liability"
    PROPERTY = "property"
    LIFE = "life"
    HEALTH = "health"
    TRAVEL = "travel"
    OTHER = "other"


MOVER_OF: dict[Situation, Mover] = {
    Situation.NEW_UNASSIGNED: Mover.US,
    Situation.COVER_CHECK: Mover.US,
    Situation.DOCS_NEEDED: Mover.POLICYHOLDER,
    Situation.DOCS_RECEIVED_REVIEW: Mover.US,
    Situation.DOCS_REJECTED_RESEND: Mover.POLICYHOLDER,
    Situation.INSPECTION_OFFER: Mover.POLICYHOLDER,
    Situation.INSPECTION_BOOKED: Mover.US,
    Situation.INSPECTION_MISSED: Mover.POLICYHOLDER,
    Situation.INSPECTION_DONE: Mover.US,
    Situation.WAITING_POLICE: Mover.THIRD_PARTY,
    Situation.WAITING_FIRE_SERVICE: Mover.THIRD_PARTY,
    Situation.WAITING_UTILITY: Mover.THIRD_PARTY,
    Situation.WAITING_CLINIC: Mover.THIRD_PARTY,
    Situation.WAITING_REGISTRY: Mover.THIRD_PARTY,
    Situation.WAITING_OTHER_INSURER: Mover.THIRD_PARTY,
    Situation.INDEPENDENT_EXPERT: Mover.THIRD_PARTY,
    Situation.CALCULATION: Mover.US,
    Situation.EXTENDED_CHECK: Mover.US,
    Situation.DISAGREEMENT_REVIEW: Mover.US,
    Situation.APPROVAL: Mover.US,
    Situation.CHOOSE_MONEY_OR_REPAIR: Mover.POLICYHOLDER,
    Situation.BANK_DETAILS_NEEDED: Mover.POLICYHOLDER,
    Situation.BENEFICIARIES_BEING_IDENTIFIED: Mover.THIRD_PARTY,
    Situation.PAYMENT_PREPARED: Mover.US,
    Situation.PAYMENT_SENT: Mover.BANK,
    Situation.PAYMENT_CREDITED: Mover.NOBODY,
    Situation.PAYMENT_RETURNED: Mover.POLICYHOLDER,
    Situation.REPAIR_REFERRAL_ISSUED: Mover.POLICYHOLDER,
    Situation.REPAIR_WAITING_PARTS: Mover.GARAGE,
    Situation.REPAIR_IN_PROGRESS: Mover.GARAGE,
    Situation.REPAIR_DONE: Mover.POLICYHOLDER,
    Situation.PAUSED_BY_LAW: Mover.THIRD_PARTY,
    Situation.TRANSFERRED: Mover.US,
    Situation.REOPENED: Mover.US,
}

EXTENDED_SITUATIONS = frozenset(
    {
        Situation.EXTENDED_CHECK,
        Situation.INDEPENDENT_EXPERT,
        Situation.DISAGREEMENT_REVIEW,
        Situation.PAUSED_BY_LAW,
        Situation.WAITING_POLICE,
        Situation.WAITING_FIRE_SERVICE,
        Situation.WAITING_UTILITY,
        Situation.WAITING_CLINIC,
        Situation.WAITING_REGISTRY,
        Situation.WAITING_OTHER_INSURER,
    }
)
REPAIR_SITUATIONS = frozenset(
    {
        Situation.REPAIR_REFERRAL_ISSUED,
        Situation.REPAIR_WAITING_PARTS,
        Situation.REPAIR_IN_PROGRESS,
        Situation.REPAIR_DONE,
    }
)
STAGE_ORDER = {stage: place for place, stage in enumerate(ClaimStage)}

_S = ClaimStage
_AHEAD = {stage: frozenset(list(_S)[place + 1 :]) for stage, place in STAGE_ORDER.items()}
EXPECTED_MOVES: dict[ClaimStage, frozenset[ClaimStage]] = {
    # Skips forward are allowed; collecting, assessing and deciding may go round; a closed claim may reopen.
    **_AHEAD,
    _S.ASSESSING: _AHEAD[_S.ASSESSING] | {_S.COLLECTING},
    _S.DECIDING: _AHEAD[_S.DECIDING] | {_S.COLLECTING, _S.ASSESSING},
    _S.CLOSED: frozenset({_S.CHECKING, _S.COLLECTING, _S.ASSESSING, _S.DECIDING}),
}

_BY_OUTCOME = {
    Outcome.APPROVED: PageState.APPROVED,
    Outcome.APPROVED_PARTLY: PageState.PARTLY,
    Outcome.REFUSED: PageState.DECLINED,
    Outcome.BELOW_DEDUCTIBLE: PageState.DECLINED,
    Outcome.DUPLICATE: PageState.CLOSED_OTHER,
    Outcome.TRANSFERRED: PageState.CLOSED_OTHER,
    Outcome.NO_RESPONSE: PageState.CLOSED_OTHER,
    Outcome.WITHDRAWN: PageState.WITHDRAWN,
    None: PageState.AWAITING,
}
_BY_STAGE = {
    ClaimStage.REGISTERED: PageState.REGISTERED,
    ClaimStage.CHECKING: PageState.REGISTERED,
    ClaimStage.COLLECTING: PageState.ASSESSMENT,
    ClaimStage.ASSESSING: PageState.ASSESSMENT,
    ClaimStage.DECIDING: PageState.AWAITING,
}


def is_decided(stage: ClaimStage) -> bool:
    """Has the decision been made?"""
    return STAGE_ORDER[stage] >= STAGE_ORDER[ClaimStage.DECIDED]


@cache
def page_state(
    stage: ClaimStage,
    situation: Situation | None,
    outcome: Outcome | None,
    *,
    mover: Mover | None = None,
    something_open: bool = False,
) -> PageState:
    """What a page shows; total, the first match of `docs/architecture.md`, "Page states", wins.

    `mover` overrides the situation's own where the back office knows better; `something_open` says that a
    payment or a request of a closed claim is still open.
    """
    mover = mover or (MOVER_OF[situation] if situation else Mover.US)
    if outcome is Outcome.WITHDRAWN:
        return PageState.WITHDRAWN
    if situation is Situation.REOPENED:
        return PageState.REOPENED
    if not is_decided(stage):
        if mover is Mover.POLICYHOLDER:
            return PageState.DOCS_NEEDED
        return PageState.EXTENDED if situation in EXTENDED_SITUATIONS else _BY_STAGE[stage]
    settled = stage is ClaimStage.CLOSED and outcome is Outcome.APPROVED and not something_open
    if situation is Situation.PAYMENT_CREDITED or settled:
        return PageState.PAID
    return _after_decision(stage, situation, outcome)


def _after_decision(stage: ClaimStage, situation: Situation | None, outcome: Outcome | None) -> PageState:
    if stage is ClaimStage.FULFILLING:
        if situation in (Situation.PAYMENT_SENT, Situation.PAYMENT_RETURNED):
            return PageState.PAYMENT_SENT
        if situation in REPAIR_SITUATIONS:
            return PageState.REPAIR
    return _BY_OUTCOME[outcome]


def is_expected_move(before: ClaimStage, after: ClaimStage) -> bool:
    """Is this a step that the journey has? Anything else is a correction: believed, and told to nobody."""
    return before is after or after in EXPECTED_MOVES[before]
