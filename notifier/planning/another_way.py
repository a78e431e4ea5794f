"""The same message over another channel, as statements: the next step has its own unique key, so it is said once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from claims_core.ids import new_id
from notifier.rendering import templates_for
from notifier.states import ChannelName, Reason

# The sender of letters has its row as soon as a notifier here has opened it.
SENDS_LETTERS = "exists (select from sender_rate r where r.sender = 'email')"
MOST = 500


def letters_of(person: str) -> str:
    """Where letters to this person go."""
    return f"""(select i.id from contact_point i where i.policyholder_id = {person} and i.kind = 'email'
  and i.on_file order by i.place, i.id limit 1) mail"""  # noqa: S608


def instead(
    channel: ChannelName, *, at: str, of: str, beside: str = "", where: str, after: str = "interval '0'"
) -> str:
    """The messages `n` of `of` over `channel` instead, to the contact point `at`; $1 is now, `o.id` the new id.
    It leaves `after` a span.

    What may go there now is looked at when it is taken, as always.
    """
    return f"""
insert into notification (id, cause_kind, cause_id, template, recipient_id, step, claim_id, event_seq, importance,
  priority, channel, contact_point_id, sender, language, values, state, cadence, pilot_arm, rule_version, planned_at,
  not_before, send_by, takes)
select o.id, n.cause_kind, n.cause_id, n.template, n.recipient_id, n.step + 1, n.claim_id, n.event_seq, n.importance,
  n.priority, '{channel}', {at}, '{channel}', n.language, n.values, 'planned', n.cadence, n.pilot_arm,
  n.rule_version, $1, $1::timestamptz + {after}, n.send_by, 0
from {of} {beside}
where n.importance <> 'code' and n.send_by > $1::timestamptz + {after} and {where}
on conflict (cause_kind, cause_id, template, recipient_id, step) do nothing
"""  # noqa: S608


_BEYOND_CAP = f"""
select n.id from notification n cross join lateral {letters_of("n.recipient_id")}
where n.reason = '{Reason.CLAIM_CAP}' and n.state = 'suppressed' and n.send_by > $1 and n.template = any($2::text[])
  and {SENDS_LETTERS} and not exists (select from notification next where next.cause_kind = n.cause_kind
    and next.cause_id = n.cause_id and next.template = n.template and next.recipient_id = n.recipient_id
    and next.step = n.step + 1)
limit {MOST}
"""  # noqa: S608
_LETTERS = instead(
    ChannelName.EMAIL,
    at="mail.id",
    of="unnest($2::uuid[], $3::uuid[]) as o(id, notification_id) join notification n on n.id = o.notification_id",
    beside=f"cross join lateral {letters_of('n.recipient_id')}",
    where="true",
)


async def write_beyond_cap(pool: asyncpg.Pool, *, now: datetime) -> int:
    """Plan letters for what a claim's cap kept from going as a text, where there is an address. How many.

    May be called by several at once: each is planned once.
    """
    rows: Sequence[asyncpg.Record] = await pool.fetch(_BEYOND_CAP, now, templates_for(ChannelName.EMAIL))
    found: list[UUID] = [row["id"] for row in rows]
    if not found:
        return 0
    return int((await pool.execute(_LETTERS, now, [new_id() for _ in found], found)).split()[-1])
