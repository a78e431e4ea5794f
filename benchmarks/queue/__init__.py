"""The queue alone: every promise kept, and no work; beside procrastinate and pgqueuer, one worker each."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from benchmarks import databases
from benchmarks.rounds import NotInstalled, Ratio, ratio, run, say
from benchmarks.sender import SEEDED, copied

SIZES = {"full": 50_000, "small": 1_000}
USUAL = 20_000
# Some hundreds a second, whatever the number.
MOST_FOR_PROCRASTINATE = 2_000
PEERS = {"procrastinate": 20.0, "pgqueuer": 1.2}


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Messages a second that are taken, looked at, committed, handed to nobody and acknowledged, in turn."""
    number = SIZES.get(size, USUAL)
    asyncio.run(databases.fresh(server_url, SEEDED, ours=True))
    say(f"  queue: {number} claims move and are planned to be told")
    run("sender.seed", databases.address(server_url, SEEDED), str(number))
    rates: dict[str, list[float]] = {name: [] for name in ("notifier", *PEERS)}
    for round_number in range(rounds):
        ours = asyncio.run(copied(server_url, "bench_queue_ours"))
        rates["notifier"].append(run("queue.by_notifier", ours, str(number))["rate"])
        for peer in [name for name in PEERS if name in rates]:
            theirs = asyncio.run(databases.fresh(server_url, f"bench_queue_{peer}"))
            jobs = min(number, MOST_FOR_PROCRASTINATE) if peer == "procrastinate" else number
            try:
                rates[peer].append(run(f"queue.by_{peer}", theirs, str(jobs))["rate"])
            except NotInstalled:
                del rates[peer]
        told = {name: round(values[-1]) for name, values in rates.items()}
        say(f"  queue, round {round_number + 1}, messages a second: {told}")
    for peer, goal in PEERS.items():
        yield ratio(f"queue/{peer}", rates["notifier"], rates.get(peer), against=peer, goal=goal)
