"""Pilots whose truth is known: people drawn by a seed, who call as people do, a few of them very often."""

import numpy as np

from claims_figures.pilot_ledger import Person

WEEKS = 5.0  # of an open claim, on average
HAPPY = 0.6


def people(
    rng: np.random.Generator, arm: str, n: int, *, calls: float, opted_out: float = 0.02, answers: float = 0.4
) -> list[Person]:
    """`n` people of an arm with `calls` calls in an open claim-week, of whom these shares stop texts and answer."""
    weeks = rng.uniform(2, 2 * WEEKS - 2, n)
    # Gamma and Poisson: a negative binomial. Some people call ten times, and most never.
    eager = rng.gamma(0.8, 1 / 0.8, n)
    counts = rng.poisson(calls * weeks * eager)
    stops, asked = rng.random(n) < opted_out, rng.random(n) < answers
    happy, took = rng.random(n) < HAPPY, rng.exponential(14, n)
    line = np.where(np.arange(n) % 2 == 0, "motor", "property")
    return [
        Person(
            arm=arm, line=str(line[i]), crossed=i % 20 == 0, gone=False, weeks=float(weeks[i]), calls=int(counts[i]),
            contacts=int(counts[i]) + 1, repeated=bool(counts[i] > 2), opted_out=bool(stops[i]), complained=i % 50 == 0,
            messages=3, cost=12.6, asked=1, answered=int(asked[i]), happy=int(asked[i] and happy[i]),
            document_days=float(took[i]) / 2, document_came=True, settle_days=min(28.0, float(took[i])),
            settled=bool(took[i] < 28),
        )
        for i in range(n)
    ]  # fmt: skip
