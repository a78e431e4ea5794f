"""`python -m sandbox`: the demo. `--check` walks through it unattended and says how each step went."""

import argparse
import sys
from pathlib import Path

from sandbox.check import check
from sandbox.demo import run
from sandbox.demo.surroundings import ROOT


def main() -> int:
    """0 when all went well or a demo runs already, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--check", action="store_true", help="walk the whole road unattended, a line per step")
    parser.add_argument("--folder", type=Path, help="where it keeps its things (var/demo, var/check)")
    args = parser.parse_args()
    folder = args.folder or ROOT / "var" / ("check" if args.check else "demo")
    return run(folder, act=check if args.check else None)


if __name__ == "__main__":
    sys.exit(main())
