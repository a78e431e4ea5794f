"""Winning rows of the queue: rate, lanes, order and lease in one statement."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import NamedTuple
from uuid import UUID

import asyncpg

from claims_core.ids import new_id
from claims_core.installation import foreign
from notifier.dispatch.queues import MINE
from notifier.states import ChannelName, Importance
from notifier.switch import is_stopped

# A code and an answer wait for nobody: not for the sender's rate, nor for a slot.
URGENT = 1
EVERYTHING = 99
# A row that was in hand when a worker died twice is taken alone, so that its neighbours do not die with it.
SUSPECT_FROM = 2
PROBE = "probe"  # the pause reason of a sender whose one message after a pause is on its way


# $1 now, $2 sender, $3 lowest lane, $4 most rows, $5 lease token, $6 lease until, $7 suspects?, $8 instance, $9 others.
# The bucket's row is locked for this statement only; so the rate holds over all processes. A sender that comes
# back from a pause lets one message through and is paused again until that one has been taken, or its lease ends.
# `offset 0` keeps the look-back a look-up by index for the rows that are looked at, whatever the statistics say.
def _take(mine: str) -> str:
    return f"""
with bucket as (
  select r.sender, r.pause_reason is not null as probing,
    least(r.burst, r.tokens + greatest(0, extract(epoch from $1 - r.refilled_at))::float8 * r.per_second) as tokens,
    r.burst
  from sender_rate r where r.sender = $2 and (r.paused_until is null or r.paused_until <= $1)
    and not {foreign("$8")}
  for update
), due as (
  select n.id from notification n
  where n.state = 'planned' and {mine} and n.priority <= $3 and n.not_before <= $1 and n.send_by > $1
    and (n.takes >= {SUSPECT_FROM}) = $7 and not {is_stopped("n.channel", "n")}
    and (n.importance not in ('required', 'progress') or not exists (
      select from notification e where e.recipient_id = n.recipient_id and e.claim_id = n.claim_id
        and e.event_seq < n.event_seq and e.importance in ('required', 'progress')
        and e.state in ('planned', 'sending', 'unknown', 'held') offset 0))
  order by n.priority, n.not_before, n.id
  limit coalesce((select least($4::float8, case when probing then 1 else
    floor(tokens + case when $3 <= {URGENT} then burst else 0 end) end) from bucket), 0)::bigint
  for update of n skip locked
), taken as (
  update notification n set state = 'sending', takes = n.takes + 1, lease_token = $5, lease_until = $6
  from due where n.id = due.id
  returning n.id, n.recipient_id, n.importance, n.channel, n.template, n.language, n.send_by
), spent as (
  update sender_rate r set tokens = bucket.tokens - (select count(*) from taken), refilled_at = $1,
    paused_until = case when bucket.probing and exists (select from taken) then $6::timestamptz
      else r.paused_until end,
    pause_reason = case when bucket.probing and exists (select from taken) then '{PROBE}' else r.pause_reason end
  from bucket where r.sender = bucket.sender
)
select taken.*, bucket.tokens from bucket left join taken on true
"""  # noqa: S608


_TAKE, _TAKE_OF_SEVERAL = _take("n.sender = $2"), _take(MINE)


class Taken(NamedTuple):
    """A notification that is ours until the lease runs out."""

    id: UUID
    recipient_id: UUID
    importance: Importance
    channel: ChannelName
    template: str
    language: str
    send_by: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one take has won, and what the sender may still send at once."""

    lease_token: UUID
    lease_until: datetime
    rows: tuple[Taken, ...]
    tokens_left: float


async def take(
    pool: asyncpg.Pool,
    sender: str,
    *,
    most: int,
    now: datetime,
    lease: timedelta,
    lane: int = EVERYTHING,
    suspects: bool = False,
    instance_id: str | None = None,
    others: tuple[str, ...] = (),
) -> Batch:
    """Take up to `most` due ones of `sender` (and of `others` that pause), urgent first; committed when it returns."""
    token, until = new_id(), now + lease
    values = (now, sender, lane, most, token, until, suspects, instance_id)
    rows = await (pool.fetch(_TAKE_OF_SEVERAL, *values, others) if others else pool.fetch(_TAKE, *values))
    taken = tuple(
        Taken(
            row["id"],
            row["recipient_id"],
            Importance(row["importance"]),
            ChannelName(row["channel"]),
            row["template"],
            row["language"],
            row["send_by"],
        )
        for row in rows
        if row["id"] is not None
    )
    # Without a bucket the sender is paused: looking again soon is worth nothing.
    return Batch(token, until, taken, (rows[0]["tokens"] - len(taken)) if rows else inf)
