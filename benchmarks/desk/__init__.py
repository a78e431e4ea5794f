"""The desk's queue of 200, a search and a caller's card, over a million claims of which one in ten is open, beside a
bare query of the same rows."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.rounds import Ratio, ratio, run, say

SIZES = {"full": 1_000_000, "small": 20_000}
USUAL = 200_000
SECONDS = "5"
# At most three times as long as the bare query.
GOAL = 0.333
WAYS = ("queue", "queue_rows", "search", "search_rows", "card", "card_rows")


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """A page of the queue and of what a search finds, read again and again on one connection, in turn."""
    number = SIZES.get(size, USUAL)
    url = asyncio.run(databases.fresh(server_url, "bench_desk", ours=True))
    say(f"  desk: {number} claims, one in ten of them open")
    run("desk.seed", url, str(number))
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    for round_number in range(rounds):
        for way in WAYS:
            rates[way].append(run("desk.ask", url, way, SECONDS)["rate"])
        say(f"  desk, round {round_number + 1}, answers a second: { {k: round(v[-1], 1) for k, v in rates.items()} }")
    yield ratio("queue/rows", rates["queue"], rates["queue_rows"], against="its rows by key", goal=GOAL)
    yield ratio("caller card/rows", rates["card"], rates["card_rows"], against="its rows by key", goal=GOAL)
    yield ratio("search/rows", rates["search"], rates["search_rows"], against="its rows by key", goal=GOAL)
