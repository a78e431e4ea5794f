"""The facts that a page may show and nobody is written about (pure)."""

from collections.abc import Callable
from operator import attrgetter

from claims_core.changes.step import Detail, Step
from claims_core.snapshot import CaseEventKind


def _differs(*names: str) -> Callable[[Step], Detail | None]:
    values = attrgetter(*names)
    return lambda step: {} if values(step.before) != values(step.after) else None


def _money_differs(step: Step) -> Detail | None:
    after, names = step.after, ("assessed", "deductible", "approved")
    if all(getattr(step.before, name) == getattr(after, name) for name in names):
        return None
    amounts = {name: str(getattr(after, name)) for name in names if getattr(after, name) is not None}
    return {**amounts, "currency": after.currency}


def _facts_differ(*names: str) -> Callable[[Step], Detail | None]:
    differs = _differs(*names)

    def compare(step: Step) -> Detail | None:
        # A reason that came with a new situation is part of the headline.
        other_reason = step.before.reason != step.after.reason and step.before.situation is step.after.situation
        return {} if other_reason else differs(step)

    return compare


SIDES: tuple[tuple[CaseEventKind, Callable[[Step], Detail | None]], ...] = (
    (CaseEventKind.HANDLER_CHANGED, _differs("handler_name", "team")),
    (CaseEventKind.MONEY_CHANGED, _money_differs),
    (
        CaseEventKind.FACTS_CHANGED,
        _facts_differ(
            "claim_number",
            "policy_number",
            "line_of_business",
            "product",
            "object_label",
            "loss_date",
            "reported_at",
            "inspection_place",
            "decision_reasons",
        ),
    ),
)

# What is said with the headline is not said again beside it: a decision brings its sum and its reasons.
SAID_WITH = {CaseEventKind.DECISION_MADE: frozenset({CaseEventKind.MONEY_CHANGED, CaseEventKind.FACTS_CHANGED})}
