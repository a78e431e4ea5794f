"""Hand-overs whose answer was lost: a receipt, a look-up or the class of the message decides, never a blind repeat.

Every decision is written on the delivery (`resolution`), so that each repeat can be explained with both deliveries.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from claims_core.db import pool_scope
from claims_core.errors import TemporaryChannelFailure
from claims_core.failpoints import failpoint, register
from notifier.channels.base import Channel, Found
from notifier.channels.roads import road_of
from notifier.people.verdicts import heed
from notifier.reports.folding import FOLD
from notifier.states import ChannelName, Importance, NotificationState, Reason

log = logging.getLogger(__name__)
register("resolve.before_lookup", "resolve.after_lookup")

# A row that was in hand when more workers than this died is put aside: three before a delivery was ever committed,
# eight once one was, because then it has been rendered and called and others are likelier to be at fault.
DEATHS, DEATHS_IN_CALL = 3, 8
AT_ONCE = 16
IN_HAND = timedelta(minutes=1)  # so long a delivery is one worker's to look up
# A look-up that could not tell is repeated after these spans, each time after the next, at last after the last; a fifth
# more or less, so that what failed together does not come together again. Most of what fails once succeeds at once.
LOOK_AGAIN = (timedelta(seconds=5), timedelta(seconds=15), timedelta(minutes=1))
# Where nobody can tell whether the provider took it: so long we hope for a receipt before the one repeat.
HELD = timedelta(minutes=10)
RECEIPTS_END = timedelta(hours=72)


class Resolution(StrEnum):
    """How we came to know, or why we stopped asking."""

    RECEIPT = "receipt"
    LOOK_UP = "look_up"
    NOT_FOUND = "not_found"  # the provider has looked and has nothing: handing over again repeats nothing
    UNSEEN = "unseen"  # nobody can tell: handed over once more, which may be a repeat
    GAVE_UP = "gave_up"


# $1 now, $2 pause before another worker meets the row. Died between taking and committing a delivery: nothing left.
_UNTOUCHED = f"""
update notification n set state = case when o.poison then 'failed' else 'planned' end,
  reason = case when o.poison then 'quarantined' end, finished_at = case when o.poison then $1::timestamptz end,
  not_before = greatest(n.not_before, $1::timestamptz + (n.takes - 1) * $2::interval),
  values = case when o.poison and n.importance = 'code' then '{{}}'::jsonb else n.values end,
  lease_token = null, lease_until = null
from (
  select t.id, t.takes > case when exists (select from delivery d where d.notification_id = t.id)
    then {DEATHS_IN_CALL} else {DEATHS} end as poison
  from notification t where t.state = 'sending' and t.lease_until < $1 and not exists (
    select from delivery d where d.notification_id = t.id and d.state in ('sending', 'unknown')
    and d.resolution is null)
  order by t.lease_until limit 1000 for update skip locked
) o
where n.id = o.id and n.state = 'sending' and n.lease_until < $1
returning n.id, n.state
"""  # noqa: S608
# $1 now. Died with a delivery committed: the message may have left.
_ORPHANS = """
with lost as (
  select o.id from notification o where o.state = 'sending' and o.lease_until < $1
  order by o.lease_until limit 1000 for update skip locked
), unsure as (
  update notification n set state = 'unknown', lease_token = null, lease_until = null from lost where n.id = lost.id
  returning n.id
)
update delivery d set state = 'unknown' from unsure
where d.notification_id = unsure.id and d.state = 'sending' returning d.id
"""
# $1 now, $2 in hand until, $3 most. Taking moves the moment on, so that two nodes do not ask for the same one.
_DUE = """
update delivery d set resolve_after = $2 from (
  select u.id from delivery u join notification n on n.id = u.notification_id
  where u.state = 'unknown' and u.resolution is null and n.state = 'unknown' and u.resolve_after <= $1
  order by u.resolve_after limit $3 for update of u skip locked
) due, notification n
where d.id = due.id and n.id = d.notification_id
returning d.id, d.notification_id, d.channel, d.provider, d.address, d.text, d.started_at, d.send_by, n.importance,
  n.takes, exists (select from delivery e where e.notification_id = n.id and e.resolution = 'unseen') as repeated,
  array(select k.provider_ref from delivery k where k.address = d.address and k.provider_ref is not null
    and k.started_at > d.started_at - interval '1 day') as known
