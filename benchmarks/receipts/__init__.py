"""Receipts through the portal's webhook with all its checks, beside the leanest route that keeps the promise."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks import databases
from benchmarks.page import PORTAL, asgi, served
from benchmarks.receipts.signed import SURROUNDINGS
from benchmarks.rounds import Ratio, ratio, run, say
from benchmarks.sender import SEEDED

SIZES = {"full": 10_000, "small": 500}
USUAL = 4_000  # messages a round; each is reported as sent and as delivered
SECONDS = "3"


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Receipts a second from 32 connections, each of them news, in turn."""
    number = SIZES.get(size, USUAL)
    ours = asyncio.run(databases.fresh(server_url, SEEDED, ours=True))
    lean = asyncio.run(databases.fresh(server_url, "bench_lean"))
    say(f"  receipts: {number * rounds} claims move, and a provider takes the messages")
    run("sender.seed", ours, str(number * rounds))
    run("receipts.seed", ours, lean, str(folder), str(rounds))
    rates: dict[str, list[float]] = {"portal": [], "lean": []}
    with ExitStack() as stack:
        doors = {
            "lean": stack.enter_context(served(asgi("benchmarks.receipts.lean:app"), lean)),
            "portal": stack.enter_context(served(PORTAL, ours, SURROUNDINGS)),
        }
        for round_number in range(rounds):
            for name, port in doors.items():
                reports = str(folder / f"{name}-{round_number}.json")
                rates[name].append(run("page.visit", port, reports, SECONDS)["rate"])
            say(f"  receipts, round {round_number + 1}, a second: { {k: round(v[-1]) for k, v in rates.items()} }")
    yield ratio("receipts/lean", rates["portal"], rates["lean"], against="the lean route", goal=0.9)
