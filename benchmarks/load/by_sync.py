"""The product: `claims sync` on the file, as it ships. `ADDRESS FILE NUMBER [first|again|moved]`.

Prints claims a second, and the most memory that it and its lanes held together.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from benchmarks.load.claims import MOVES_ONE_IN
from benchmarks.load.memory import Peak
from claims_core.clock import utc_now
from claims_core.db import make_engine


async def sync(url: str, path: Path, number: int, how: str = "first") -> float:
    """Read the whole file; seconds. Raises if a claim was rejected, is missing, or another number is new or changed."""
    mapping = load(path.parent.parent / "mapping.toml")
    config = FilesConfig(
        kind="files",
        name="bench",
        mapping=path.parent.parent / "mapping.toml",
        folder=path.parent,
        pattern=path.name,
        format="jsonl",
        ref="claim_number",
        stable_for=timedelta(0),
    )
    engine = make_engine(url)
    source = open_source(config, key=mapping.key, clock=utc_now)
    plan = Plan(
        engine, config, mapping, source, clock=lambda: datetime.now(UTC), settle=timedelta(0), full=how == "again"
    )
    begun = time.perf_counter()
    done = await sync_once(plan)
    seconds = time.perf_counter() - begun
    await source.close()
    await engine.dispose()
    _check(done, number, how)
    return seconds


def _check(done: Summary, number: int, how: str) -> None:
    new, changed = number if how == "first" else 0, number // MOVES_ONE_IN if how == "moved" else 0
    counts = done.counts
    found = (counts.new, counts.changed, counts.unchanged, counts.rejected)
    if done.state is not RunState.DONE or found != (new, changed, number - new - changed, 0):
        raise RuntimeError(f"not what it should be: {done}")


if __name__ == "__main__":
    count = int(sys.argv[3])
    with Peak() as peak:
        took = asyncio.run(sync(sys.argv[1], Path(sys.argv[2]), count, *sys.argv[4:]))
    print(json.dumps({"rate": count / took, "peak_mb": round(peak.bytes / 1e6)}))
