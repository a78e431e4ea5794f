"""`claims figures`: compute what the pages show, now or each night."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select
from tqdm import tqdm

from claims_core import embedded, logs, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.errors import BadInput
from claims_core.settings import CoreSettings, read_settings
from claims_core.stopping import told_to_stop
from claims_core.ticks import make_scheduler, run_job
from claims_figures.jobs import JOBS
from claims_figures.making import KINDS, make
from claims_figures.tables import Figure


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`[NAME…] [--list | --watch] [--json]`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="these figures; all there are without a name")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--list", action="store_true", help="compute nothing: what there is, of when, by which method")
    how.add_argument("--watch", action="store_true", help="go on: compute them once a day until told to stop")
    parser.add_argument("--json", action="store_true", help="one object a row")


def run(args: argparse.Namespace) -> int:
    """Compute and print the rows. `BadInput` for a figure that there is not."""
    names, settings = args.names or list(KINDS), read_settings(CoreSettings)
    if strange := [name for name in names if name not in KINDS]:
        raise BadInput(f"there is no figure {strange[0]}; there are: {', '.join(KINDS)}")
    with embedded.database(settings) as url:
        rows = asyncio.run(_done(url, names, args, settings))
    for row in rows:
        print(json.dumps(as_json(row)) if args.json else as_line(row))
    if not rows and not args.json and not args.watch:
        print("nothing was computed yet: claims figures" if args.list else "no claim of the last year to count")
    return 0


async def _done(url: str, names: Sequence[str], args: argparse.Namespace, settings: CoreSettings) -> Sequence[Figure]:
    engine = make_engine(url, pool_size=2)
    try:
        await shape.must_fit(engine)
        if args.watch:
            await _watch(engine, settings)
            return []
        if not args.list:
            for name in tqdm(names, desc="figures", unit="figure", file=sys.stderr, disable=None):
                await make(engine, name, now=utc_now(), zone=settings.insurer_timezone)
        async with session_scope(engine) as session:
            order = (col(Figure.name), col(Figure.subject), col(Figure.since).desc())
            return (await session.exec(select(Figure).where(col(Figure.name).in_(names)).order_by(*order))).all()
    finally:
        await engine.dispose()


async def _watch(engine: AsyncEngine, settings: CoreSettings) -> None:
    """Today's run at once unless somebody had it, then each night until SIGTERM or Ctrl-C."""
    logs.set_up()
    stop = told_to_stop()
    for job in JOBS:
        await run_job(engine, job, now=utc_now(), settings=settings)
    scheduler = make_scheduler(engine, JOBS, settings=settings)
    scheduler.start()
    await stop.wait()
    scheduler.shutdown(wait=False)


def as_json(row: Figure) -> dict[str, object]:
    """The row as one object; moments are UTC."""
    return {
        "name": row.name,
        "subject": row.subject,
        "period": row.period,
        "since": row.since.isoformat(),
        "until": row.until.isoformat(),
        "method": row.method,
        "version": row.version,
        "data_at": row.data_at.isoformat(),
        "made_at": row.made_at.isoformat(),
        "numbers": row.numbers,
    }


def as_line(row: Figure) -> str:
    """The row as a line for people."""
    of = "too few" if row.numbers.get("few") else f"{row.numbers['claims']} claims" if "claims" in row.numbers else ""
    of_when = f"{row.since} to {row.until}, read {row.data_at:%Y-%m-%d %H:%M}"
    return f"{row.name:<10} {row.subject:<16} {row.period:<8} {of:<16} {of_when}, {row.method} v{row.version}"
