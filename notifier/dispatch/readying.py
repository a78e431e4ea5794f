"""From a taken notification to one that may leave: looked at once more, rendered, its delivery committed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from claims_core.db import pool_scope
from claims_core.failpoints import failpoint, register
from claims_core.ids import new_id, new_token
from notifier.channels.base import Channel, Content, hash_of_token, without_code
from notifier.deciding.restraint import CAPPED
from notifier.dispatch.taking import Batch, Taken
from notifier.planning.addresses import NOTE_HOLDS
from notifier.planning.facts import Ready, ready_for
from notifier.rendering import RenderingFailed
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Importance, NotificationState, Reason
from notifier.versions.text_alarms import raise_alarms
from notifier.wording.message import sms_parts

log = logging.getLogger(__name__)
register("send.taken", "send.rendered", "send.delivery_committed")


# $1 lease token, $2 now, then what becomes of each row that does not leave. Ours only while the lease is.
_PUT_BACK = """
update notification n set state = o.state, reason = o.reason, not_before = coalesce(o.not_before, n.not_before),
  takes = 0, lease_token = null, lease_until = null,
  finished_at = case when o.state = 'planned' then null else $2::timestamptz end,
  values = case when n.importance = 'code' and o.state <> 'planned' then '{}'::jsonb else n.values end
from unnest($3::uuid[], $4::text[], $5::text[], $6::timestamptz[]) as o(id, state, reason, not_before)
where n.id = o.id and n.state = 'sending' and n.lease_token = $1
"""
# `$13` is always "sending": said as a value, it keeps the planner from the index of leases, where what was let go since
# the last vacuum is still met, and has each row found by its id.
_COMMIT = """
insert into delivery (id, notification_id, attempt, token_hash, link_hash, channel, provider, address, text,
  text_version, segments, state, worker, started_at, send_by, resolve_after, conflict)
select o.id, n.id, coalesce((select max(d.attempt) from delivery d where d.notification_id = n.id), 0) + 1,
  o.token_hash, o.link_hash, n.channel, $7, o.address, o.text, o.text_version, o.segments, 'sending', $2, $3,
  n.send_by, $11, false
from unnest($4::uuid[], $5::uuid[], $6::bytea[], $8::text[], $9::text[], $10::int[], $12::bytea[], $14::int[])
  as o(id, notification_id, token_hash, address, text, segments, link_hash, text_version)
