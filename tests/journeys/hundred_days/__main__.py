"""`python -m tests.journeys.hundred_days --claims 5000 --into docs`: a hundred days, and what they say as a page."""

import argparse
import asyncio
import os
import sys
import uuid
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from claims_core import embedded, migrate
from claims_core.db import make_engine
from tests.journeys.hundred_days import Heard, live
from tests.journeys.hundred_days.page import write_page

DAYS = 100


def main() -> int:
    """Run, write the page where that is asked for, and say by the exit code whether everybody was kept informed."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.hundred_days", description=__doc__)
    parser.add_argument("--claims", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--into", type=Path, help="the folder of the page and its picture; else it is printed")
    args = parser.parse_args()
    named = os.environ.get("CLAIMS_TEST_DATABASE_URL")
    if named:
        heard = asyncio.run(_on(named, args.claims, args.seed))
    else:
        with embedded.start(Path("var") / "hundred_days", throwaway=True) as server:
            heard = asyncio.run(_on(server.url, args.claims, args.seed))
    command = f"python -m tests.journeys.hundred_days --claims {args.claims} --seed {args.seed} --into docs"
    write_page(heard, claims=args.claims, days=DAYS, command=command, into=args.into)
    return int(bool(heard.over_budget or heard.twice_a_day))


async def _on(server: str, claims: int, seed: int) -> Heard:
    name = f"claims_test_days_{uuid.uuid4().hex[:10]}"
    admin = await asyncpg.connect(server)
    await admin.execute(f'create database "{name}"')
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = make_engine(url)
    try:
        await migrate.upgrade(engine)
        return await live(engine, url, claims=claims, days=DAYS, seed=seed, on_day=_tell)
    finally:
        await engine.dispose()
        await admin.execute(f'drop database "{name}" with (force)')
        await admin.close()


def _tell(day: int) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or day % 10 == 0:
        print(f"day {day} of {DAYS}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
