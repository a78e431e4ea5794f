"""Claims for the desk to look through, one in ten of them open, each with a date of ours: `ADDRESS NUMBER`."""

import asyncio
import json
import sys
from datetime import timedelta

import asyncpg

from benchmarks.sender.seed import claim
from claims_core import ledger
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.stages import ClaimStage

# One claim as the ledger writes it, made many: what differs is what a search looks for and a queue is ordered by.
SURNAMES = ("Петров", "Иванов", "Ковалевск", "Белов", "Сидоров", "Кравец", "Гоголь", "Цой", "Берия", "Толстой")
PEOPLE = """
insert into policyholder select made.*
from policyholder p, generate_series(1, $1) n, jsonb_populate_record(p, jsonb_build_object(
  'id', md5('p' || n)::uuid, 'source_ref', 'p' || n,
  'name', ($2::text[])[1 + n % 10] || ' Иван' || chr(1072 + n / 20 % 30) || chr(1072 + n / 600 % 30))) made
where p.source_ref = 'person-0'
"""
PHONES = """
insert into contact_point (id, policyholder_id, kind, address, place, on_file)
select gen_random_uuid(), md5('p' || n)::uuid, 'phone', '+7903' || lpad(n::text, 7, '0'), 0, true
from generate_series(1, $1) n
"""
CLAIMS = """
insert into claim select made.*
from claim c, generate_series(1, $1) n, jsonb_populate_record(c, jsonb_build_object(
  'id', md5('c' || n)::uuid, 'source_ref', 'c' || n, 'claim_number', '2042-' || lpad(n::text, 7, '0'),
  'policyholder_id', md5('p' || n)::uuid, 'reported_at', now() - n % 400 * interval '1 hour',
  'object_label', 'Kia Rio А' || lpad((n % 1000)::text, 3, '0') || 'ВС' || 10 + n / 1000 % 90,
  'stage', case when n % 10 = 0 then c.stage else 'closed' end, 'is_dated', n % 10 = 0)) made
where c.source_ref = 'bench:0'
"""
PROMISES = """
insert into promise (id, claim_id, kind, basis, start_date, due_date, made_at)
select gen_random_uuid(), c.id, 'decision', 'target', current_date - 10, current_date + (random() * 60)::int, now()
from claim c where c.stage <> 'closed' and c.source_ref like 'c%'
"""


async def seed(url: str, number: int) -> None:
    """So many claims of so many people."""
    engine, now = make_engine(url), utc_now()
    async with session_scope(engine) as session:
        await ledger.record(
            session, [claim(0, ClaimStage.ASSESSING, now)], now=now, settle=timedelta(0), first_load=True
        )
    await engine.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute(PEOPLE, number, SURNAMES)
    for statement in (PHONES, CLAIMS):
        await connection.execute(statement, number)
    await connection.execute(PROMISES)
    await connection.execute("vacuum analyze")
    await connection.close()


if __name__ == "__main__":
    asyncio.run(seed(sys.argv[1], int(sys.argv[2])))
    print(json.dumps({}))
