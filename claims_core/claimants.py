"""What of a claim is whose, where others than its policyholder claim against the policy (pure).

In motor liability the policyholder caused the damage and somebody else was harmed. Each such claimant has a side of
their own: a claim by itself, part of the one that the back office has, with their own money, papers, dates and facts.
What is personal to one is nowhere in what belongs to another.
"""

from collections.abc import Sequence
from typing import Any

from claims_core.snapshot import (
    OPEN_DOCUMENTS,
    ClaimantSnapshot,
    ClaimSnapshot,
    DocumentSnapshot,
    DocumentState,
    PaymentSnapshot,
    PaymentState,
)
from claims_core.stages import (
    EXTENDED_SITUATIONS,
    REPAIR_SITUATIONS,
    ClaimStage,
    Mover,
    Outcome,
    PageState,
    Situation,
    is_decided,
)

OF_MONEY = frozenset(
    {
        Situation.PAYMENT_PREPARED,
        Situation.PAYMENT_SENT,
        Situation.PAYMENT_CREDITED,
        Situation.PAYMENT_RETURNED,
    }
)
OF_PAPERS = frozenset({Situation.DOCS_NEEDED, Situation.DOCS_RECEIVED_REVIEW, Situation.DOCS_REJECTED_RESEND})
# These are about one person: whoever is meant, a claimant without a word of their own is not told of them.
PERSONAL = (
    OF_MONEY
    | OF_PAPERS
    | REPAIR_SITUATIONS
    | {
        Situation.INSPECTION_OFFER,
        Situation.INSPECTION_BOOKED,
        Situation.INSPECTION_MISSED,
        Situation.INSPECTION_DONE,
        Situation.CHOOSE_MONEY_OR_REPAIR,
        Situation.BANK_DETAILS_NEEDED,
    }
)
# Somebody's health or objection is nobody else's business; that it takes longer is.
_SAID_NEUTRALLY = frozenset({Situation.WAITING_CLINIC, Situation.WAITING_REGISTRY, Situation.DISAGREEMENT_REVIEW})
# These were done by one person, or are of that person's policy: the claimant's own demand is still to be decided.
OF_ONE_PERSON = frozenset({Outcome.WITHDRAWN, Outcome.NO_RESPONSE, Outcome.BELOW_DEDUCTIBLE})
# These page states say how it ended for whoever is paid, repaired or refused.
SAYS_HOW_IT_ENDED = frozenset(
    {
        PageState.APPROVED,
        PageState.PARTLY,
        PageState.PAYMENT_SENT,
        PageState.PAID,
        PageState.REPAIR,
        PageState.DECLINED,
    }
)
# What their payments say, the most telling first.
_BY_MONEY = {
    PaymentState.RETURNED: Situation.PAYMENT_RETURNED,
    PaymentState.SENT: Situation.PAYMENT_SENT,
    PaymentState.PREPARED: Situation.PAYMENT_PREPARED,
    PaymentState.CREDITED: Situation.PAYMENT_CREDITED,
}
# The claim's own, equal on all sides of it. The policy, the insured thing and every sum are the policyholder's.
SHARED = (
    *("source", "source_version", "source_hash", "mapping_version", "changed_at", "claim_number", "line_of_business"),
    *("product", "country", "currency", "loss_date", "team", "handler_ref", "handler_name"),
)
_THEIRS = (
    *("object_label", "inspection_at", "inspection_place", "assessed", "approved", "decision_reasons"),
    *("payments", "documents"),
)
# Where a claim stands; of a claimant either the back office's own word, or the claim's.
PROGRESS = ("stage", "situation", "outcome", "mover", "reason", "new_date")


def part_ref(source_ref: str, claimant_ref: str) -> str:
    """The key of a claimant's side, made of the claim's key and the person's."""
    return f"{source_ref}/claimant/{claimant_ref}"


def parts_of(whole: ClaimSnapshot) -> list[ClaimSnapshot]:
    """The claimants' sides of a claim, one a person; the policyholder's own exposure is no third party's."""
    theirs = {each.person.ref: each for each in whole.claimants if each.person.ref != whole.policyholder.ref}
    return [_part(whole, claimant) for claimant in theirs.values()]


def policyholders_side(whole: ClaimSnapshot) -> ClaimSnapshot:
    """`whole` as its policyholder may read it: money that goes to a claimant, and papers asked of one, are not theirs.

    Without claimants it is the very same snapshot.
    """
    if not whole.claimants:
        return whole
    others_money = not whole.payments and any(each.payments for each in whole.claimants)
    others_papers = not whole.documents and any(each.documents for each in whole.claimants)
    if (whole.situation in OF_MONEY and others_money) or (whole.situation in OF_PAPERS and others_papers):
        return whole.model_copy(update={"situation": None, "mover": None})
    return whole


def going_with(
    whole: ClaimSnapshot, payments: Sequence[PaymentSnapshot], documents: Sequence[DocumentSnapshot]
) -> dict[str, Any]:
    """Where a claimant stands who goes with the claim: its stage and outcome, and a situation that is theirs too."""
    is_open = whole.outcome in OF_ONE_PERSON
    stage = ClaimStage.DECIDING if is_open and is_decided(whole.stage) else whole.stage
    situation = _situation(whole.situation, stage, payments, documents)
    same = situation is not None and situation is whole.situation
    return {
        "stage": stage,
        "situation": situation,
        "outcome": None if is_open else whole.outcome,
        "mover": whole.mover if same and whole.mover is not Mover.POLICYHOLDER else None,
        "reason": whole.reason if same else None,
        "new_date": whole.new_date if situation in EXTENDED_SITUATIONS else None,
    }


def goes_with(part: ClaimSnapshot, whole: ClaimSnapshot) -> bool:
    """Does this claimant stand just where the claim does? Then its next step is theirs too."""
    expected = going_with(whole, part.payments, part.documents)
    return all(getattr(part, name) == expected[name] for name in ("stage", "situation", "outcome"))


def _part(whole: ClaimSnapshot, claimant: ClaimantSnapshot) -> ClaimSnapshot:
    own_word = {name: getattr(claimant, name, None) for name in PROGRESS}
    progress = own_word if claimant.stage else going_with(whole, claimant.payments, claimant.documents)
    return ClaimSnapshot.of_checked(
        {
            **{name: getattr(whole, name) for name in SHARED},
            **{name: getattr(claimant, name) for name in _THEIRS},
            **progress,
            "source_ref": part_ref(whole.source_ref, claimant.person.ref),
            "merged_into": part_ref(whole.merged_into, claimant.person.ref) if whole.merged_into else None,
            "reported_at": claimant.reported_at or whole.reported_at,
            "documents_complete_at": claimant.documents_complete_at or whole.documents_complete_at,
            "policyholder": claimant.person,
        }
    )


def _situation(
    said: Situation | None,
    stage: ClaimStage,
    payments: Sequence[PaymentSnapshot],
    documents: Sequence[DocumentSnapshot],
) -> Situation | None:
    states = {payment.state for payment in payments}
    missing = {paper.state for paper in documents if paper.state in OPEN_DOCUMENTS}
    if is_decided(stage) and states:
        return next(situation for state, situation in _BY_MONEY.items() if state in states)
    if missing and not is_decided(stage):
        rejected = DocumentState.REJECTED in missing
        return Situation.DOCS_REJECTED_RESEND if rejected else Situation.DOCS_NEEDED
    if said in _SAID_NEUTRALLY:
        return Situation.EXTENDED_CHECK
    return None if said in PERSONAL else said
