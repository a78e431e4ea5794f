"""`claims jobs`: what happens because time passes: when each job ran last, when it runs next, and how it went."""

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import datetime

from claims_core import embedded, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.settings import CoreSettings, read_settings
from claims_core.tables import JobSlot
from claims_core.ticks import how, last_runs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`: an object a line, for programs."""
    parser.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Print the last run of each job. 1 if one of them failed or is overdue by three of its spans."""
    with embedded.database(read_settings(CoreSettings)) as url:
        runs = asyncio.run(_last_runs(url))
    now = utc_now()
    for job in runs:
        print(json.dumps(as_json(job, now)) if args.json else as_line(job, now))
    if not runs and not args.json:
        print("no job has run yet: jobs run in `claims notifier` and `claims sync --watch`")
    return int(any(how(job, now) in ("failed", "overdue") for job in runs))


async def _last_runs(url: str) -> Sequence[JobSlot]:
    engine = make_engine(url)
    try:
        await shape.must_fit(engine)
        async with session_scope(engine) as session:
            return await last_runs(session)
    finally:
        await engine.dispose()


def as_json(job: JobSlot, now: datetime) -> dict[str, str | None]:
    """The last run as one flat object; times are UTC."""
    return {
        "job": job.job,
        "how": how(job, now),
        "last_run": job.started_at.isoformat(),
        "finished": job.finished_at.isoformat() if job.finished_at else None,
        "next_run": job.next_slot.isoformat(),
        "result": job.result,
    }


def as_line(job: JobSlot, now: datetime) -> str:
    """The last run as a line for people."""
    last, following = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (job.started_at, job.next_slot))
    return f"{job.job:<24} {how(job, now):<8} last {last}  next {following}  {job.result or ''}".rstrip()
