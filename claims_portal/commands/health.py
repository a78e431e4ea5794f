"""`claims health`: how everything stands, the worst first; what `/desk/health` shows, for a terminal and a monitor."""

import argparse
import asyncio
import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from claims_core import embedded, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.settings import read_settings
from claims_portal.desk.health.judging import How, Row, judged
from claims_portal.desk.health.reading import read_everything
from claims_portal.desk.health.words import line_of
from claims_portal.desk.says import Says
from claims_portal.settings import PortalSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Print a line for each thing. 1 if one of them is wrong; what waits for a look is no failure."""
    settings, now = read_settings(PortalSettings), utc_now()
    with embedded.database(settings) as url:
        rows = asyncio.run(_rows(url, now, settings.zone))
    says = Says("en", settings.zone, now)
    for row in rows:
        print(json.dumps(as_json(row), default=str) if args.json else as_line(row, says))
    return int(any(row.how is How.WRONG for row in rows))


async def _rows(url: str, now: datetime, zone: ZoneInfo) -> tuple[Row, ...]:
    engine = make_engine(url, pool_size=1)
    try:
        await shape.must_fit(engine)
        async with session_scope(engine) as session:
            return judged(await read_everything(session, now=now, zone=zone), now)
    finally:
        await engine.dispose()


def as_json(row: Row) -> dict[str, object]:
    """The row as one flat object: what, how it stands, and the figures; times are UTC, spans seconds."""
    values = {
        (f"{name}_seconds" if isinstance(value, timedelta) else name): (
            value.total_seconds() if isinstance(value, timedelta) else value
        )
        for name, value in row.values.items()
    }
    return {"part": row.part.value, "name": row.name, "how": row.how.value, **values}


def as_line(row: Row, says: Says) -> str:
    """The row for people."""
    line = line_of(row, says, reads_claims=True)
    return f"{row.how.value:<6} {line.part}{f' {line.name}' if line.name else ''}: {line.words}"
