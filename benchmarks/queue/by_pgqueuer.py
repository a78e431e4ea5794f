"""A peer: pgqueuer, in the batches it likes best, with work that does nothing. `ADDRESS NUMBER`."""

import asyncio
import json
import sys
import time
from datetime import timedelta

import asyncpg
import uvloop

from benchmarks.rounds import NOT_INSTALLED

try:
    from pgqueuer import AsyncpgDriver, AsyncpgPoolDriver, Job, PgQueuer, Queries
    from pgqueuer.domain.types import QueueExecutionMode
except ImportError:
    sys.exit(NOT_INSTALLED)

BATCH = 100
AT_ONCE = 1_000
WORDS = json.dumps({"claim": "CLM-2026-00000001", "template": "assessment", "language": "en"}).encode()


async def work(url: str, number: int) -> float:
    """Put so many jobs in, then work them off; seconds of the work alone."""
    connection = await asyncpg.connect(url)
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for first in range(0, number, AT_ONCE):
        some = min(number, first + AT_ONCE) - first
        await queries.enqueue(["tell"] * some, [WORDS] * some, [0] * some)
    await connection.close()
    done, finished = 0, asyncio.get_running_loop().create_future()
    async with asyncpg.create_pool(url, min_size=4, max_size=10) as pool:
        workers = PgQueuer(AsyncpgPoolDriver(pool))

        @workers.entrypoint("tell")
        async def tell(job: Job) -> None:
            nonlocal done
            done += 1
            if done == number:
                finished.set_result(time.perf_counter())

        begun = time.perf_counter()
        await workers.run(batch_size=BATCH, mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(seconds=1))
        ended: float = await finished
    return ended - begun


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(json.dumps({"rate": count / uvloop.run(work(sys.argv[1], count))}))
