"""`claims audit`: whether the record of what people did is whole."""

import argparse
import getpass
import json
import sys

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_cli.places import with_database
from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.ledger.chain import Head


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`verify [--head PLACE:SEAL]... [--json]`."""
    parts = parser.add_subparsers(dest="part", required=True)
    verify = parts.add_parser("verify", help="walk along the chain and say whether anything was changed or taken out")
    verify.add_argument(
        "--head",
        type=_head,
        action="append",
        default=[],
        metavar="PLACE:SEAL",
        help="what an earlier `verify` printed, kept elsewhere: nothing up to there was cut off or rewritten",
    )
    verify.add_argument("--json", action="store_true", help="one object, for programs")


def _head(word: str) -> Head:
    place, _, seal = word.partition(":")
    if not (place.isascii() and place.isdigit() and len(place) < 19 and int(place) > 0 and len(seal) == 64):
        raise argparse.ArgumentTypeError(f"'{word[:90]}' is no head as `claims audit verify` prints it")
    try:
        return Head(int(place), bytes.fromhex(seal))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{word[:90]}' is no head as `claims audit verify` prints it") from error


def run(args: argparse.Namespace) -> int:
    """0: the chain is whole; 1: it is not, and where."""
    return with_database(lambda engine: _verify(engine, args))


async def _verify(engine: AsyncEngine, args: argparse.Namespace) -> int:
    shown = sys.stderr.isatty() and not args.json
    async with session_scope(engine) as session:
        found = await ledger.check_audit(
            session, by=getpass.getuser(), now=utc_now(), noted=args.head, on_batch=_progress if shown else None
        )
    if shown:
        print(file=sys.stderr)
    print(json.dumps(as_json(found)) if args.json else as_line(found))
    return int(not found.holds)


def _progress(walked: int) -> None:
    print(f"\r{walked:,} entries hold so far", end="", file=sys.stderr, flush=True)


def as_json(found: ledger.Verified) -> dict[str, int | str | bool | None]:
    """What was found, as one flat object."""
    return {
        "holds": found.holds,
        "sealed": found.sealed,
        "waiting": found.waiting,
        "head": f"{found.sealed}:{found.head.hex()}" if found.sealed else None,
        "broken_at": found.broken_at,
        "missing": found.missing,
    }


def as_line(found: ledger.Verified) -> str:
    """What was found, for people."""
    if found.broken_at is not None:
        return f"BROKEN: {found.sealed} entries hold; entry {found.broken_at} does not follow: changed, put in or moved"
    if found.missing:
        return f"BROKEN: {found.sealed} entries hold; {found.missing} that were sealed once are gone from the end"
    waiting = f", {found.waiting} wait for their seal" if found.waiting else ""
    if not found.sealed:
        return f"no entry is sealed yet{waiting}"
    return f"{found.sealed} entries hold{waiting}\nhead {found.sealed}:{found.head.hex()}  (keep it elsewhere)"
