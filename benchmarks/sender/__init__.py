"""The notifier's sender beside the floor (render and aiohttp, no queue) and procrastinate with the same SDK."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import asyncpg

from benchmarks import databases
from benchmarks.rounds import NotInstalled, Ratio, ratio, run, say

SIZES = {"full": 50_000, "small": 1_000}
USUAL = 10_000
# procrastinate sends some hundreds a second; its rate does not depend on the number.
MOST_FOR_PEER = 2_000
SEEDED = "bench_queue"


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Messages a second to a provider that answers after 50 ms, in turn."""
    number = SIZES.get(size, USUAL)
    asyncio.run(databases.fresh(server_url, SEEDED, ours=True))
    say(f"  sender: {number} claims move and are planned to be told")
    run("sender.seed", databases.address(server_url, SEEDED), str(number))
    rates: dict[str, list[float]] = {name: [] for name in ("notifier", "floor", "peer")}
    peer = True
    with a_provider() as (port, _):
        for round_number in range(rounds):
            rates["floor"].append(run("sender.by_floor", port, str(number))["rate"])
            ours = asyncio.run(copied(server_url, "bench_send"))
            rates["notifier"].append(run("sender.by_notifier", ours, port, str(number))["rate"])
            if peer:
                theirs = asyncio.run(databases.fresh(server_url, "bench_peer"))
                few = str(min(number, MOST_FOR_PEER))
                try:
                    rates["peer"].append(run("sender.by_procrastinate", theirs, port, few)["rate"])
                except NotInstalled:
                    peer = False
            told = {name: round(values[-1]) for name, values in rates.items() if values}
            say(f"  sender, round {round_number + 1}, messages a second: {told}")
    yield ratio("sender/floor", rates["notifier"], rates["floor"], against="floor", goal=0.9)
    theirs_or_none = rates["peer"] if peer else None
    yield ratio("sender/procrastinate", rates["notifier"], theirs_or_none, against="procrastinate", goal=6)


@contextmanager
def a_provider(*words: str) -> Iterator[tuple[str, IO[str]]]:
    """The provider in a process of its own: its port, and what it prints."""
    command = [sys.executable, "-m", "benchmarks.sender.provider", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.stdout
        finally:
            process.terminate()


async def copied(server_url: str, name: str) -> str:
    """A copy of the planned queue, so that every round sends the same."""
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.execute(f'create database "{name}" template "{SEEDED}"')
    await admin.close()
    return databases.address(server_url, name)
