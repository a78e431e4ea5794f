"""`claims channels`: every way to reach people, whether it is ready here, and what its provider can do."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from claims_core.settings import read_settings
from notifier.channels.ways import standing
from notifier.settings import NotifierSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Print a line for each way of the table, ready or not. Nothing is opened or asked."""
    for row in rows_of(read_settings(NotifierSettings)):
        print(json.dumps(row, default=str) if args.json else _as_line(row))
    return 0


def rows_of(settings: NotifierSettings) -> list[dict[str, Any]]:
    """The ways as values for a program. `why_not` is None for one that is ready; the market may forbid it still."""
    return [
        {
            "channel": each.way.name.value,
            "provider": each.way.provider,
            "ready": each.why_not is None,
            "why_not": each.why_not,
            "market": settings.notifier_market.value,
            "allowed": each.allowed,
            "capabilities": asdict(each.way.capabilities(settings)),
        }
        for each in standing(settings)
    ]


def _as_line(row: dict[str, Any]) -> str:
    can = ", ".join(name for name, able in row["capabilities"].items() if able is True) or "nothing but sending"
    law = "allowed" if row["allowed"] else f"forbidden in {row['market']}"
    ready = "ready" if row["ready"] else f"not ready: {row['why_not']}"
    return f"{row['channel']:<10} {row['provider']:<9} {law:<16} {can:<36} {ready}"
