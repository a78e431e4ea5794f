"""The product: the senders of `claims notifier` on a planned queue. `ADDRESS PORT NUMBER [IN_FLIGHT]`."""

import asyncio
import json
import sys
import time

import asyncpg
import uvloop

from benchmarks.sender.settings import IN_FLIGHT, settings_for
from claims_core.clock import utc_now
from notifier.channels.twilio.channel import TwilioChannel, open_http
from notifier.dispatch import open_senders, run
from notifier.dispatch.rates import open_sender
from notifier.process import collect_seldom, open_sending_pool
from notifier.states import ChannelName

OPEN = "select count(*) from notification where state in ('planned', 'sending')"


async def send(url: str, port: str, in_flight: int) -> float:
    """Send all that waits; seconds."""
    settings, pool, stop = settings_for(port, in_flight), await open_sending_pool(url), asyncio.Event()
    http = open_http(settings)
    channels = {ChannelName.SMS: TwilioChannel(ChannelName.SMS, settings, http)}
    senders = open_senders(pool, channels, settings, worker="bench", clock=utc_now)
    for sender in senders:
        await open_sender(pool, sender.name, per_second=settings.notifier_rate_per_second, now=utc_now())
    collect_seldom()
    begun = time.perf_counter()
    running = asyncio.create_task(run(senders, stop))
    while await pool.fetchval(OPEN):  # noqa: ASYNC110 - the queue is in the database, not in this process
        await asyncio.sleep(0.05)
    seconds = time.perf_counter() - begun
    stop.set()
    await running
    await _all_sent(pool)
    await http.close()
    await pool.close()
    return seconds


async def _all_sent(pool: asyncpg.Pool) -> None:
    states = {
        row["state"]: row["n"] for row in await pool.fetch("select state, count(*) n from notification group by 1")
    }
    if set(states) != {"sent"}:
        raise RuntimeError(f"not all are sent: {states}")


if __name__ == "__main__":
    at_once = int(sys.argv[4]) if len(sys.argv) > 4 else IN_FLIGHT
    took = uvloop.run(send(sys.argv[1], sys.argv[2], at_once))
    print(json.dumps({"rate": int(sys.argv[3]) / took}))
