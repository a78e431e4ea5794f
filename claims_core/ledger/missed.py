"""Promises whose day is over: said so, as a fact, before the policyholder asks."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection
from claims_core.deadlines import country_zones
from claims_core.ids import new_id
from claims_core.ledger.rows import EVENT, EventRow
from claims_core.ledger.staging import Row, merge
from claims_core.snapshot import CaseEventKind

# The clock of a claim that waits for its policyholder is stopped. One writer at a time has a promise.
OVERDUE = """
select p.id, p.claim_id, p.kind, p.basis, p.due_date, c.country, c.stage, c.situation, c.page_state, c.mapping_version,
  (select min(n.due_date) from promise n where n.claim_id = p.claim_id and n.kind = p.kind and n.ended_at is null
     and n.due_date > p.due_date) as next_date
from promise p join claim c on c.id = p.claim_id
left join unnest($3::text[], $4::text[]) as z(country, zone) on z.country = c.country
where p.ended_at is null and c.gone_at is null and c.merged_into is null
  and p.due_date < ($1::timestamptz at time zone coalesce(z.zone, 'UTC'))::date
  and not exists (select from pause w where w.claim_id = p.claim_id and w.ended_at is null)
order by p.due_date, p.id limit $2 for update of p skip locked
"""

# A missed day of the decision is still the date that is shown; a missed day of the money is none (`is_dated`).
SEEN = """
update claim c set version = version + 1, is_dated = exists (
  select from promise p where p.claim_id = c.id and p.basis in ('target', 'handler')
  and (p.ended_at is null or p.kept is false and p.kind = 'decision'))
where id = any($1)
"""


async def miss_promises(session: AsyncSession, *, now: datetime, limit: int = 1000) -> int:
    """End up to `limit` promises whose day is over in the claim's country, each with its fact; how many."""
    connection = await driver_connection(session)
    zones = country_zones()
    over = [dict(row) for row in await connection.fetch(OVERDUE, now, limit, list(zones), list(zones.values()))]
    if not over:
        return 0
    ended = "update promise set ended_at = $2, kept = false where id = any($1)"
    await connection.execute(ended, [row["id"] for row in over], now)
    await connection.execute(SEEN, sorted({row["claim_id"] for row in over}))
    await merge(connection, EVENT, [_missed(row, now) for row in over])
    await connection.execute("select pg_notify('case_event', '')")
    return len(over)


def _missed(row: Mapping[str, Any], now: datetime) -> Row:
    due, following = row["due_date"].isoformat(), row["next_date"]
    detail = {"promise": row["kind"], "basis": row["basis"], "old_date": due}
    if following:
        detail["date"] = following.isoformat()
    return EventRow(
        id=new_id(),
        claim_id=row["claim_id"],
        kind=CaseEventKind.PROMISE_MISSED,
        fact_key=f"{CaseEventKind.PROMISE_MISSED.value}:{row['kind']}:{row['basis']}:{due}",
        stage=row["stage"],
        situation=row["situation"],
        page_state=row["page_state"],
        mapping_version=row["mapping_version"],
        detail=json.dumps(detail),
        occurred_at=now,
        recorded_at=now,
        tell_after=now,
        historic=False,
    )
