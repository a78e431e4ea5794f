"""A peer: procrastinate, one worker, with work that does nothing. `ADDRESS NUMBER`."""

import json
import sys
import time

import uvloop

from benchmarks.rounds import NOT_INSTALLED

try:
    from procrastinate import App, PsycopgConnector
except ImportError:
    sys.exit(NOT_INSTALLED)

AT_ONCE = 1_000
AT_WORK = 100


async def work(url: str, number: int) -> float:
    """Put so many jobs in, then work them off; seconds of the work alone."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=2, max_size=10))

    @app.task(name="tell", queue="tell")
    async def tell(claim: str, template: str, language: str) -> None:
        """Nothing."""

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for first in range(0, number, AT_ONCE):
            words = {"template": "assessment", "language": "en"}
            places = range(first, min(number, first + AT_ONCE))
            await tell.batch_defer_async(*({"claim": f"CLM-2026-{place:08d}", **words} for place in places))
        begun = time.perf_counter()
        await app.run_worker_async(
            queues=["tell"], concurrency=AT_WORK, wait=False, install_signal_handlers=False, listen_notify=False
        )
        return time.perf_counter() - begun


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(json.dumps({"rate": count / uvloop.run(work(sys.argv[1], count))}))
