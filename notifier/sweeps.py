"""What time alone ends or holds: what is too late, what an outage left waiting, and a copy of another's database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from claims_core.installation import foreign
from notifier.deciding.decisions import BACKLOG_AFTER
from notifier.states import NotificationState
from notifier.switch import is_stopped

GRACE = timedelta(minutes=5)
_EXPIRE = """
update notification n set state = 'expired', reason = 'too_late', finished_at = $1,
  values = case when n.importance = 'code' then '{}'::jsonb else n.values end
where n.id in (select o.id from notification o where o.state in ('planned', 'held') and o.send_by <= $1
  limit 5000 for update skip locked)
"""
# Whatever has not ended: in the original it may have left long ago, or be on its way at this moment.
_HOLD = """
update notification n set state = 'held', reason = 'restore', takes = 0, lease_token = null, lease_until = null
where n.state in ('planned', 'sending', 'unknown')
"""
# Due for long and not sent because nobody took it: the sender is paused or stopped, or nobody ran one. A sender that is
# merely busy works its queue off at its own rate.
_HOLD_BACKLOG = f"""
update notification n set state = 'held', reason = 'backlog' from sender_rate r
where r.sender = n.sender and (r.pause_reason is not null or r.refilled_at <= $1 or {is_stopped("n.sender", "n")})
  and n.state = 'planned' and n.importance in ('required', 'progress', 'heartbeat') and n.not_before <= $1
"""  # noqa: S608
# Whoever waits must have somebody who will move them on: a lease, a look-up with a date, a moment not yet over.
_OPEN = """
select n.state, count(*) as n,
  min(n.not_before) filter (where n.state = 'planned' and n.not_before <= $1) as oldest_due,
  count(*) filter (where
    (n.state = 'sending' and (n.lease_until is null or n.lease_until < $2))
    or (n.state in ('planned', 'held') and n.send_by < $2)
    or (n.state = 'unknown' and not exists (select from delivery d where d.notification_id = n.id
      and d.state = 'unknown' and d.resolution is null and d.resolve_after is not null))) as ownerless
from notification n where n.state in ('planned', 'sending', 'unknown', 'held') group by n.state
"""


@dataclass(frozen=True, slots=True)
class Health:
    """What is under way, by state; how long the oldest due one has waited; and how many nobody would move on."""

    open: Mapping[NotificationState, int]
    waited: timedelta
    ownerless: int


async def expire(pool: asyncpg.Pool, *, now: datetime) -> int:
    """End what can no longer leave in time. How many; call again while it is many."""
    return int((await pool.execute(_EXPIRE, now)).split()[-1])


async def hold_backlog(pool: asyncpg.Pool, *, now: datetime) -> int:
    """Put aside what waited for hours while nothing could leave, so that it does not come in one burst. How many."""
    return int((await pool.execute(_HOLD_BACKLOG, now - BACKLOG_AFTER)).split()[-1])


async def is_foreign(pool: asyncpg.Pool, *, instance_id: str | None) -> bool:
    """Is this the database of another installation, a copy, or one that was restored and not taken over yet?"""
    return bool(await pool.fetchval(f"select {foreign('$1::text')}", instance_id))


async def hold_foreign_copy(pool: asyncpg.Pool, *, instance_id: str | None) -> int:
    """In a database that is not ours, put everything aside for a person. How many."""
    done = await pool.execute(f"{_HOLD} and {foreign('$1::text')}", instance_id)
    return int(done.split()[-1])


async def hold_restored(connection: asyncpg.Connection) -> int:
    """Put aside all that has not ended, in the caller's transaction: the database is being taken over. How many."""
    return int((await connection.execute(_HOLD)).split()[-1])


async def health(pool: asyncpg.Pool, *, now: datetime) -> Health:
    """Look at all that has not ended: planned = ended + these, and each of these has an owner."""
    rows = await pool.fetch(_OPEN, now, now - GRACE)
    due = [row["oldest_due"] for row in rows if row["oldest_due"] is not None]
    return Health(
        open={NotificationState(row["state"]): row["n"] for row in rows},
        waited=now - min(due) if due else timedelta(0),
        ownerless=sum(row["ownerless"] for row in rows),
    )
