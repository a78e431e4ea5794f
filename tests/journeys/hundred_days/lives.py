"""Lives of claims: when a back office moves each of them, and what it says then (pure, but for chance)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from claims_core.snapshot import ClaimSnapshot, DocumentState, PaymentState
from claims_core.stages import ClaimStage, Outcome, Situation
from tests.factories import a_document, a_payment, a_person, a_snapshot, later

Changes = dict[str, Any]
# Where a claim goes next and how many days it rests there, in the mean. Half of all claims stray once.
_USUAL: tuple[tuple[float, Changes], ...] = (
    (2, {"stage": ClaimStage.CHECKING, "situation": Situation.COVER_CHECK}),
    (9, {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED}),
    (4, {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_RECEIVED_REVIEW}),
    (8, {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}),
    (7, {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL}),
)
_STRAYS: tuple[tuple[float, Changes], ...] = (
    (12, {"situation": Situation.WAITING_POLICE}),
    (40, {"situation": Situation.INDEPENDENT_EXPERT}),
    (20, {"situation": Situation.EXTENDED_CHECK, "reason": "circumstances"}),
    (6, {"situation": Situation.DISAGREEMENT_REVIEW}),
)
_REFUSED: tuple[tuple[float, Changes], ...] = (
    (5, {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.REFUSED}),
    (0, {"stage": ClaimStage.CLOSED}),
)
_PAID: tuple[tuple[float, Changes], ...] = (
    (3, {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.APPROVED, "approved": "184300.00"}),
    (3, {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_PREPARED}),
    (3, {"situation": Situation.PAYMENT_SENT}),
    (0, {"stage": ClaimStage.CLOSED, "situation": Situation.PAYMENT_CREDITED}),
)
_SLOW = 0.2  # of all claims, rest five times as long everywhere


@dataclass
class Life:
    """One claim: what its back office says now, when it speaks next, and what it says then."""

    says: ClaimSnapshot
    moves_at: datetime
    road: Iterator[tuple[timedelta, Changes]] = field(repr=False)

    def move(self) -> ClaimSnapshot:
        """The next step of its road; after the last there is none for a century."""
        rest, changes = next(self.road, (timedelta(days=36_500), {}))
        self.moves_at += rest
        if changes:
            self.says = later(self.says, **_with_parts(self.says, changes, self.moves_at.date()))
        return self.says


def lives(count: int, *, chance: random.Random, start: datetime, within: timedelta) -> list[Life]:
    """`count` claims, registered at some moment between `start` and `within` after it."""
    return [_a_life(chance, start + within * chance.random()) for _ in range(count)]


def _a_life(chance: random.Random, registered_at: datetime) -> Life:
    pace = 5.0 if chance.random() < _SLOW else 1.0
    steps = list(_USUAL)
    if chance.random() < 0.5:
        place = chance.randint(3, len(steps))
        stray = chance.choice(_STRAYS)
        steps.insert(place, (stray[0], {"stage": ClaimStage.ASSESSING, **stray[1]}))
    steps += _REFUSED if chance.random() < 0.15 else _PAID
    road = ((timedelta(days=pace * chance.expovariate(1 / max(rest, 0.5))), dict(changes)) for rest, changes in steps)
    # What is beyond the cap of a claim goes by letter.
    person = a_person(email=f"p{registered_at.timestamp():.0f}@mail.example")
    first = a_snapshot(
        reported_at=registered_at, stage=ClaimStage.REGISTERED, loss_date=registered_at.date(), policyholder=person
    )
    return Life(first, registered_at, road)


def _with_parts(before: ClaimSnapshot, changes: Changes, today: date) -> Changes:
    """What comes with a step: papers that are asked for and arrive, money that leaves and is credited."""
    match changes.get("situation"):
        case Situation.DOCS_NEEDED:
            return {**changes, "documents": (a_document(due_date=today + timedelta(days=14)),)}
        case Situation.DOCS_RECEIVED_REVIEW:
            came = tuple(paper.model_copy(update={"state": DocumentState.ACCEPTED}) for paper in before.documents)
            return {**changes, "documents": came}
        case Situation.PAYMENT_SENT:
            return {**changes, "payments": (a_payment(sent_date=today, expected_date=today + timedelta(days=3)),)}
        case Situation.PAYMENT_CREDITED:
            done = tuple(paid.model_copy(update={"state": PaymentState.CREDITED}) for paid in before.payments)
            return {**changes, "payments": done}
    return changes
