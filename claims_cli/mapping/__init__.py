"""`claims mapping`: check a mapping, try it on one case as far as the client's page and texts, or have one begun.

It needs the adapter, the notifier and the portal, which are strangers to each other; so it is here.
"""

import argparse
import sys
from pathlib import Path

from claims_cli.mapping import checking, suggesting, trying
from claims_core import logs
from claims_core.commands.words import whole_number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`check [SOURCE] [--file PATH]`, `try FILE|REF [--source NAME]`, `suggest SOURCE`."""
    parts = parser.add_subparsers(dest="part", required=True)
    check = parts.add_parser("check", help="each mistake with line and column; codes without a rule; idle rules")
    check.add_argument("source", nargs="?", help="only this one of BACKOFFICE_CONFIG")
    check.add_argument("--file", type=Path, help="this file instead, without looking at any run")
    attempt = parts.add_parser("try", help="one case: what came, what we made of it, what the client would read")
    attempt.add_argument("case", help="a file, a claim number, or the source's own key of a case")
    attempt.add_argument("--source", help="which of BACKOFFICE_CONFIG; needed where there are several")
    attempt.add_argument("--take", type=whole_number(1, 100_000), default=1, help="that many cases of a file (1)")
    begin = parts.add_parser("suggest", help="read a sample and write a first mapping for a person to complete")
    begin.add_argument("source", help="one of BACKOFFICE_CONFIG; its mapping need not be there yet")
    begin.add_argument("--sample", type=whole_number(1, 100_000), default=500, help="how many cases to read (500)")
    begin.add_argument("--out", type=Path, help="write to this file, which must not be there; else it is printed")
    for part in (check, attempt, begin):
        part.add_argument("--json", action="store_true", help="one object a line, for programs")


def run(args: argparse.Namespace) -> int:
    """0 good, 1 mistakes or nothing found, 2 wrong words or settings, 3 sound but with codes or values unread."""
    # What is printed is the answer; the log stands beside it.
    logs.set_up(stream=sys.stderr)
    return {"check": checking.run, "try": trying.run, "suggest": suggesting.run}[args.part](args)
