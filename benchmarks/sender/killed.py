"""What a kill at full rate leaves in doubt, beside what it may: the calls in flight and 25 ms of acknowledgements."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg

from benchmarks import databases
from benchmarks.rounds import Ratio, run, say
from benchmarks.sender import a_provider
from benchmarks.sender.process import a_notifier
from benchmarks.sender.settings import IN_FLIGHT
from notifier.dispatch.sender import ACKNOWLEDGE_EVERY

SIZES = {"full": 100_000, "small": 10_000}
USUAL = 50_000
LIVES = 6.0  # seconds from its start to its death
SENT = "select count(*) from notification where state in ('sent', 'settled')"
IN_DOUBT = "select count(*) from delivery where state = 'sending'"


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Deliveries of which nobody here knows whether the provider took them, after `kill -9`."""
    found: list[float] = []
    for round_number in range(rounds):
        url = asyncio.run(databases.fresh(server_url, "bench_killed", ours=True))
        run("code.seed", url, str(SIZES.get(size, USUAL)), "0")
        with a_provider() as (port, _), a_notifier(url, port) as notifier:
            before, begun = _count(url, SENT, after=LIVES / 2), time.monotonic()
            rate = (_count(url, SENT, after=LIVES / 2) - before) / (time.monotonic() - begun)
            notifier.kill()
            notifier.wait()
            doubt = _count(url, IN_DOUBT, after=1.0)
        allowed = IN_FLIGHT + rate * ACKNOWLEDGE_EVERY
        found.append(allowed / max(1, doubt))
        say(f"  killed, round {round_number + 1}: at {rate:.0f} a second {doubt} in doubt, {allowed:.0f} may be")
    middle = round(statistics.median(found), 3)
    yield Ratio("allowed/in doubt", "flight and 25 ms", middle, round(min(found), 3), round(max(found), 3), goal=1)


def _count(url: str, query: str, *, after: float) -> int:
    time.sleep(after)

    async def counted() -> int:
        connection = await asyncpg.connect(url)
        try:
            return int(await connection.fetchval(query))
        finally:
            await connection.close()

    return asyncio.run(counted())
