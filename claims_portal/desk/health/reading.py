"""What is read to say how everything stands: sources, queue, providers, jobs, changes, people who wait, money."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.tables import JobSlot
from claims_core.ticks import last_runs
from notifier.costs import costs_of
from notifier.planning import calls

LATELY = timedelta(hours=24)
# A handler's change that nobody took for so long is not on its way: the adapter does not run, or cannot write.
CHANGE_PATIENCE = timedelta(minutes=15)

_SOURCES = text("""
select s.source, f.fresh_at, coalesce(f.fresh_at + make_interval(secs => f.old_after_seconds) < :now, false) as is_old,
  coalesce((select r.state = 'failed' from sync_run r where r.source = s.source and not r.pushed
    order by r.started_at desc limit 1), false) as failed,
  (select count(*) from rejected_case r where r.source = s.source and r.settled_at is null) as rejected,
  (select count(*) from sync_run r where r.source = s.source and r.held_at is not null
    and not exists (select from hold_decision h where h.run_id = r.id)) as held
from (select source from source_freshness union select source from sync_run
  union select source from rejected_case where settled_at is null) s
left join source_freshness f on f.source = s.source order by s.source
""")
_QUEUE = text("""
select count(*) filter (where state = 'planned' and not_before <= :now) as due,
  min(not_before) filter (where state = 'planned' and not_before <= :now) as oldest,
  count(*) filter (where state = 'held') as held, count(*) filter (where state = 'unknown') as unknown
from notification where state in ('planned', 'sending', 'unknown', 'held')
""")
_SENDERS = text("""
select coalesce(r.sender, s.sender) as sender, r.paused_until, r.pause_reason, s.why, s.stopped_at,
  coalesce((select name from staff where 'staff:' || id = s.stopped_by), s.stopped_by) as stopped_by
from sender_rate r full join sending_stop s on s.sender = r.sender order by 1
""")
_WAYS = text("""
select d.channel, d.provider, count(*) as handed, count(*) filter (where d.state = 'delivered') as arrived,
  count(*) filter (where d.state in ('refused', 'undelivered')) as failed
from delivery d where d.started_at >= :since and d.started_at <= :now group by 1, 2 order by 1, 2
""")
_WAITS = text("""
select (select count(*) from change_request where state = 'waiting' and not_before < :change_since) as changes,
  (select count(*) from change_request where state = 'refused' and finished_at >= :since) as refused,
  (select count(*) from question where answered_at is null and answer_due_at < :now) as late_questions
""")


@dataclass(frozen=True, slots=True)
class Source:
    """A back office. `fresh_at` is None until it was read whole."""

    source: str
    fresh_at: datetime | None
    is_old: bool
    failed: bool
    rejected: int
    held: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The messages that have not ended; `oldest` is when the first that is due should have left."""

    due: int
    oldest: datetime | None
    held: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Sender:
    """One that hands messages over, `*` for all: paused by itself, or stopped by a person."""

    sender: str
    paused_until: datetime | None
    pause_reason: str | None
    why: str | None
    stopped_at: datetime | None
    stopped_by: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """What a channel's provider was given within `LATELY`, and what became of it."""

    channel: str
    provider: str
    handed: int
    arrived: int
    failed: int


@dataclass(frozen=True, slots=True)
class Waits:
    """Changes that are not taken or were refused, questions past their time, and people to call."""

    changes: int
    refused: int
    late_questions: int
    calls: int


@dataclass(frozen=True, slots=True)
class Everything:
    """How everything stands; nothing of it names a policyholder. `spent` is today's, by currency."""

    sources: tuple[Source, ...]
    queue: Queue
    senders: tuple[Sender, ...]
    ways: tuple[Way, ...]
    jobs: Sequence[JobSlot]
    waits: Waits
    spent: dict[str, Decimal]
    unpriced: int


async def read_everything(session: AsyncSession, *, now: datetime, zone: ZoneInfo) -> Everything:
    """All of it in one transaction. "Today" begins at midnight in `zone`."""
    connection = await session.connection()
    at = {"now": now, "since": now - LATELY}
    sources = await connection.execute(_SOURCES, {"now": now})
    queue = (await connection.execute(_QUEUE, {"now": now})).one()
    senders = await connection.execute(_SENDERS)
    ways = await connection.execute(_WAYS, at)
    waits = (await connection.execute(_WAITS, at | {"change_since": now - CHANGE_PATIENCE})).one()
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    costs = await costs_of(session, claim=None, since=midnight, until=now, zone=zone.key)
    spent: dict[str, Decimal] = {}
    for row in costs:
        if row["cost"] is not None:
            spent[row["currency"]] = spent.get(row["currency"], Decimal(0)) + row["cost"]
    return Everything(
        sources=tuple(Source(**row._asdict()) for row in sources),
        queue=Queue(**queue._asdict()),
        senders=tuple(Sender(**row._asdict()) for row in senders),
        ways=tuple(Way(**row._asdict()) for row in ways),
        jobs=await last_runs(session),
        waits=Waits(**waits._asdict(), calls=await calls.how_many(session, now=now)),
        spent=spent,
        unpriced=sum(row["without_price"] for row in costs),
    )
