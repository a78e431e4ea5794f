"""The product's queue: taken, a delivery committed before the call that is none, acknowledged. `ADDRESS NUMBER`.

Order, lanes, the sender's rate, leases and fences are all on. Looking once more at what is said and rendering it is
the work in a message and not the queue; the section `sender` has that too.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import uvloop

from benchmarks.sender.settings import settings_for
from claims_core.clock import utc_now
from claims_core.db import pool_scope
from claims_core.ids import new_id, new_token
from notifier.channels.base import Accepted, Content
from notifier.channels.console import ConsoleChannel
from notifier.dispatch.outcomes import Outcome, acknowledge
from notifier.dispatch.rates import open_sender
from notifier.dispatch.readying import HandOver, commit
from notifier.dispatch.sender import TAKERS
from notifier.dispatch.taking import Batch, Taken, take
from notifier.process import open_sending_pool
from notifier.states import ChannelName

BATCH = 256
LEASE = timedelta(seconds=60)
SETTINGS = settings_for("1")
CHANNELS = {ChannelName.SMS: ConsoleChannel(ChannelName.SMS)}
TEXT = "Claim 0001: we are working out the cost of the damage. Decision by 4 Jun. cl.ex.org/abcdefgh"


async def work(url: str, number: int) -> float:
    """Work off all that waits; seconds. Raises `RuntimeError` if a message was left."""
    pool = await open_sending_pool(url)
    await open_sender(pool, ChannelName.SMS, per_second=SETTINGS.notifier_rate_per_second, now=utc_now())
    begun = time.perf_counter()
    done = sum(await asyncio.gather(*(_worker(pool) for _ in range(TAKERS))))
    seconds = time.perf_counter() - begun
    await pool.close()
    if done != number:
        raise RuntimeError(f"{done} of {number} messages went through the queue")
    return seconds


async def _worker(pool: asyncpg.Pool) -> int:
    done = 0
    while (batch := await take(pool, ChannelName.SMS, most=BATCH, now=utc_now(), lease=LEASE)).rows:
        going = [_hand_over(row, batch) for row in batch.rows]
        async with pool_scope(pool) as connection:
            now = utc_now()
            ours = await commit(connection, going, CHANNELS, batch, SETTINGS, "bench", now)
        done += await _acknowledged(pool, [each for each in going if each.delivery_id in ours])
    return done


async def _acknowledged(pool: asyncpg.Pool, handed_over: Sequence[HandOver]) -> int:
    outcomes = [Outcome(each, Accepted(each.token, "queued")) for each in handed_over]
    async with pool_scope(pool) as connection:
        await acknowledge(connection, outcomes, now=utc_now())
    return len(outcomes)


def _hand_over(row: Taken, batch: Batch) -> HandOver:
    return HandOver(
        delivery_id=new_id(),
        taken=row,
        lease_token=batch.lease_token,
        lease_until=batch.lease_until,
        address="+14152000000",
        text=TEXT,
        text_version=0,
        token=new_token(),
        link_hash=None,
        content=Content(row.template, "en"),
    )


if __name__ == "__main__":
    count = int(sys.argv[2])
    print(json.dumps({"rate": count / uvloop.run(work(sys.argv[1], count))}))
