"""How long a one-time code takes from its commit to the provider while a hundred thousand heartbeats are being sent."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.rounds import Ratio, run, say
from benchmarks.sender import a_provider
from benchmarks.sender.process import a_notifier

SIZES = {"full": 100_000, "small": 5_000}
USUAL = 100_000
CODES = 200
LIMIT = 0.25  # seconds
UNTIL_BUSY = 5.0  # seconds: by then the sender is at full rate


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """The slowest of a hundred codes, beside the limit; `claims notifier` as it is run, at no rate but its own."""
    number = str(SIZES.get(size, USUAL))
    within: list[float] = []
    for round_number in range(rounds):
        url = asyncio.run(databases.fresh(server_url, "bench_code", ours=True))
        run("code.seed", url, number, str(CODES))
        with a_provider() as (port, printed):
            took = _took(url, port, printed)
        within.append(statistics.quantiles(took, n=100)[98])
        middle = statistics.median(took)
        say(f"  code, round {round_number + 1}: half within {middle:.3f} s, 99 of 100 within {within[-1]:.3f} s")
    ratios = sorted(LIMIT / each for each in within)
    middle = round(statistics.median(ratios), 3)
    yield Ratio("limit/code p99", "250 ms", middle, round(ratios[0], 3), round(ratios[-1], 3), goal=1)


def _took(url: str, port: str, printed: Iterator[str]) -> list[float]:
    """Seconds from commit to arrival, a code each."""
    with a_notifier(url, port):
        time.sleep(UNTIL_BUSY)
        asked = run("code.ask", url)
        arrived = dict(_arrivals(printed, len(asked)))
    return [arrived[phone] - moment for phone, moment in asked.items()]


def _arrivals(printed: Iterator[str], number: int) -> Iterator[tuple[str, float]]:
    for _ in range(number):
        phone, moment = next(printed).split()
        yield phone, float(moment)
