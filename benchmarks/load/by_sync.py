"""The product: `claims sync` on the file, as it ships. `ADDRESS FILE NUMBER [again]` prints claims a second."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, sync_once
from backoffice_adapter.tables import RunState
from claims_core.clock import utc_now
from claims_core.db import make_engine


async def sync(url: str, path: Path, number: int, *, again: bool) -> float:
    """Read the whole file; seconds. Raises if a claim was rejected or one is missing."""
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
    plan = Plan(engine, config, mapping, source, clock=lambda: datetime.now(UTC), settle=timedelta(0), full=again)
    begun = time.perf_counter()
    done = await sync_once(plan)
    seconds = time.perf_counter() - begun
    await source.close()
    await engine.dispose()
    counts = done.counts
    if done.state is not RunState.DONE or counts.rejected or (counts.unchanged if again else counts.new) != number:
        raise RuntimeError(f"not what it should be: {done}")
    return seconds


if __name__ == "__main__":
    count = int(sys.argv[3])
    took = asyncio.run(sync(sys.argv[1], Path(sys.argv[2]), count, again="again" in sys.argv))
    print(json.dumps({"rate": count / took}))
