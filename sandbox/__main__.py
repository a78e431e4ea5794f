"""`python -m sandbox`: the demo. `--check` walks through it unattended and says how each step went.

`--sources` is for integrators: every kind of source with the same claims, to try `claims` against. `--telegram` and
`--max` are an emulated bot alone, `--smpp` is an SMSC alone (with the lock for developers).
"""

import argparse
import sys
from pathlib import Path

from sandbox.check import check
from sandbox.demo import run
from sandbox.demo.surroundings import ROOT
from sandbox.max.run import run as max_messenger
from sandbox.smpp.run import run as smpp
from sandbox.sources import run as sources
from sandbox.telegram.run import run as telegram


def main() -> int:
    """0 when all went well or it runs already, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="walk the whole road unattended, a line per step")
    what.add_argument("--sources", action="store_true", help="every kind of source with the same claims, moving")
    what.add_argument("--telegram", action="store_true", help="an emulated Telegram bot, with faults by script")
    what.add_argument("--max", action="store_true", help="an emulated bot of the messenger MAX, with faults by script")
    what.add_argument("--smpp", action="store_true", help="an SMSC to bind to, with receipts and replies")
    parser.add_argument("--folder", type=Path, help="where it keeps its things (var/demo, var/check, var/sources)")
    args = parser.parse_args()
    alone = next((serve for asked, serve in ((args.telegram, telegram), (args.max, max_messenger), (args.smpp, smpp))
                  if asked), None)  # fmt: skip
    if alone is not None:
        if args.folder:
            parser.error("--folder: an emulator alone keeps nothing")
        return alone()
    if args.sources:
        return sources.run(args.folder or ROOT / "var" / "sources")
    folder = args.folder or ROOT / "var" / ("check" if args.check else "demo")
    return run(folder, act=check if args.check else None)


if __name__ == "__main__":
    sys.exit(main())