join notification n on n.id = o.notification_id and n.state = $13 and n.lease_token = $1 and n.lease_until > $3
returning id
"""


class HandOver(NamedTuple):
    """One message that may leave now, once. Its delivery is committed; the text is as it leaves."""

    delivery_id: UUID
    taken: Taken
    lease_token: UUID
    lease_until: datetime
    address: str
    text: str
    text_version: int
    token: str
    link_hash: bytes | None
    content: Content


@dataclass(frozen=True, slots=True)
class Kept:
    """A taken notification that does not leave now, and what becomes of it."""

    id: UUID
    state: NotificationState
    reason: Reason | None = None
    not_before: datetime | None = None
    failure: RenderingFailed | None = None


async def make_ready(
    pool: asyncpg.Pool,
    batch: Batch,
    channels: Mapping[ChannelName, Channel],
    *,
    settings: NotifierSettings,
    worker: str,
    now: datetime,
) -> list[HandOver]:
    """Commit the deliveries of all that may still leave; the rest goes back, or ends with its reason.

    Whoever has withdrawn before this began hears nothing. What the lease no longer covers is left alone.
    """
    failpoint("send.taken")
    async with pool_scope(pool) as connection:
        ready = await ready_for(connection, [row.id for row in batch.rows], settings=settings, now=now)
        unreachable = await _unreachable(connection, ready, now)
        capped: set[UUID] = set()
        outcomes = [_outcome(row, ready.get(row.id), batch, channels, unreachable, capped, now) for row in batch.rows]
        going = [each for each in outcomes if isinstance(each, HandOver)]
        kept = [each for each in outcomes if isinstance(each, Kept)]
        failpoint("send.rendered")
        if kept:
            columns = [[getattr(each, name) for each in kept] for name in ("id", "state", "reason", "not_before")]
            await connection.execute(_PUT_BACK, batch.lease_token, now, *columns)
            await raise_alarms(connection, [each.failure for each in kept if each.failure], now=now)
        committed = await commit(connection, going, channels, batch, settings, worker, now) if going else set()
    failpoint("send.delivery_committed")
    return [each for each in going if each.delivery_id in committed]


def _outcome(
    row: Taken,
    ready: Ready | None,
    batch: Batch,
    channels: Mapping[ChannelName, Channel],
    unreachable: set[tuple[str, str]],
    capped: set[UUID],
    now: datetime,
) -> HandOver | Kept:
    if ready is None:
        return Kept(row.id, NotificationState.SUPPRESSED, Reason.NO_CONTACT)
    verdict = ready.verdict
    if isinstance(verdict, datetime):
        return Kept(row.id, NotificationState.PLANNED, not_before=verdict)
    if verdict is not None:
        late = verdict is Reason.TOO_LATE
        return Kept(row.id, NotificationState.EXPIRED if late else NotificationState.SUPPRESSED, verdict)
    if ready.address is None or (ready.address, row.channel) in unreachable:
        return Kept(row.id, NotificationState.SUPPRESSED, Reason.NO_CONTACT)
    if row.channel not in channels:
        return Kept(row.id, NotificationState.SUPPRESSED, Reason.CHANNEL_NOT_ALLOWED)
    if row.importance in CAPPED and ready.person_id in capped:
        # The cap is counted in the database; two of one person in one batch would both see the other unsent.
        return Kept(row.id, NotificationState.PLANNED, not_before=now + timedelta(seconds=1))
    try:
        text = ready.text.say(row.channel, ready.values)
    except RenderingFailed as problem:
        log.warning("rendering_failed", extra={"notification_id": row.id, "why": str(problem)})
        return Kept(row.id, NotificationState.FAILED, Reason.RENDER, failure=problem)
    if row.importance in CAPPED:
        capped.add(ready.person_id)
    content = Content(row.template, ready.language, ready.values, ready.heard_at)
    lease, said = (batch.lease_token, batch.lease_until), (text, ready.text.version)
    return HandOver(new_id(), row, *lease, ready.address, *said, new_token(), ready.link_hash, content)


async def _unreachable(
    connection: asyncpg.Connection, ready: Mapping[UUID, Ready], now: datetime
) -> set[tuple[str, str]]:
    addresses = [each.address for each in ready.values() if each.address]
    rows = await connection.fetch(
        "select address, channel from address_note where address = any($1::text[]) and noted_at > $2",
        addresses,
        now - NOTE_HOLDS,
    )
    return {(row["address"], row["channel"]) for row in rows}


async def commit(
    connection: asyncpg.Connection,
    going: list[HandOver],
    channels: Mapping[ChannelName, Channel],
    batch: Batch,
    settings: NotifierSettings,
    worker: str,
    now: datetime,
) -> set[UUID]:
    """Write a delivery for each of `going` whose lease is still ours; the ids of those that may be called."""
    way = channels[going[0].taken.channel]  # a sender is one channel
    is_code = [each.taken.importance is Importance.CODE for each in going]
    rows = await connection.fetch(
        _COMMIT,
        batch.lease_token,
        worker,
        now,
        [each.delivery_id for each in going],
        [each.taken.id for each in going],
        [hash_of_token(each.token) for each in going],
        way.provider,
        [each.address for each in going],
        # A code never lies anywhere in the clear: what is kept of its message hides it.
        [without_code(each.text) if code else each.text for each, code in zip(going, is_code, strict=True)],
        [sms_parts(each.text).segments if each.taken.channel is ChannelName.SMS else 1 for each in going],
        now + settings.notifier_call_deadline + way.capabilities.listing_lag,
        [each.link_hash for each in going],
        NotificationState.SENDING,
        [each.text_version for each in going],
    )
    return {row["id"] for row in rows}
