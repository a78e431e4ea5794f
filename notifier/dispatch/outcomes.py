"""What came of each call, written in batches: fenced by the lease, with what it says about sender and address."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from claims_core.errors import (
    AmbiguousHandOver,
    ChannelError,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from claims_core.ids import jitter
from notifier.channels.base import Accepted, AddressRefused, RecipientOptedOut, SenderStopped, Verdict
from notifier.dispatch.readying import HandOver
from notifier.dispatch.taking import PROBE, PROBE_EVERY
from notifier.states import DeliveryState, NotificationState, Reason
from notifier.verdicts import heed

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds, before jitter (`reliability` F05)
LONGEST_ASKED = 3600.0
TOO_FAST = frozenset({"429", "20429"})
BREAKER_AT = 5  # so many failures in a row and no message taken in between: the sender pauses
ASK_AGAIN_AFTER = timedelta(minutes=5)  # no receipt by then: the provider is asked

# $1 now; a row each. Nothing is written for a notification whose lease is not ours any more.
_ACKNOWLEDGE = """
with o as (
  select * from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    $9::text[], $10::text[], $11::text[], $12::timestamptz[])
    as o(notification_id, delivery_id, lease_token, state, reason, delivery_state, not_before,
         provider_ref, provider_status, error_code, resolve_after)
), mine as (
  update notification n set state = o.state, reason = o.reason, not_before = coalesce(o.not_before, n.not_before),
    takes = case when o.state = 'unknown' then n.takes else 0 end, lease_token = null, lease_until = null,
    finished_at = case when o.state in ('settled', 'failed') then $1::timestamptz end,
    values = case when n.importance = 'code' and o.state <> 'planned' then '{}'::jsonb else n.values end
  from o where n.id = o.notification_id and n.state = 'sending' and n.lease_token = o.lease_token
  returning n.id
)
update delivery d set state = o.delivery_state, provider_ref = coalesce(o.provider_ref, d.provider_ref),
  provider_status = o.provider_status, error_code = o.error_code,
  resolve_after = case when o.state = 'unknown' then d.resolve_after else o.resolve_after end,
  accepted_at = case when o.provider_ref is not null then $1::timestamptz end,
  final_at = case when o.delivery_state in ('refused', 'delivered') then $1::timestamptz end
from o join mine on mine.id = o.notification_id
where d.id = o.delivery_id and d.state = 'sending'
"""
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hand-over. `problem` is None when the provider took the message."""

    hand_over: HandOver
    accepted: Accepted | None = None
    problem: ChannelError | None = None
    receipts: bool = True

    def as_row(self, now: datetime) -> tuple[object, ...]:
        """The row of `_ACKNOWLEDGE`: notification, delivery, lease, and what each becomes."""
        ids = (self.hand_over.taken.id, self.hand_over.delivery_id, self.hand_over.lease_token)
        if self.accepted is not None:
            done = self.accepted.state is DeliveryState.DELIVERED
            state = NotificationState.SETTLED if done or not self.receipts else NotificationState.SENT
            ask = now + ASK_AGAIN_AFTER if self.receipts and not done else None
            ref, word = self.accepted.provider_ref, self.accepted.provider_status
            return (*ids, state, None, self.accepted.state, None, ref, word, None, ask)
        assert self.problem is not None
        code = self.problem.code
        if isinstance(self.problem, AmbiguousHandOver):
            # The delivery keeps the moment of its look-up, set when it was committed.
            return (*ids, NotificationState.UNKNOWN, None, DeliveryState.UNKNOWN, None, None, None, code, None)
        if isinstance(self.problem, TemporaryChannelFailure):
            later = now + wait_after(self.problem.retry_after)
            return (*ids, NotificationState.PLANNED, None, DeliveryState.REFUSED, later, None, None, code, None)
        refused = (NotificationState.FAILED, Reason.REFUSED_BY_PROVIDER, DeliveryState.REFUSED)
        return (*ids, *refused, None, None, None, code, None)


def wait_after(retry_after: float | None, *, stopped: bool = False) -> timedelta:
    """How long to wait: what the provider asked for (an hour at most), else 5 s, a minute where a person must act."""
    seconds = retry_after if retry_after is not None else PROBE_EVERY.total_seconds() if stopped else FIRST_PAUSE
    return timedelta(seconds=min(seconds, LONGEST_ASKED) + jitter(FIRST_PAUSE / 2))


async def acknowledge(connection: asyncpg.Connection, outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Write what came of a batch of calls, in the caller's transaction. What is not ours any more stays as it is."""
    columns = zip(*(each.as_row(now) for each in outcomes), strict=True)
    await connection.execute(_ACKNOWLEDGE, now, *(list(column) for column in columns))
    verdicts = {
        each.hand_over.delivery_id: (_verdict_of(each.problem), each.problem.code or "")
        for each in outcomes
        if isinstance(each.problem, PermanentChannelFailure)
    }
    if verdicts:
        await heed(connection, verdicts, now=now)


async def judge_sender(
    connection: asyncpg.Connection, sender: str, outcomes: Sequence[Outcome], *, now: datetime
) -> None:
    """Pause or wake the sender by what a batch of its calls brought; logs when something changes."""
    problems = [each.problem for each in outcomes if each.problem is not None]
    failed = [each for each in problems if isinstance(each, TemporaryChannelFailure | AmbiguousHandOver)]
    asked = [each for each in failed if isinstance(each, SenderStopped) or each.code in TOO_FAST or each.retry_after]
    until = max(
        (now + wait_after(each.retry_after, stopped=isinstance(each, SenderStopped)) for each in asked), default=None
    )
    reason = asked[0].code if asked else None
    row = await connection.fetchrow(
        _SENDER, now, sender, len(outcomes) - len(failed), len(failed), until, reason, 0.75 + jitter(0.5)
    )
    if row is not None and row["pause_reason"]:
        stopped = any(isinstance(each, SenderStopped) for each in asked)
        level = logging.ERROR if stopped else logging.WARNING
        log.log(
            level,
            "sender_paused",
            extra={"sender": sender, "why": row["pause_reason"], "until": str(row["paused_until"])},
        )


def _verdict_of(problem: ChannelError) -> Verdict:
    if isinstance(problem, AddressRefused):
        return Verdict.BAD_ADDRESS
    return Verdict.OPTED_OUT if isinstance(problem, RecipientOptedOut) else Verdict.NEVER
