"""`python -m tests.journeys.hundred_days --claims 5000 --into docs`: a hundred days, and what they say as a page."""

import argparse
import asyncio
import sys
from pathlib import Path

from claims_core.db import make_engine
from tests.databases import a_database, a_server
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
    with a_server(Path("var") / "hundred_days") as server:
        heard = asyncio.run(_on(server, args.claims, args.seed))
    command = f"python -m tests.journeys.hundred_days --claims {args.claims} --seed {args.seed} --into docs"
    write_page(heard, claims=args.claims, days=DAYS, command=command, into=args.into)
    return int(bool(heard.over_budget or heard.twice_a_day))


async def _on(server: str, claims: int, seed: int) -> Heard:
    async with a_database(server) as url:
        engine = make_engine(url)
        try:
            return await live(engine, url, claims=claims, days=DAYS, seed=seed, on_day=_tell)
        finally:
            await engine.dispose()


def _tell(day: int) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    if sys.stderr.isatty() or day % 10 == 0:
        print(f"day {day} of {DAYS}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
