"""`python -m sandbox.data contacts|next`: make the contacts of the public life claims, or their next delivery."""

import argparse
from pathlib import Path

from claims_core.clock import utc_now
from sandbox.data import LIFE_CLAIMS, LIFE_CONTACTS
from sandbox.data.deliveries import contacts, next_delivery, read_rows, write_rows


def main() -> None:
    """Write one file; the same seed moves the same claims."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.data", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    made = actions.add_parser("contacts", help="a number, a language and a zone for each beneficiary")
    made.add_argument("--out", type=Path, default=LIFE_CONTACTS)
    later = actions.add_parser("next", help="the next delivery, with some rows changed")
    later.add_argument("out", type=Path)
    later.add_argument("--of", type=Path, default=LIFE_CLAIMS, help="the delivery before it")
    later.add_argument("--moves", type=int, default=60)
    for action in (made, later):
        action.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    if args.action == "contacts":
        write_rows(contacts(read_rows(), seed=args.seed), args.out)
        print(args.out)
        return
    rows, moves = next_delivery(read_rows(args.of), seed=args.seed, moves=args.moves, at=utc_now())
    write_rows(rows, args.out)
    for move in moves:
        print(f"{move.claimno}: {move.before} -> {move.after}")


if __name__ == "__main__":
    main()
