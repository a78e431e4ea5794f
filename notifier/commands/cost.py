"""What messages cost: `claims notifications cost`, a line for each month, channel and provider, or for each message."""

import argparse
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from claims_core.clock import utc_now
from claims_core.errors import BadInput
from claims_core.settings import read_settings
from notifier.commands.with_session import with_session
from notifier.costs import costs_of
from notifier.settings import NotifierSettings

CENTS = Decimal("0.01")
BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - it gets the insurer's zone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`[--claim NUMBER] [--month YYYY-MM] [--json]`."""
    parser.add_argument("--claim", metavar="NUMBER", help="each message about one claim")
    parser.add_argument("--month", metavar="YYYY-MM", help="one month in the insurer's zone; all there are without it")
    parser.add_argument("--json", action="store_true", help="one object a line")


def run(args: argparse.Namespace) -> int:
    """Print the costs and their sums. No name, number or text of anybody is read. `NotFound` for no such claim."""
    settings = read_settings(NotifierSettings)
    since, until = month_of(args.month, ZoneInfo(settings.insurer_timezone))
    found = with_session(
        lambda session: costs_of(session, claim=args.claim, since=since, until=until, zone=settings.insurer_timezone)
    )
    for row in found:
        print(json.dumps(row, default=str) if args.json else _as_line(row))
    if not args.json:
        print("\n".join(sums_of(found)) if found else "nothing was sent")
    return 0


def month_of(said: str | None, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when; everything without a month. `BadInput` for what is no month."""
    if said is None:
        return BEGINNING.replace(tzinfo=zone), utc_now()
    try:
        year, month = (int(each) for each in said.split("-"))
        if year < BEGINNING.year:
            raise ValueError(year)
        return datetime(year, month, 1, tzinfo=zone), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    except ValueError:
        raise BadInput(f"--month {said}: a month is YYYY-MM, as 2026-05, not before {BEGINNING:%Y-%m}") from None


def sums_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The sum of each currency, and of a message; and how many have no price."""
    lines = []
    for currency in sorted({row["currency"] for row in rows if row["currency"]}):
        same = [row for row in rows if row["currency"] == currency]
        cost, messages = sum(row["cost"] for row in same), sum(row["messages"] for row in same)
        each = (cost / messages).quantize(CENTS)
        lines.append(f"{cost.quantize(CENTS)} {currency} for {messages} messages, {each} each")
    if without := sum(row["without_price"] for row in rows):
        lines.append(f"{without} messages have no price: they left before prices were noted")
    return lines


def _as_line(row: dict[str, Any]) -> str:
    cost = "no price" if row["cost"] is None else f"{row['cost'].quantize(CENTS)} {row['currency']}"
    over = f"{row['channel']} {row['provider']}"
    if "at" in row:
        return f"{row['at']:%Y-%m-%d %H:%M}  {row['template']:<20} {over:<17} {row['segments']:>3}  {cost}"
    each = "" if row["cost"] is None else f"  {(row['cost'] / max(1, row['claims'])).quantize(CENTS)} a claim"
    counted = f"{row['messages']:>8} messages {row['segments']:>8} parts {row['claims']:>8} claims"
    return f"{row['month']}  {over:<17} {counted}  {cost}{each}"
