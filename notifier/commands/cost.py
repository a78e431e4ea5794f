"""What messages cost: `claims notifications cost`, a line for each month, channel and provider, or for each message."""

import argparse
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.errors import BadInput, NotFound
from claims_core.settings import read_settings
from notifier.commands.with_session import with_session
from notifier.settings import NotifierSettings

CENTS = Decimal("0.01")
BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - it gets the insurer's zone
# The price of the way of a delivery `d` when it left, as `p`; and what it cost, None where no price was noted by then.
PRICE_THEN = """left join lateral (select w.price, w.currency from way_price w where w.channel = d.channel
    and w.provider = d.provider and w.since <= d.started_at order by w.since desc limit 1) p on true"""
COST = "coalesce(d.billed, d.segments * p.price)"  # what the provider says itself weighs more
# What may have been taken is paid for.
_PAID = f"""
with paid as (
  select d.started_at as at, to_char(d.started_at at time zone :zone, 'YYYY-MM') as month, d.channel, d.provider,
    d.segments, d.state, n.template, n.claim_id, {COST} as cost,
    case when d.billed is null then p.currency else d.billed_currency end as currency
  from delivery d join notification n on n.id = d.notification_id
  {PRICE_THEN}
  where d.state in ('unknown', 'accepted', 'on_its_way', 'undelivered', 'delivered')
    and d.started_at >= :since and d.started_at < :until
    and (cast(:number as text) is null or n.claim_id in (select id from claim where claim_number = :number
      union select claim_id from claim_number where number = :number))
)
"""  # noqa: S608
_BY_MONTH = text(
    _PAID
    + """
select month, channel, provider, currency, count(*) as messages, sum(segments) as segments,
  count(distinct claim_id) as claims, sum(cost) as cost, count(*) filter (where cost is null) as without_price
from paid group by month, channel, provider, currency order by month, channel, provider, currency
"""
)
_BY_MESSAGE = text(
    _PAID
    + """
select at, month, template, channel, provider, state, currency, 1 as messages, segments, cost,
  (cost is null)::int as without_price
from paid order by at, template
"""
)
_KNOWN = text("""
select exists (select from claim where claim_number = :number)
  or exists (select from claim_number where number = :number)
""")


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


async def costs_of(
    session: AsyncSession, *, claim: str | None, since: datetime, until: datetime, zone: str
) -> list[dict[str, Any]]:
    """Rows by month, channel, provider and currency; of one claim a row a message."""
    connection = await session.connection()
    if claim is not None and not (await connection.execute(_KNOWN, {"number": claim})).scalar():
        raise NotFound(f"there is no claim {claim}")
    values = {"zone": zone, "since": since, "until": until, "number": claim}
    rows = await connection.execute(_BY_MONTH if claim is None else _BY_MESSAGE, values)
    return [dict(row._mapping) for row in rows]


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
