"""A short live feed of what happens in the demo: facts, and what became of the messages about them."""

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

import asyncpg

_EVENTS = """
select e.seq, e.recorded_at as at, c.claim_number, e.kind, e.page_state
from case_event e join claim c on c.id = e.claim_id where e.seq > $1 and not e.historic
and e.kind not in ('handler_changed', 'money_changed', 'facts_changed') order by e.seq limit 50
"""
_DELIVERIES = """
select d.id, d.final_at as at, c.claim_number, n.template, d.channel, d.state, right(d.address, 4) as tail
from delivery d join notification n on n.id = d.notification_id left join claim c on c.id = n.claim_id
where d.final_at > $1 order by d.final_at limit 50
"""
LOOK_EVERY = 1.0


async def feed(url: str, say: Callable[[str], None], *, zone: ZoneInfo) -> None:
    """Tell what happens, a line each, until cancelled."""
    connection = await asyncpg.connect(url)
    try:
        seq = await connection.fetchval("select coalesce(max(seq), 0) from case_event")
        since = await connection.fetchval("select now()")
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for row in await connection.fetch(_EVENTS, seq):
                seq = row["seq"]
                clock = row["at"].astimezone(zone).strftime("%H:%M:%S")
                say(f"{clock}  {row['claim_number']:<10} {row['kind']} ({row['page_state']})")
            for row in await connection.fetch(_DELIVERIES, since):
                since = row["at"]
                clock, number = row["at"].astimezone(zone).strftime("%H:%M:%S"), row["claim_number"] or ""
                say(f"{clock}  {number:<10}   {row['channel']} ···{row['tail']}: {row['template']}, {row['state']}")
    finally:
        await connection.close()
