"""`python -m notifier` is `claims notifier`."""

import argparse
import sys

from claims_core.errors import ClaimsError
from notifier.commands import notifier


def main() -> int:
    """Run it; what cannot be done is one line, and the exit code is 2."""
    parser = argparse.ArgumentParser(prog="python -m notifier", description=notifier.__doc__)
    notifier.add_arguments(parser)
    try:
        return notifier.run(parser.parse_args())
    except ClaimsError as problem:
        print(f"claims notifier: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
