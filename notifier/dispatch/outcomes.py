"""What came of each call, written in batches: fenced by the lease, with what it says about the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from claims_core.errors import (
    AmbiguousHandOver,
    ChannelError,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier.channels.base import Accepted, AddressRefused, RecipientOptedOut, Verdict
from notifier.dispatch.pausing import wait_after
from notifier.dispatch.readying import HandOver
from notifier.people.verdicts import heed
from notifier.states import DeliveryState, NotificationState, Reason

ASK_AGAIN_AFTER = timedelta(minutes=5)  # no receipt by then: the provider is asked

# $1 now, $13 "sending" (see `readying`); a row each. Nothing is written for a notification whose lease is not ours any
# more.
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
  from o where n.id = o.notification_id and n.state = $13 and n.lease_token = o.lease_token
  returning n.id
)
update delivery d set state = o.delivery_state, provider_ref = coalesce(o.provider_ref, d.provider_ref),
  provider_status = o.provider_status, error_code = o.error_code,
  resolve_after = case when o.state = 'unknown' then d.resolve_after else o.resolve_after end,
  accepted_at = case when o.provider_ref is not null then $1::timestamptz end,
  final_at = case when o.delivery_state in ('refused', 'delivered') then $1::timestamptz end
from o join mine on mine.id = o.notification_id
where d.id = o.delivery_id and d.state = 'sending' returning d.id
"""


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


async def acknowledge(connection: asyncpg.Connection, outcomes: Sequence[Outcome], *, now: datetime) -> set[UUID]:
    """Write what came of a batch of calls, in the caller's transaction; the deliveries that were ours still."""
    # In the order of their ids, as receipts are: two writers of the same rows do not wait for each other in a ring.
    columns = zip(*sorted(each.as_row(now) for each in outcomes), strict=True)
    ours = await connection.fetch(_ACKNOWLEDGE, now, *(list(column) for column in columns), NotificationState.SENDING)
    verdicts = {
        each.hand_over.delivery_id: (_verdict_of(each.problem), each.problem.code or "")
        for each in outcomes
        if isinstance(each.problem, PermanentChannelFailure)
    }
    if verdicts:
        await heed(connection, verdicts, now=now)
    return {row["id"] for row in ours}


def _verdict_of(problem: ChannelError) -> Verdict:
    if isinstance(problem, AddressRefused):
        return Verdict.BAD_ADDRESS
    return Verdict.OPTED_OUT if isinstance(problem, RecipientOptedOut) else Verdict.NEVER
