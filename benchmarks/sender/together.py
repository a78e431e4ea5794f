"""Two notifiers on one queue beside one, where a slow provider and not a processor is what they wait for."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import databases
from benchmarks.rounds import Ratio, ratio, run, say
from benchmarks.sender import SEEDED, a_provider, copied

SIZES = {"full": 5_000, "small": 320}
USUAL = 1_500
IN_FLIGHT, ANSWERS_AFTER = "32", "0.2"


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Messages a second with 32 calls open a process, each answered after 200 ms, in turn."""
    number = str(SIZES.get(size, USUAL))
    asyncio.run(databases.fresh(server_url, SEEDED, ours=True))
    run("sender.seed", databases.address(server_url, SEEDED), number)
    rates: dict[int, list[float]] = {1: [], 2: []}
    with a_provider(ANSWERS_AFTER) as (port, _):
        for round_number in range(rounds):
            for notifiers, found in rates.items():
                url = asyncio.run(copied(server_url, "bench_together"))
                found.append(_rate(notifiers, url, port, number))
            told = {name: round(values[-1]) for name, values in rates.items()}
            say(f"  together, round {round_number + 1}, messages a second by notifiers: {told}")
    yield ratio("two notifiers/one", rates[2], rates[1], against="one notifier", goal=1.7)


def _rate(notifiers: int, url: str, port: str, number: str) -> float:
    """By the one that began first, which saw all of it."""
    with ThreadPoolExecutor(notifiers) as side_by_side:
        words = ("sender.by_notifier", url, port, number, IN_FLIGHT)
        begun = [side_by_side.submit(run, *words) for _ in range(notifiers)]
        return min(each.result()["rate"] for each in begun)
