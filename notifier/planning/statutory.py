"""The written notice that some laws ask for every so many days until the decision: the reasons, and what is missing."""

from datetime import datetime
from typing import Any

import asyncpg

from notifier.deciding.decisions import planned, reach
from notifier.deciding.silences import Silence
from notifier.planning.facts import COLUMNS, JOINS, background_of
from notifier.planning.plans import Decided, write_plans
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, CauseKind, Importance
from notifier.wording.texts import TRUTH

TEMPLATE = "delay_reasons"
# The strictest law that holds for a claim counts from the last such notice that a provider took, or from the day we
# first saw the claim. A slot's id follows from claim, start and number, as for any silence.
# $1 now, $2 limit, $3 market, $4 line or null, $5 days (a law each), $6 the installation's market.
_DUE = f"""
with laws as (
    select * from unnest($3::text[], $4::text[], $5::int[]) as r(market, line, days)
), since as (
    select c.id as claim_id, c.policyholder_id, law.days, greatest(last.at, first.at) as since
    from claim c
    cross join lateral (select min(r.days) as days from laws r where coalesce(r.line, c.line_of_business)
        = c.line_of_business and (r.market = $6 or starts_with(c.product, r.market || '_'))) law
    cross join lateral (select min(ev.recorded_at) as at from case_event ev where ev.claim_id = c.id) first
    left join lateral (select max(d.started_at) as at from notification n join delivery d on d.notification_id = n.id
        where n.claim_id = c.id and n.template = '{TEMPLATE}' and d.state in ('accepted', 'on_its_way', 'delivered'))
        last on true
    where law.days is not null and c.outcome is null and c.stage not in ('decided', 'fulfilling', 'closed')
      and c.gone_at is null and c.merged_into is null
), slots as (
    select *, floor(extract(epoch from $1 - since) / (days * 86400))::int as slot from since
    where since <= $1 - make_interval(days => days)
), due as (
    select *, md5('law ' || claim_id || ' ' || extract(epoch from since) || ' ' || slot)::uuid as slot_id from slots
)
select due.slot_id, due.days, {COLUMNS}
from due join policyholder p on p.id = due.policyholder_id join claim c on c.id = due.claim_id {JOINS}
where not exists (select from notification n where n.cause_kind = 'silence_slot' and n.cause_id = due.slot_id)
order by due.since limit $2
"""  # noqa: S608


async def give_notice(
    connection: asyncpg.Connection,
    silences: list[Silence],
    *,
    now: datetime,
    settings: NotifierSettings,
    limit: int,
) -> int:
    """Plan the notices that are due by law, `limit` at most, in the caller's transaction. How many.

    They are required: no cadence, cap or open question keeps them back, a STOP of texts leaves them the letter.
    """
    laws = [each for each in silences if each.by_law and each.market]
    if not laws:
        return 0
    columns = ([each.market for each in laws], [each.line for each in laws], [each.days for each in laws])
    rows = await connection.fetch(_DUE, now, limit, *columns, settings.notifier_jurisdiction)
    await write_plans(connection, [_decided(row, settings, now) for row in rows], now=now)
    return len(rows)


def _decided(row: asyncpg.Record, settings: NotifierSettings, now: datetime) -> Decided:
    stands = background_of(row)
    channel, reason = reach(ALL_CHANNELS, stands, settings)
    plan = planned(TEMPLATE, Importance.REQUIRED, channel, stands, settings=settings, now=now, reason=reason)
    # Said as long as nothing is decided, wherever the claim stands by then.
    values: dict[str, Any] = {"page_state": stands.page_state, TRUTH: "registered", "days": row["days"]}
    return (CauseKind.SILENCE_SLOT, row["slot_id"]), None, stands, plan, values
