"""What visitors of the portal notice of a first load on the same machine and the same server."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.load.claims import write_claims
from benchmarks.page import PORTAL, served
from benchmarks.rounds import Ratio, ratio, run, say

SIZES = {"full": 1_000_000, "small": 20_000}
USUAL = 100_000
VISITED = 200
SECONDS = "3"


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Pages a second to 32 connections before `claims sync` begins and while it works, over its whole length."""
    number = SIZES.get(size, USUAL)
    claims, visits = write_claims(folder / "claims", number), folder / "visits.json"
    idle: list[float] = []
    busy: list[float] = []
    for round_number in range(rounds):
        ours = asyncio.run(databases.fresh(server_url, "bench_meanwhile", ours=True))
        run("page.seed", ours, str(VISITED), str(visits))
        with served(PORTAL, ours) as port:
            run("page.visit", port, str(visits), "1")
            idle.append(run("page.visit", port, str(visits), SECONDS)["rate"])
            busy.append(_visited_during(port, visits, [ours, str(claims), str(number)]))
        say(f"  meanwhile, round {round_number + 1}, pages a second: {round(idle[-1])} idle, {round(busy[-1])} loading")
    yield ratio("claim page during a load/idle", busy, idle, against="idle", goal=0.6)


def _visited_during(port: str, visits: Path, load: list[str]) -> float:
    """Pages a second for as long as the load takes."""
    rates: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load.by_sync", *load], stdout=subprocess.DEVNULL
    ) as loading:
        while loading.poll() is None:
            rates.append(run("page.visit", port, str(visits), SECONDS)["rate"])
    if loading.returncode:
        raise RuntimeError("the load failed")
    # The last visit outlived the load.
    whole = rates[:-1] or rates
    return sum(whole) / len(whole)
