"""Two groups of people side by side: a difference with its 95 % interval. The methods are those of the libraries.

Differences are the second group minus the first. None is what cannot be said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import confint_proportions_2indep

# Fewer people than this in a group, and nothing is compared; fewer than that, and it is said that they are few.
FEWEST, FEW = 30, 100
LEVEL, POWER = 0.05, 0.8
# Enough for two figures of an interval's end; the same draws each night, so that no figure moves without news.
RESAMPLES, SEED, AT_ONCE = 1_000, 20_260_601, 100


class Reading(StrEnum):
    """What an interval says of a difference."""

    MORE = "more"
    LESS = "less"
    CLOSE = "close"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference, the ends of its interval, and what may be said of it: nothing but what the interval says."""

    difference: float
    low: float
    high: float
    reading: Reading

    def as_numbers(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


def read(low: float, high: float) -> Reading:
    """More or less only where the whole interval lies on one side of nothing."""
    if low > 0:
        return Reading.MORE
    return Reading.LESS if high < 0 else Reading.CLOSE


def of_shares(first: tuple[int, int], second: tuple[int, int]) -> Difference | None:
    """Two shares, each as how many of how many: Newcombe's interval (method 10, from two Wilson intervals)."""
    if min(first[1], second[1]) < FEWEST:
        return None
    low, high = confint_proportions_2indep(second[0], second[1], first[0], first[1], method="newcomb", alpha=LEVEL)
    low, high = float(low), float(high)
    return Difference(second[0] / second[1] - first[0] / first[1], low, high, read(low, high))


def of_rates(first: NDArray[Any], second: NDArray[Any]) -> Difference | None:
    """Two rates: each row a person, how often and how long. A bootstrap over people, for one calls ten times.

    None with too few people, and where next to nothing happened: resampling cannot show what it never saw.
    """
    happened = [int(np.count_nonzero(group[:, 0])) if len(group) else 0 for group in (first, second)]
    if min(len(first), len(second)) < FEWEST or sum(happened) < FEWEST / 3:
        return None
    if not (first[:, 1].sum() > 0 and second[:, 1].sum() > 0):
        return None

    def difference(here: NDArray[Any], there: NDArray[Any], axis: int = -1) -> Any:
        return _rate(second, there) - _rate(first, here)

    found = stats.bootstrap(
        (np.arange(len(first)), np.arange(len(second))),
        difference,
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=AT_ONCE,
        confidence_level=1 - LEVEL,
        method="percentile",
        rng=np.random.default_rng(SEED),
    )
    low, high = float(found.confidence_interval.low), float(found.confidence_interval.high)
    between = float(second[:, 0].sum() / second[:, 1].sum() - first[:, 0].sum() / first[:, 1].sum())
    return Difference(between, low, high, read(low, high))


def _rate(group: NDArray[Any], who: NDArray[Any]) -> Any:
    drawn = group[who.astype(int)]
    return drawn[..., 0].sum(axis=-1) / np.maximum(drawn[..., 1].sum(axis=-1), 1e-9)


def of_days(first: NDArray[Any], second: NDArray[Any]) -> dict[str, Any] | None:
    """Two waits: each row a person, days and whether it was over. Kaplan–Meier medians and a log-rank test."""
    if min(len(first), len(second)) < FEWEST or not (first[:, 1].any() and second[:, 1].any()):
        return None
    both = np.concatenate([first, second])
    group = np.repeat([0, 1], [len(first), len(second)])
    _, p = survdiff(both[:, 0], both[:, 1], group)
    medians = [median_days(each) for each in (first, second)]
    reading = Reading.CLOSE
    if p < LEVEL and None not in medians and medians[0] != medians[1]:
        reading = Reading.MORE if medians[1] > medians[0] else Reading.LESS  # type: ignore[operator]
    return {"medians": medians, "p": float(p), "reading": reading}


def median_days(group: NDArray[Any]) -> float | None:
    """By when half are over, those who still wait among them; None where so many never were."""
    if not group[:, 1].any():
        return None
    found = float(SurvfuncRight(group[:, 0], group[:, 1]).quantile(0.5))
    return None if np.isnan(found) else found


def ended_by(group: NDArray[Any], days: Sequence[int]) -> list[float | None]:
    """The share of a wait that is over by each of these days (Kaplan–Meier); None beyond what anybody was watched."""
    if len(group) < FEWEST or not group[:, 1].any():
        return [None] * len(days)
    curve, watched = SurvfuncRight(group[:, 0], group[:, 1]), float(group[:, 0].max())
    steps = [int(np.searchsorted(curve.surv_times, day, side="right")) for day in days]
    left = [float(curve.surv_prob[step - 1]) if step else 1.0 for step in steps]
    return [1 - each if day <= watched else None for day, each in zip(days, left, strict=True)]


def of_answers(first: Mapping[str, int], second: Mapping[str, int]) -> Difference | None:
    """Two shares of a survey (`asked`, `answered`, `happy`). Had all who were silent been unhappy, or all happy, and
    were the difference another one then, nobody can tell."""
    seen = of_shares((first["happy"], first["answered"]), (second["happy"], second["answered"]))
    if seen is None:
        return None
    worst = [each["happy"] / each["asked"] for each in (first, second)]
    best = [1 - (each["answered"] - each["happy"]) / each["asked"] for each in (first, second)]
    signs = {np.sign(round(after - before, 12)) for before, after in (worst, best)} | {np.sign(seen.difference)}
    if seen.reading is not Reading.CLOSE and len(signs) > 1:
        return Difference(seen.difference, seen.low, seen.high, Reading.CANNOT_TELL)
    return seen


def sample_ratio(people: Sequence[int], weights: Sequence[int]) -> float | None:
    """How likely groups of these sizes are by the weights (chi-square); None while there is nobody."""
    if not sum(people):
        return None
    expected = [sum(people) * weight / sum(weights) for weight in weights]
    return float(stats.chisquare(people, expected).pvalue)


def balance(table: Sequence[Sequence[int]]) -> float | None:
    """How likely it is that groups drawn by chance differ so much in their lines; a row a line, a column a group."""
    rows = np.array([row for row in table if sum(row)])
    if len(rows) < 2 or not rows.sum(axis=0).all():
        return None
    return float(stats.chi2_contingency(rows).pvalue)


def people_needed(mean: float, spread: float, smallest: float) -> int | None:
    """People in each of two groups to see a change of `smallest`, a part of `mean`, in four of five pilots."""
    if mean <= 0 or spread <= 0:
        return None
    needed = NormalIndPower().solve_power(effect_size=smallest * mean / spread, alpha=LEVEL, power=POWER, ratio=1)
    return int(np.ceil(float(np.squeeze(needed))))
