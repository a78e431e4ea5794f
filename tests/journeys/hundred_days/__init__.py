"""A hundred days of claims with the clock in hand: what each policyholder hears, and for how long they hear nothing."""

import io
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core import jobs, ledger
from claims_core.db import open_pool, session_scope
from claims_core.tables import Claim
from claims_core.ticks import Context
from notifier import held
from notifier.channels.console import ConsoleChannel
from notifier.deciding.silences import days_of_silence, shipped_silences
from notifier.dispatch import dispatch_once
from notifier.people import preferences
from notifier.planning.another_way import write_beyond_cap
from notifier.planning.heartbeat import beat
from notifier.planning.planner import plan_batch
from notifier.planning.silent import WAITING
from notifier.settings import NotifierSettings
from notifier.states import Cadence, ChannelName, Reason
from notifier.sweeps import expire
from tests.journeys.hundred_days.lives import Life, lives
from tests.notifier.scenes import the_settings

START = datetime(2026, 2, 2, tzinfo=UTC)  # the clocks of some places change in the hundred days that follow
BEGIN_WITHIN = timedelta(days=40)
# When we look: at half past nine and at seven o'clock in Moscow. The product looks every few seconds.
LOOKS = (timedelta(hours=6.5), timedelta(hours=16))
# A message that is due at night leaves in the morning, one that is due on the day of another on the next, and the third
# heartbeat in a row when a person has looked, once a day here.
LENIENCY = timedelta(days=1)
LETTERS = {"smtp_url": "smtp://mail.example:587", "smtp_from": "claims@primer.example"}
BEATS = 500  # silences that are looked at together

_SILENCES = """
select x.cadence, $1 - greatest((select min(e.recorded_at) from case_event e where e.claim_id = c.id),
    (select max(d.started_at) from notification n join delivery d on d.notification_id = n.id
     where n.claim_id = c.id and d.state = 'delivered')) as silence
from claim c join preference x on x.policyholder_id = c.policyholder_id
where c.page_state = any($2) and c.stage <> 'closed'
"""
_MESSAGES = """
select x.cadence, c.id, n.importance, count(d.id) as n
from claim c join preference x on x.policyholder_id = c.policyholder_id
left join notification n on n.claim_id = c.id and n.importance in ('required', 'progress', 'heartbeat')
left join delivery d on d.notification_id = n.id and d.state = 'delivered'
group by 1, 2, 3
"""
_BY_DAY = """
select n.recipient_id, count(*) as n from notification n join delivery d on d.notification_id = n.id
where n.importance in ('progress', 'heartbeat')
group by n.recipient_id, (d.started_at at time zone 'Europe/Moscow')::date having count(*) > 1
"""


@dataclass
class Heard:
    """Of each cadence: how many messages each claim had, by importance; and the longest silence of an open one."""

    messages: dict[Cadence, list[Counter[str]]] = field(default_factory=lambda: defaultdict(list))
    longest_silence: dict[Cadence, timedelta] = field(default_factory=lambda: defaultdict(timedelta))
    over_budget: int = 0
    twice_a_day: int = 0

    def counts(self, cadence: Cadence) -> list[int]:
        """How many messages each claim of this cadence had, the fewest first."""
        return sorted(counter.total() for counter in self.messages[cadence])


async def live(
    engine: AsyncEngine,
    url: str,
    *,
    claims: int,
    days: int,
    seed: int,
    on_day: Callable[[int], None] = lambda day: None,
) -> Heard:
    """Let `claims` live for `days`; every policyholder has chosen one of the three cadences, in turn."""
    chance = random.Random(seed)
    world, heard = lives(claims, chance=chance, start=START, within=BEGIN_WITHIN), Heard()
    # The clock stands still while we look: what a sender may send in a second is no matter here.
    settings, choices = the_settings(notifier_rate_per_second=100_000, **LETTERS), cycle(Cadence)
    pool = await open_pool(url, size=4)
    try:
        for day in range(days):
            for look in LOOKS:
                now = START + timedelta(days=day) + look
                await _move(engine, world, choices, now)
                if look is LOOKS[0]:
                    await _do_the_daily(engine, pool, settings, now)
                await _tell(engine, pool, settings, now)
            await _measure(pool, heard, now)
            on_day(day + 1)
        await _count(pool, heard)
    finally:
        await pool.close()
    return heard


async def _move(engine: AsyncEngine, world: list[Life], choices: "cycle[Cadence]", now: datetime) -> None:
    """What the back office says since the last look; whoever is new chooses how often they want to hear."""
    due = [life for life in world if life.moves_at <= now]
    new = [life.says for life in due if life.says.reported_at == life.moves_at]
    said = list(chain(new, (life.move() for life in due)))
    if not said:
        return
    async with session_scope(engine) as session:
        await ledger.record(session, said, now=now, settle=timedelta(0))
        refs = [shot.source_ref for shot in new]
        for policyholder_id in await session.exec(select(Claim.policyholder_id).where(Claim.source_ref.in_(refs))):
            await preferences.choose(session, policyholder_id, cadence=next(choices), how="desk", now=now)


async def _tell(engine: AsyncEngine, pool: asyncpg.Pool, settings: NotifierSettings, now: datetime) -> None:
    """Decide on what is new, and hand over what is due."""
    while await plan_batch(engine, now=now, settings=settings):
        pass
    channels = {name: ConsoleChannel(name, out=io.StringIO()) for name in (ChannelName.SMS, ChannelName.EMAIL)}
    while await dispatch_once(pool, channels, settings, now=now) or await write_beyond_cap(pool, now=now):
        pass


async def _do_the_daily(engine: AsyncEngine, pool: asyncpg.Pool, settings: NotifierSettings, now: datetime) -> None:
    """What goes by the clock; and the person who lets go what waits for a look."""
    await jobs.end_promises(Context(engine, now))
    await expire(pool, now=now)
    while await beat(engine, now=now, settings=settings) == BEATS:
        pass
    async with session_scope(engine) as session:
        await held.release_all(session, Reason.APPROVAL, by="head", now=now)


async def _measure(pool: asyncpg.Pool, heard: Heard, now: datetime) -> None:
    for row in await pool.fetch(_SILENCES, now, list(WAITING)):
        cadence = Cadence(row["cadence"])
        heard.longest_silence[cadence] = max(heard.longest_silence[cadence], row["silence"])
        heard.over_budget += row["silence"] > timedelta(days=days_of_silence(shipped_silences(), cadence)) + LENIENCY


async def _count(pool: asyncpg.Pool, heard: Heard) -> None:
    by_claim: dict[tuple[str, object], Counter[str]] = defaultdict(Counter)
    for row in await pool.fetch(_MESSAGES):
        by_claim[row["cadence"], row["id"]][row["importance"] or "none"] += row["n"]
    for (cadence, _), counter in by_claim.items():
        heard.messages[Cadence(cadence)].append(counter)
    heard.twice_a_day = len(await pool.fetch(_BY_DAY))