"""
# $1 now, $2 deliveries, $3 the spans.
_LOOK_AGAIN = """
update delivery d set failed_look_ups = d.failed_look_ups + 1,
  resolve_after = $1::timestamptz
    + (0.8 + 0.4 * random()) * ($3::interval[])[least(d.failed_look_ups + 1, cardinality($3))]
where d.id = any($2) and d.state = 'unknown' and d.resolution is null
"""
# $1 now, then one row: notification, delivery, state, reason, resolution. Only if nobody has learnt better meanwhile:
# a worker that was held up may bring the answer about a delivery whose repeat has left since.
_DECIDE = """
with decided as (
  update notification n set state = $4::text, reason = $5,
    finished_at = case when $4::text = 'planned' then null else $1::timestamptz end,
    values = case when n.importance = 'code' then '{}'::jsonb else n.values end
  where n.id = $2 and n.state = 'unknown' and exists (
    select from delivery own where own.id = $3 and own.state = 'unknown' and own.resolution is null)
  returning n.id
)
update delivery d set resolution = $6 from decided where d.id = $3 and d.state = 'unknown'
"""
_REPORT = f"""
with o as (
  select * from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[])
    as o(delivery_id, state, provider_ref, provider_status, error_code, read)
  cross join (select $8::text as how) h
), {FOLD}
select id from folded
"""  # noqa: S608
_BILLED = """
update delivery d set billed = o.billed, billed_currency = o.currency
from unnest($1::uuid[], $2::numeric[], $3::text[]) as o(id, billed, currency) where d.id = o.id
"""
# $1 now, $2 most. The longer a message is on its way, the more seldom we ask.
_SILENT = """
update delivery d set resolve_after = $1 + greatest(interval '5 minutes', $1 - coalesce(d.accepted_at, d.started_at))
from (
  select s.id from delivery s where s.state in ('accepted', 'on_its_way') and s.resolve_after <= $1
  order by s.resolve_after limit $2 for update skip locked
) due where d.id = due.id returning d.id, d.channel, d.provider, d.provider_ref
"""
# $1 now, $2 no receipt since. Our part is done; what became of it on the handset nobody will tell us any more.
_SETTLE_SILENT = """
with over as (
  update delivery d set resolve_after = null
  where d.state in ('accepted', 'on_its_way') and d.resolve_after is not null and d.accepted_at < $2
  returning d.notification_id
)
update notification n set state = 'settled', finished_at = $1 from over where n.id = over.notification_id
  and n.state = 'sent'
"""


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of an unknown hand-over; None in `state` means: ask again later."""

    state: NotificationState | None
    reason: Reason | None = None
    resolution: Resolution | None = None


def next_step(
    *, importance: Importance, looked: bool, repeated: bool, takes: int, hope_is_over: bool, late: bool
) -> Step:
    """What to do when the message was not found. `looked`: the provider itself says that there is none (pure).

    A code is never handed over again. What nobody can tell is repeated once, after ten minutes, when `hope_is_over`;
    `repeated`: it has been. A provider that cleanly said no before is no repeat.
    """
    if importance is Importance.CODE:
        gave_up = Step(NotificationState.FAILED, Reason.GAVE_UP, Resolution.GAVE_UP)
        return gave_up if looked or late else Step(None)
    if late:
        return Step(NotificationState.EXPIRED, Reason.TOO_LATE, Resolution.NOT_FOUND if looked else Resolution.GAVE_UP)
    if takes > DEATHS_IN_CALL:
        return Step(NotificationState.FAILED, Reason.QUARANTINED, Resolution.GAVE_UP)
    if looked:
        return Step(NotificationState.PLANNED, None, Resolution.NOT_FOUND)
    if repeated or not hope_is_over:
        return Step(None)
    return Step(NotificationState.PLANNED, None, Resolution.UNSEEN)


