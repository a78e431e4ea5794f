"""`python -m benchmarks [--json] [--rounds N] [NAME…]`: measure, print each ratio with its spread.

SIZE=full measures a million claims instead of 200,000; SIZE=small is a quick look. The server is one of our own,
in a folder that goes away, with the settings that production has (fsync on).
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import code, desk, page, queue, receipts, sender
from benchmarks.load import compared, meanwhile
from benchmarks.rounds import Ratio, say
from benchmarks.sender import killed, together
from claims_core import embedded

SECTIONS: dict[str, Callable[[str, Path, str, int], Iterable[Ratio]]] = {
    "load": compared.measure,
    "meanwhile": meanwhile.measure,
    "sender": sender.measure,
    "together": together.measure,
    "code": code.measure,
    "killed": killed.measure,
    "queue": queue.measure,
    "receipts": receipts.measure,
    "page": page.measure,
    "desk": desk.measure,
}


def main() -> int:
    """0 when all was measured, whatever the ratios: a benchmark is a figure, not a test."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these: {', '.join(SECTIONS)}")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run, in turn")
    args = parser.parse_args()
    wrong = set(args.names) - set(SECTIONS)
    if wrong:
        parser.error(f"there is no {', '.join(sorted(wrong))}; there are {', '.join(SECTIONS)}")
    with tempfile.TemporaryDirectory(prefix="claims-bench-") as folder, embedded.start(Path(folder)) as server:
        for name in args.names or SECTIONS:
            say(f"{name}: {args.rounds} rounds")
            for found in SECTIONS[name](server.url, Path(folder), os.environ.get("SIZE", ""), args.rounds):
                print(found.json() if args.json else found.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
