"""Words on a command line that are read the same way by several commands."""

import argparse
from collections.abc import Callable


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """A reader for argparse of a whole number from `least` to `most`; anything else is a usage error, exit code 2."""

    def read(word: str) -> int:
        if not word.isascii() or not word.isdigit() or not least <= int(word[:20]) <= most:
            raise argparse.ArgumentTypeError(f"'{word[:20]}' is no whole number from {least} to {most}")
        return int(word)

    return read