async def resolve_once(
    pool: asyncpg.Pool,
    channels: Mapping[ChannelName, Channel],
    *,
    now: datetime,
    back_off: timedelta = timedelta(seconds=5),
    in_hand: timedelta = IN_HAND,
    held: timedelta = HELD,
) -> int:
    """Find what died in somebody's hands and settle what is due. How many rows moved; may run anywhere, at any time.

    What a worker had taken that died is met again after `back_off`, what one was looking up that died after `in_hand`,
    and what nobody could tell about after `LOOK_AGAIN`; what nobody can ever tell is repeated once after `held`.
    """
    untouched = await pool.fetch(_UNTOUCHED, now, back_off)
    for row in untouched:
        if row["state"] == NotificationState.FAILED:
            log.error("notification_quarantined", extra={"notification_id": row["id"]})
    orphans = await pool.fetch(_ORPHANS, now)
    due = await pool.fetch(_DUE, now, now + in_hand, 200)
    for start in range(0, len(due), AT_ONCE):
        part = due[start : start + AT_ONCE]
        known = await asyncio.gather(*(_resolve(pool, channels, row, now, held) for row in part))
        if open_ones := [row["id"] for row, is_known in zip(part, known, strict=True) if not is_known]:
            await pool.execute(_LOOK_AGAIN, now, open_ones, LOOK_AGAIN)
    return len(untouched) + len(orphans) + len(due)


async def _resolve(
    pool: asyncpg.Pool, channels: Mapping[ChannelName, Channel], row: asyncpg.Record, now: datetime, held: timedelta
) -> bool:
    """Is it known now what becomes of the hand-over?"""
    channel = road_of(channels, row["channel"], row["provider"])
    found, looked = None, False
    if channel is not None and channel.capabilities.lookup:
        failpoint("resolve.before_lookup")
        try:
            window = {"started_at": row["started_at"], "until": now}
            found = await channel.find(row["address"], row["text"], **window, known=frozenset(row["known"]))
            looked = True
        except TemporaryChannelFailure as problem:
            log.warning("look_up_failed", extra={"delivery_id": row["id"], "why": problem.code})
        failpoint("resolve.after_lookup")
    if found is not None:
        await fold_found(pool, {row["id"]: found}, how=Resolution.LOOK_UP, now=now)
        return True
    step = next_step(
        importance=Importance(row["importance"]),
        looked=looked,
        repeated=row["repeated"],
        takes=row["takes"],
        hope_is_over=now - row["started_at"] >= held,
        late=now >= row["send_by"],
    )
    if step.state is None:
        return False
    await pool.execute(_DECIDE, now, row["notification_id"], row["id"], step.state, step.reason, step.resolution)
    log.info("hand_over_resolved", extra={"delivery_id": row["id"], "resolution": step.resolution})
    return True


async def fold_found(pool: asyncpg.Pool, found: Mapping[UUID, Found], *, how: Resolution, now: datetime) -> None:
    """Fold in what the provider told us when asked, by delivery."""
    names = ("state", "provider_ref", "provider_status", "error_code", "read")
    columns = [[getattr(each, name) for each in found.values()] for name in names]
    verdicts = {key: (each.verdict, each.error_code or "") for key, each in found.items() if each.verdict}
    async with pool_scope(pool) as connection:
        await connection.execute(_REPORT, now, list(found), *columns, how)
        if billed := {key: each for key, each in found.items() if each.billed is not None}:
            prices = [[getattr(each, name) for each in billed.values()] for name in ("billed", "billed_currency")]
            await connection.execute(_BILLED, list(billed), *prices)
        await heed(connection, verdicts, now=now)


async def poll_receipts(pool: asyncpg.Pool, channels: Mapping[ChannelName, Channel], *, now: datetime) -> int:
    """Ask for messages whose receipt does not come; after 72 hours the books are closed. How many were asked for."""
    await pool.execute(_SETTLE_SILENT, now, now - RECEIPTS_END)
    rows = await pool.fetch(_SILENT, now, 500)
    found: dict[UUID, Found] = {}
    for start in range(0, len(rows), AT_ONCE):
        part = rows[start : start + AT_ONCE]
        answers = await asyncio.gather(*(_ask(channels, row) for row in part))
        found |= {row["id"]: answer for row, answer in zip(part, answers, strict=True) if answer is not None}
    if found:
        await fold_found(pool, found, how=Resolution.LOOK_UP, now=now)
    return len(rows)


async def _ask(channels: Mapping[ChannelName, Channel], row: asyncpg.Record) -> Found | None:
    channel = road_of(channels, row["channel"], row["provider"])
    if channel is None or row["provider_ref"] is None:
        return None
    try:
        return await channel.fetch(row["provider_ref"])
    except TemporaryChannelFailure:
        return None
