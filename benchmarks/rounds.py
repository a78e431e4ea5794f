"""Rounds of runs in turn, and what they come to: the ratio of two of them with its lowest and its highest."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

# A peer that is not installed says so with this code and is reported, not failed.
NOT_INSTALLED = 77
LONGEST_RUN = 600


class NotInstalled(Exception):
    """The peer's packages are not here (`uv sync --group bench`)."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How much of `against` the product reaches, over the rounds; None where the peer is not installed."""

    name: str
    against: str
    ratio: float | None
    low: float | None
    high: float | None
    goal: float

    def line(self) -> str:
        """For people."""
        if self.ratio is None:
            return f"{self.name:<28} {self.against} is not installed (dependency group `bench`)"
        verdict = "reached" if self.ratio >= self.goal else "missed"
        return f"{self.name:<28} {self.ratio:7.2f}  ({self.low:.2f} to {self.high:.2f})  goal {self.goal:g}: {verdict}"

    def json(self) -> str:
        """For programs."""
        return json.dumps(asdict(self))


def ratio(name: str, mine: Sequence[float], theirs: Sequence[float] | None, *, against: str, goal: float) -> Ratio:
    """The median of the ratios round by round: what the machine did meanwhile, it did to both."""
    if theirs is None:
        return Ratio(name, against, None, None, None, goal)
    each = [one / other for one, other in zip(mine, theirs, strict=True)]
    return Ratio(name, against, round(statistics.median(each), 3), round(min(each), 3), round(max(each), 3), goal)


def run(module: str, *words: str, surroundings: Mapping[str, str] | None = None) -> dict[str, float]:
    """Run `python -m benchmarks.<module> words…`, a fresh interpreter; the JSON object it prints last."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *words],
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        env={**os.environ, **(surroundings or {})},
        check=False,
    )
    if done.returncode == NOT_INSTALLED:
        raise NotInstalled(module)
    if done.returncode != 0:
        raise RuntimeError(f"benchmarks.{module} failed:\n{done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def say(text: str) -> None:
    """Progress, out of the way of the results."""
    print(text, file=sys.stderr, flush=True)
