"""When a sender pauses and for how long: by what its calls bring, it is stopped, slowed or woken again."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg

from claims_core.errors import AmbiguousHandOver, ChannelError, TemporaryChannelFailure
from claims_core.ids import jitter
from notifier.channels.base import AddressBusy, SenderStopped
from notifier.dispatch.taking import PROBE
from notifier.switch import StoppedByHand

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds, before jitter (`reliability` F05)
LONGEST_ASKED = 3600.0
PROBE_EVERY = 60.0  # where a person must act
TOO_FAST = frozenset({"429", "20429"})
BREAKER_AT = 5  # so many failures in a row and no message taken in between: the sender pauses

# $1 now, $2 sender, $3 answered, $4 failed, $5 pause asked for until, $6 the reason, $7 jitter. While a sender is
# paused, what was on its way when the pause began says nothing new; only the probe's outcome counts.
_SENDER = f"""
update sender_rate r set failures = o.failures, pause_reason = o.reason, paused_until = case
    when o.reason is null then null
    when r.pause_reason is null or r.pause_reason = '{PROBE}' then
      coalesce($5::timestamptz, $1::timestamptz + $7::float8 * make_interval(
        secs => least({LONGEST_PAUSE}, {FIRST_PAUSE} * 2 ^ greatest(0, o.failures - {BREAKER_AT}))))
    else greatest(r.paused_until, $5::timestamptz) end
from (
  select sender,
    case when pause_reason <> '{PROBE}' then failures when $4 = 0 or ($3 > 0 and $6::text is null) then 0
      when pause_reason = '{PROBE}' then least(20, failures + 1)
      else least({BREAKER_AT}, failures + $4) end as failures,
    case when pause_reason <> '{PROBE}' then pause_reason when $6::text is not null then $6 when $3 > 0 then null
      when pause_reason = '{PROBE}' or failures + $4 >= {BREAKER_AT} then 'failing' end as reason
  from sender_rate where sender = $2 for update
) o
where r.sender = o.sender
  and ((r.failures, r.pause_reason) is distinct from (o.failures, o.reason) or $5::timestamptz is not null)
returning r.paused_until, r.pause_reason, r.failures
"""  # noqa: S608


def wait_after(retry_after: float | None, *, stopped: bool = False) -> timedelta:
    """How long to wait: what the provider asked for (an hour at most), else 5 s, a minute where a person must act."""
    seconds = retry_after if retry_after is not None else PROBE_EVERY if stopped else FIRST_PAUSE
    return timedelta(seconds=min(seconds, LONGEST_ASKED) + jitter(FIRST_PAUSE / 2))


async def judge_sender(
    connection: asyncpg.Connection, sender: str, problems: Sequence[ChannelError | None], *, now: datetime
) -> None:
    """Pause or wake the sender by what went wrong with each of a batch of calls, None if nothing; logs a change."""
    problems = [each for each in problems if not isinstance(each, StoppedByHand)]
    temporary = [each for each in problems if isinstance(each, TemporaryChannelFailure | AmbiguousHandOver)]
    failed = [each for each in temporary if not isinstance(each, AddressBusy)]
    asked = [each for each in failed if isinstance(each, SenderStopped) or each.code in TOO_FAST or each.retry_after]
    until = max(
        (now + wait_after(each.retry_after, stopped=isinstance(each, SenderStopped)) for each in asked), default=None
    )
    reason = asked[0].code if asked else None
    row = await connection.fetchrow(
        _SENDER, now, sender, len(problems) - len(failed), len(failed), until, reason, 0.75 + jitter(0.5)
    )
    if row is not None and row["pause_reason"]:
        stopped = any(isinstance(each, SenderStopped) for each in asked)
        level = logging.ERROR if stopped else logging.WARNING
        log.log(
            level,
            "sender_paused",
            extra={"sender": sender, "why": row["pause_reason"], "until": str(row["paused_until"])},
        )
