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


def main() -> int:
    """Run, print one object, and say by the exit code whether the promises held."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--points", action="store_true", help="each named point once instead of random moments")
    parser.add_argument("--json", action="store_true", help="one object, for programs")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int.from_bytes(os.urandom(3), "big")

    def run(server: str) -> dict[str, Any]:
        if args.points:
            return asyncio.run(named_points(server, seed=seed))
        return asyncio.run(random_kills(server, kills=args.kills, seed=seed))

    with a_server(Path("var") / "chaos") as server:
        line = run(server)
    print(json.dumps(line) if args.json else "\n".join(f"{name:12} {value}" for name, value in line.items()))
    return int(bool(line["lost"] or line["unexpected"] or line["unexplained"] or line.get("missed")))


if __name__ == "__main__":
    sys.exit(main())
