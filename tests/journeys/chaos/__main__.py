"""`python -m tests.journeys.chaos --json`: one run of kills, and what came of it."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.databases import a_server
from tests.journeys.chaos import named_points, random_kills


def _some(said: str) -> int:
    if not said.isdecimal() or int(said) == 0:
        raise argparse.ArgumentTypeError(f"{said} is no number of kills: say 1 or more")
    return int(said)


def main() -> int:
    """Run, print one object, and say by the exit code whether the promises held."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.chaos", description=__doc__)
    parser.add_argument("--kills", type=_some, default=100, help="how often; `make chaos N=20000`")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--points", action="store_true", help="each named point once instead of random moments")
    both = "SMS leave over Twilio and an SMSC, with failover; with a number only for the last so many kills"
    parser.add_argument("--both-roads", type=_some, nargs="?", const=sys.maxsize, default=0, metavar="KILLS", help=both)
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(3), "big")

    def run(server: str) -> dict[str, Any]:
        if args.points:
            return asyncio.run(named_points(server, seed=seed))
        both = min(args.both_roads, args.kills)
        return asyncio.run(random_kills(server, kills=args.kills, seed=seed, both=both, on_kill=tell))

    def tell(number: int) -> None:
        """A line that is written over on a terminal, one for each hundred elsewhere."""
        is_seen = sys.stderr.isatty()
        if is_seen or number % 100 == 0:
            print(f"kill {number} of {args.kills}", end="\r" if is_seen else "\n", file=sys.stderr, flush=True)

    with a_server(Path("var") / "chaos") as server:
        line = run(server)
    print(json.dumps(line) if args.json else "\n".join(f"{name:12} {value}" for name, value in line.items()))
    return int(bool(line["lost"] or line["unexpected"] or line["unexplained"] or line.get("missed")))


if __name__ == "__main__":
    sys.exit(main())
