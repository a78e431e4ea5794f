"""The one command, `claims`: finds each package's commands by name and loads only what was asked for."""

import argparse
import importlib
import sys

# command -> (module with `add_arguments(parser)` and `run(args) -> int`, help)
COMMANDS: dict[str, tuple[str, str]] = {}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code says how it went (0 done, 1 failed, 2 wrong words)."""
    parser = argparse.ArgumentParser(prog="claims", description="Claims status: portal, notifier, back-office adapter.")
    parser.add_argument("command", choices=sorted(COMMANDS), help="what to do; `claims COMMAND --help` says more")
    words = sys.argv[1:] if argv is None else argv
    args = parser.parse_args(words[:1])
    module = importlib.import_module(COMMANDS[args.command][0])
    command = argparse.ArgumentParser(prog=f"claims {args.command}", description=COMMANDS[args.command][1])
    module.add_arguments(command)
    return int(module.run(command.parse_args(words[1:])))


if __name__ == "__main__":
    sys.exit(main())
