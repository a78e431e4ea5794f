"""Waiting times with those who still wait (pure): Kaplan–Meier and Aalen–Johansen, as statsmodels computes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

STILL_OPEN = 0


class Waited(NamedTuple):
    """`claims` of them waited `days`; then they ended by `cause` (1, 2, …), or are still open (`STILL_OPEN`)."""

    days: int
    cause: int
    claims: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """The share that has ended by each day on which one did, and how long anybody was watched."""

    days: tuple[int, ...]
    ended: tuple[float, ...]
    watched: int

    def ended_by(self, day: int) -> float | None:
        """The share that has ended `day` days after the start; None where nobody was watched for so long."""
        return _at(self.days, self.ended, day) if day <= self.watched or self._is_over else None

    def days_for(self, share: float) -> int | None:
        """The first day by which `share` of all have ended; None where so many never were seen to."""
        reached = (day for day, ended in zip(self.days, self.ended, strict=True) if ended >= share - 1e-12)
        return next(reached, None)

    @property
    def _is_over(self) -> bool:
        return bool(self.ended) and self.ended[-1] > 1 - 1e-12


def waiting(rows: Sequence[Waited]) -> Waiting:
    """The Kaplan–Meier estimate of how long all of them wait, those who still do among them."""
    watched = max((row.days for row in rows), default=0)
    if not any(row.cause for row in rows):
        return Waiting((), (), watched)
    curve = SurvfuncRight(
        np.array([row.days for row in rows]),
        np.array([int(row.cause != STILL_OPEN) for row in rows]),
        freq_weights=np.array([row.claims for row in rows]),
    )
    return Waiting(tuple(map(int, curve.surv_times)), tuple(float(1 - left) for left in curve.surv_prob), watched)


def ended_how(rows: Sequence[Waited], day: int) -> Mapping[int, float] | None:
    """The Aalen–Johansen share of each cause by `day`: ends that compete. None where nobody was watched so long.

    What is left to 1 is still open then. An end of one kind is no end of the watching of another: to censor it would
    count the claims that were declined as if they might still be paid.
    """
    if waiting(rows).ended_by(day) is None:
        return None
    causes = sorted({row.cause for row in rows} - {STILL_OPEN})
    if not causes:
        return {}
    place = {cause: number for number, cause in enumerate(causes, start=1)}
    curves = CumIncidenceRight(
        np.array([row.days for row in rows]),
        np.array([place.get(row.cause, 0) for row in rows]),
        freq_weights=np.array([row.claims for row in rows]),
    )
    return {cause: _at(curves.times, curve, day) for cause, curve in zip(causes, curves.cinc, strict=True)}


def _at(days: Sequence[int], values: Sequence[float], day: int) -> float:
    """The value of a step function at `day`: that of the last step by then."""
    step = int(np.searchsorted(np.asarray(days), day, side="right"))
    return float(values[step - 1]) if step else 0.0
