"""What a part of a message costs over each way, from when on: noted by whoever sends, so that old months stay true."""

from collections.abc import Mapping
from datetime import datetime

import asyncpg

from notifier.channels.base import Channel
from notifier.channels.roads import roads_over
from notifier.settings import NotifierSettings
from notifier.states import ChannelName

# $1 now, $2 channels, $3 providers, $4 prices, $5 currency. Only a price that is another than the last is a row.
_NOTE = """
insert into way_price (channel, provider, since, price, currency)
select w.channel, w.provider, $1::timestamptz, w.price, $5::text
from unnest($2::text[], $3::text[], $4::numeric[]) as w(channel, provider, price)
left join lateral (select l.price, l.currency from way_price l
  where l.channel = w.channel and l.provider = w.provider order by l.since desc limit 1) last on true
where (last.price, last.currency) is distinct from (w.price, $5::text)
on conflict do nothing
"""


async def note_prices(
    pool: asyncpg.Pool, channels: Mapping[ChannelName, Channel], settings: NotifierSettings, *, now: datetime
) -> None:
    """Note what each open way costs from now on, where that has changed. May be called by several at once."""
    roads = [road for channel in channels.values() for road in roads_over(channel)]
    prices = [road.capabilities.cost for road in roads]
    ways = ([road.name for road in roads], [road.provider for road in roads])
    await pool.execute(_NOTE, now, *ways, prices, settings.notifier_sms_currency)
