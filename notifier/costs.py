"""What messages cost: their parts at the price of the moment they left, or what the provider says it billed."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.errors import NotFound

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
