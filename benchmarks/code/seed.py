"""Heartbeats that wait to be sent, and people who will ask for a code: `ADDRESS HEARTBEATS PEOPLE`."""

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

CLAIMS = 2_000
ASK_FOR_CODES = 7_990_000  # their numbers begin with +1415999
HEARTBEATS = """
insert into notification (id, cause_kind, cause_id, template, recipient_id, step, claim_id, importance, priority,
  channel, contact_point_id, sender, language, values, state, cadence, planned_at, not_before, send_by, takes)
select gen_random_uuid(), 'silence_slot', gen_random_uuid(), 'heartbeat', c.policyholder_id, 0, c.id, 'heartbeat', 8,
  'sms', (select i.id from contact_point i where i.policyholder_id = c.policyholder_id), 'sms', 'en',
  jsonb_build_object('page_state', c.page_state), 'planned', 'frequent', now(), now(), now() + interval '1 day', 0
from claim c cross join generate_series(1, $1) where c.claim_number < $2
"""


async def seed(url: str, heartbeats: int, people: int) -> None:
    """Claims under way, and so many heartbeats about them."""
    engine, now = make_engine(url), utc_now()
    numbers = [*range(CLAIMS), *range(ASK_FOR_CODES, ASK_FOR_CODES + people)]
    async with session_scope(engine) as session:
        shots = [claim(number, ClaimStage.ASSESSING, now) for number in numbers]
        await ledger.record(session, shots, now=now, settle=timedelta(0), first_load=True)
    await engine.dispose()
    connection = await asyncpg.connect(url)
    await connection.execute(HEARTBEATS, heartbeats // CLAIMS, claim(CLAIMS, ClaimStage.ASSESSING, now).claim_number)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(seed(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps({}))
