"""Claims loaded first, unchanged and with one in a hundred moved, beside a one-lane COPY, the bare hash comparison and
dlt.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.load.claims import write_claims
from benchmarks.rounds import NotInstalled, Ratio, ratio, run, say

SIZES = {"full": 1_000_000, "small": 20_000}
USUAL = 200_000
# dlt takes a quarter of an hour for a million: it is measured on fewer, its rate does not depend on the number.
MOST_FOR_DLT = 60_000
MOST_MB = 300.0


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """The product's `claims sync` on a file of claims, and the same file by the others, in turn."""
    number = SIZES.get(size, USUAL)
    claims, later = write_claims(folder / "claims", number), write_claims(folder / "claims", number, later=True)
    names = ("copy", "first", "unchanged", "hash", "moved", "dlt", "dlt again")
    rates: dict[str, list[float]] = {name: [] for name in names}
    peak: list[float] = []
    peer = True
    for round_number in range(rounds):
        copy_url = asyncio.run(databases.fresh(server_url, "bench_copy"))
        rates["copy"].append(run("load.by_copy", copy_url, str(claims), str(number))["rate"])
        ours = asyncio.run(databases.fresh(server_url, "bench_load", ours=True))
        first = run("load.by_sync", ours, str(claims), str(number))
        rates["first"].append(first["rate"])
        peak.append(first["peak_mb"])
        rates["unchanged"].append(run("load.by_sync", ours, str(claims), str(number), "again")["rate"])
        rates["hash"].append(run("load.by_hash", ours, str(claims), str(number))["rate"])
        rates["moved"].append(run("load.by_sync", ours, str(later), str(number), "moved")["rate"])
        if peer:
            dlt_url = asyncio.run(databases.fresh(server_url, "bench_dlt"))
            try:
                few = str(min(number, MOST_FOR_DLT))
                rates["dlt"].append(run("load.by_dlt", dlt_url, str(claims), few)["rate"])
                rates["dlt again"].append(run("load.by_dlt", dlt_url, str(claims), few)["rate"])
            except NotInstalled:
                peer = False
        told = {name: round(values[-1]) for name, values in rates.items() if values}
        say(f"  load, round {round_number + 1}, claims a second: {told}; at most {peak[-1]:.0f} MB in the first")
    yield ratio("first load/COPY", rates["first"], rates["copy"], against="one-lane COPY", goal=1.2)
    yield ratio("first load/dlt", rates["first"], rates["dlt"] if peer else None, against="dlt", goal=4.5)
    yield ratio("unchanged load/first load", rates["unchanged"], rates["first"], against="first load", goal=6)
    yield ratio("unchanged load/hash", rates["unchanged"], rates["hash"], against="hash comparison", goal=0.8)
    again = rates["dlt again"] if peer else None
    yield ratio("unchanged load/dlt", rates["unchanged"], again, against="dlt, unchanged", goal=45)
    yield ratio("1 % moved/unchanged load", rates["moved"], rates["unchanged"], against="unchanged load", goal=0.6)
    if all(peak):  # only Linux says how much it is
        yield ratio("300 MB/memory of first load", [MOST_MB] * rounds, peak, against="300 MB", goal=1)
