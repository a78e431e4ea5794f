"""What came of a pilot: every measure by the first arm, each difference with its interval, and whether it was fair."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from claims_core.pilots import Measure
from claims_figures import compare
from claims_figures.pilot_ledger import Person, Trial

NAME, VERSION = "pilot", 1
METHOD = "intention to treat; newcombe, bootstrap over people, kaplan-meier and log-rank"
HUNDRED = 100.0
SETTLED_BY = (7, 14, 21, 28, 35, 42, 49, 56)
# A line is compared by itself with so many people in an arm; with fewer than `compare.FEW` it says that they are few.
Pair = tuple[Sequence[Person], Sequence[Person]]


def numbers_of(trial: Trial, people: Sequence[Person]) -> dict[str, Any]:
    """All that the page of a pilot shows. Rates are of 100 open claim-weeks, shares between 0 and 1, days are days.

    `differences` are of each further arm from the first, in the order of the arms.
    """
    groups = [[person for person in people if person.arm == arm] for arm in trial.arms]
    measures = {measure.value: _measure(measure, groups) for measure in Measure}
    lines = sorted({person.line for person in people})
    return {
        "arms": [_arm(arm, group) for arm, group in zip(trial.arms, groups, strict=True)],
        "main": trial.main_measure.value,
        "measures": measures,
        "compared": sum(each is not None for measure in measures.values() for each in measure["differences"]),
        "lines": [_line(trial, line, groups) for line in lines],
        "settled": {"days": SETTLED_BY, "arms": [compare.ended_by(_settling(group), SETTLED_BY) for group in groups]},
        "fair": _fair(trial, groups, lines),
        "more_needed": _more_needed(trial, groups),
    }


def _arm(arm: str, group: Sequence[Person]) -> dict[str, Any]:
    return {
        "arm": arm,
        "people": len(group),
        "weeks": round(sum(person.weeks for person in group), 1),
        "messages": sum(person.messages for person in group),
        "crossed": sum(person.crossed for person in group),
        "gone": sum(person.gone for person in group),
        "silent": _answers(group),
    }


def _measure(measure: Measure, groups: Sequence[Sequence[Person]]) -> dict[str, Any]:
    values, differ = HOW[measure]
    first, *others = groups
    return {
        "values": [values(group) for group in groups],
        "differences": [differ((first, other)) for other in others],
    }


def _line(trial: Trial, line: str, groups: Sequence[Sequence[Person]]) -> dict[str, Any]:
    its = [[person for person in group if person.line == line] for group in groups]
    return {
        "line": line,
        "people": [len(group) for group in its],
        "small": min(len(group) for group in its) < compare.FEW,
        **_measure(trial.main_measure, its),
    }


def _fair(trial: Trial, groups: Sequence[Sequence[Person]], lines: Sequence[str]) -> dict[str, Any]:
    answers = [_answers(group) for group in groups]
    return {
        "sample_ratio": compare.sample_ratio([len(group) for group in groups], trial.weights),
        "balance": compare.balance([[sum(p.line == line for p in group) for group in groups] for line in lines]),
        "crossed": sum(person.crossed for group in groups for person in group),
        "asked": sum(each["asked"] for each in answers),
        "answered": sum(each["answered"] for each in answers),
    }


def _more_needed(trial: Trial, groups: Sequence[Sequence[Person]]) -> int | None:
    """How many more people the smallest useful difference wants, by what is known now of the first arm."""
    if trial.main_measure not in (Measure.CALLS, Measure.CONTACTS) or len(groups[0]) < compare.FEWEST:
        return None
    each = np.array([getattr(person, trial.main_measure.value) for person in groups[0]])
    needed = compare.people_needed(float(each.mean()), float(each.std(ddof=1)), trial.smallest)
    return None if needed is None else sum(max(0, needed - len(group)) for group in groups)


def _rates(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def table(group: Sequence[Person]) -> Any:
        return np.array([[HUNDRED * getattr(each, name), each.weeks] for each in group], dtype=float).reshape(-1, 2)

    def value(group: Sequence[Person]) -> float | None:
        weeks = sum(each.weeks for each in group)
        return HUNDRED * sum(getattr(each, name) for each in group) / weeks if weeks > 0 else None

    return value, lambda pair: _stored(compare.of_rates(table(pair[0]), table(pair[1])))


def _share(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def value(group: Sequence[Person]) -> float | None:
        return sum(getattr(each, name) for each in group) / len(group) if group else None

    def counts(group: Sequence[Person]) -> tuple[int, int]:
        return sum(getattr(each, name) for each in group), len(group)

    return value, lambda pair: _stored(compare.of_shares(counts(pair[0]), counts(pair[1])))


def _days(days: str, over: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def table(group: Sequence[Person]) -> Any:
        rows = [[getattr(each, days), getattr(each, over)] for each in group if getattr(each, days) is not None]
        return np.array(rows, dtype=float).reshape(-1, 2)

    def value(group: Sequence[Person]) -> float | None:
        rows = table(group)
        return compare.median_days(rows) if len(rows) >= compare.FEWEST else None

    return value, lambda pair: compare.of_days(table(pair[0]), table(pair[1]))


def _settling(group: Sequence[Person]) -> Any:
    rows = [[each.settle_days, each.settled] for each in group if each.settle_days is not None]
    return np.array(rows, dtype=float).reshape(-1, 2)


def _cost() -> tuple[Callable[..., Any], Callable[..., Any]]:
    def table(group: Sequence[Person]) -> Any:
        return np.array([[each.cost or 0.0, 1.0] for each in group], dtype=float).reshape(-1, 2)

    def value(group: Sequence[Person]) -> float | None:
        return sum(each.cost or 0.0 for each in group) / len(group) if group else None

    return value, lambda pair: _stored(compare.of_rates(table(pair[0]), table(pair[1])))


def _answers(group: Sequence[Person]) -> dict[str, int]:
    return {name: sum(getattr(each, name) for each in group) for name in ("asked", "answered", "happy")}


def _clear() -> tuple[Callable[..., Any], Callable[..., Any]]:
    def value(group: Sequence[Person]) -> float | None:
        answers = _answers(group)
        return answers["happy"] / answers["answered"] if answers["answered"] else None

    return value, lambda pair: _stored(compare.of_answers(_answers(pair[0]), _answers(pair[1])))


def _stored(difference: compare.Difference | None) -> dict[str, Any] | None:
    return difference.as_numbers() if difference else None


# How each measure is said of one arm, and how two arms are compared.
HOW: dict[Measure, tuple[Callable[..., Any], Callable[..., Any]]] = {
    Measure.CALLS: _rates("calls"),
    Measure.CONTACTS: _rates("contacts"),
    Measure.REPEATED: _share("repeated"),
    Measure.CLEAR: _clear(),
    Measure.OPT_OUTS: _share("opted_out"),
    Measure.COMPLAINTS: _share("complained"),
    Measure.DOCUMENT_DAYS: _days("document_days", "document_came"),
    Measure.SETTLE_DAYS: _days("settle_days", "settled"),
    Measure.COST: _cost(),
}
