"""`python -m backoffice_adapter`: the same as `claims sync`."""

import argparse
import sys

from backoffice_adapter import commands


def main() -> int:
    """Read the words of the command line and do it."""
    parser = argparse.ArgumentParser(prog="python -m backoffice_adapter", description=commands.__doc__)
    commands.add_arguments(parser)
    return commands.run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
