"""Facts that must be known are followed until they are: another channel, a letter, and at last a person who calls."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import advisory_key, driver_connection, session_scope
from claims_core.ids import new_id
from notifier.deciding.must_know import LET_BE, Call, Ended, Letters, Move, Tried, Way, next_move
from notifier.deciding.restraint import SEND_WITHIN, leaves
from notifier.deciding.rules import Rule, rule_for
from notifier.planning.another_way import letters_of
from notifier.planning.facts import COLUMNS, FACT, JOINS, background_of, fact_of
from notifier.planning.plans import BELL
from notifier.planning.rulebook import rules_in_force
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, Importance

log = logging.getLogger(__name__)

# Most texts are reported within minutes; what is known by then is never followed.
FIRST_LOOK_AFTER = timedelta(minutes=10)
CALL_LOOKS_EVERY = timedelta(hours=1)
_ONE_FOLLOWS = advisory_key("notifier unheard")
# Up to the planner's mark everything is decided, and nothing can appear below it. $1 now, $2 most.
_NEXT_FACTS = """
with upto as (
  select coalesce((select mark from planner_mark), 0) as planned, coalesce((select mark from unheard_mark), 0) as seen
), span as (
  select e.id, e.seq, e.kind, e.page_state, e.historic, e.tell_after > $1 as too_young from case_event e, upto
  where e.seq > upto.seen and e.seq <= upto.planned order by e.seq limit $2
), ripe as (
  select * from span where seq < coalesce((select min(seq) from span where too_young and not historic), 9e18)
)
select ripe.seq, ripe.kind, ripe.page_state, c.line_of_business, n.cause_id, n.template, n.recipient_id, n.claim_id,
  n.planned_at
from ripe left join notification n on n.cause_kind = 'case_event' and n.cause_id = ripe.id and n.step = 0
  and n.importance = 'required' and not ripe.historic and n.claim_id is not null
  and not exists (select from delivery d where d.notification_id = n.id and d.state = 'delivered')
left join claim c on c.id = n.claim_id
order by ripe.seq
"""
_MARK = """
insert into unheard_mark (id, mark) values (1, $1)
on conflict (id) do update set mark = greatest(unheard_mark.mark, excluded.mark)
"""
_FOLLOW = """
insert into unheard_fact (id, case_event_id, template, recipient_id, claim_id, since, look_at, calls)
select *, 0 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[],
  $6::timestamptz[])
on conflict (case_event_id, template, recipient_id) do nothing
"""
_SAME = """t.cause_kind = 'case_event' and t.cause_id = u.case_event_id and t.template = u.template
    and t.recipient_id = u.recipient_id"""
# What a policyholder opens is in the portal's log of looks. $1 now, $2 most, $3 reasons to let it be.
_DUE = f"""
select u.id as unheard_id, u.call_since, tried.*, mail.id as mail_id, mail.address as mail_address,
  exists (select from opt_out o where o.address = mail.address and o.channel = 'email' and o.ended_at is null)
    as mail_stopped,
  exists (select from access_log l where l.claim_id = u.claim_id and l.viewer_kind = 'policyholder'
    and l.viewer_id = any(kin.ids) and l.at > ev.recorded_at) as opened,
  c.gone_at is not null or c.merged_into is not null as is_gone, {FACT}, {COLUMNS}
from (select * from unheard_fact f where f.ended_at is null and f.look_at <= $1 order by f.look_at limit $2
  for update skip locked) u
join case_event ev on ev.id = u.case_event_id
join policyholder p on p.id = u.recipient_id join claim c on c.id = u.claim_id {JOINS}
cross join lateral (select array_agg(distinct t.channel) as channels, max(t.step) as step,
  bool_or(t.state in ('planned', 'sending', 'unknown', 'held')) as is_open,
  coalesce(bool_or(t.reason = any($3::text[])), false) as let_be,
  max(d.started_at) filter (where d.state not in ('undelivered', 'refused')) as tried_at,
  coalesce(bool_or(d.state = 'delivered'), false) as delivered
  from notification t left join delivery d on d.notification_id = t.id where {_SAME}) tried
left join lateral (select i.id, i.address from contact_point i join {letters_of("u.recipient_id")} on mail.id = i.id
  ) mail on true
"""  # noqa: S608
_TELL = f"""
insert into notification (id, cause_kind, cause_id, template, recipient_id, step, claim_id, event_seq, importance,
  priority, channel, contact_point_id, sender, language, values, state, cadence, pilot_arm, rule_version, planned_at,
  not_before, send_by, takes)
select o.id, t.cause_kind, t.cause_id, t.template, t.recipient_id, o.step, t.claim_id, t.event_seq, t.importance,
  t.priority, o.channel, o.point, o.channel, t.language, t.values, 'planned', t.cadence, t.pilot_arm, t.rule_version,
  $1, o.not_before, o.send_by, 0
from unnest($2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::uuid[], $7::timestamptz[], $8::timestamptz[])
  as o(id, unheard_id, step, channel, point, not_before, send_by)
join unheard_fact u on u.id = o.unheard_id join notification t on {_SAME} and t.step = 0
on conflict (cause_kind, cause_id, template, recipient_id, step) do nothing
"""  # noqa: S608
_KEEP = """
update unheard_fact u set look_at = o.look_at, call_since = coalesce(u.call_since, o.call_since),
  call_after = coalesce(u.call_after, o.call_since), ended_how = o.ended_how,
  ended_at = case when o.ended_how is not null then $1::timestamptz end
from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::text[]) as o(id, look_at, call_since, ended_how)
where u.id = o.id and u.ended_at is null
"""


class Followed(NamedTuple):
    """What one pass brought: facts that are followed now, other ways tried, people to call, and ends."""

    entered: int
    told: int
    to_call: int
    ended: int


async def follow(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> Followed:
    """Look for facts that must be known, and at those that are not yet; `limit` at most of each.

    One transaction, so that a crash leaves all of it or nothing; a next step has its own unique key.
    """
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        await connection.execute("select pg_advisory_xact_lock($1)", _ONE_FOLLOWS)
        rules = await rules_in_force(session)
        entered = await _enter(connection, rules, now, limit * 10)
        rows = await connection.fetch(_DUE, now, limit, [str(each) for each in LET_BE])
        moves = [(row, _move(row, rules, settings, now)) for row in rows]
        ways = [(row, move) for row, move in moves if isinstance(move, Way)]
        if ways:
            told = [_step(row, way, settings, now) for row, way in ways]
            await connection.execute(_TELL, now, *zip(*told, strict=True))
            await connection.execute("select pg_notify($1, '')", BELL)
        if moves:
            kept = [_kept(row, move, now) for row, move in moves]
            await connection.execute(_KEEP, now, *zip(*kept, strict=True))
        calls = [row["claim_id"] for row, move in moves if isinstance(move, Call) and row["call_since"] is None]
        for claim_id in calls:
            log.warning("fact_reached_nobody", extra={"claim_id": claim_id})
        ended = sum(isinstance(move, Ended) for _, move in moves)
    return Followed(entered, len(ways), len(calls), ended)


async def _enter(connection: asyncpg.Connection, rules: Sequence[Rule], now: datetime, most: int) -> int:
    rows = await connection.fetch(_NEXT_FACTS, now - FIRST_LOOK_AFTER, most)
    if not rows:
        return 0
    new = [row for row in rows if row["cause_id"] is not None and _must_be_known(row, rules)]
    if new:
        names = ("cause_id", "template", "recipient_id", "claim_id", "planned_at")
        columns = ([row[name] for row in new] for name in names)
        await connection.execute(_FOLLOW, [new_id() for _ in new], *columns)
    await connection.execute(_MARK, rows[-1]["seq"])
    return len(new)


def _must_be_known(row: asyncpg.Record, rules: Sequence[Rule]) -> bool:
    rule = rule_for(rules, row["kind"], row["page_state"], row["line_of_business"])
    return rule is not None and rule.must_be_known


def _move(row: asyncpg.Record, rules: Sequence[Rule], settings: NotifierSettings, now: datetime) -> Move:
    fact, stands = fact_of(row), background_of(row)
    assert fact is not None  # the case event is joined
    if row["is_gone"]:
        return Ended.OVERTAKEN
    tried = Tried(
        channels=frozenset(row["channels"] or ()),
        is_open=bool(row["is_open"]),
        handed_over=row["tried_at"],
        delivered=row["delivered"],
        opened=row["opened"],
        let_be=row["let_be"],
    )
    letters = Letters(row["mail_id"], row["mail_address"], row["mail_stopped"]) if row["mail_id"] else None
    rule = rule_for(rules, fact.kind, fact.page_state, stands.line_of_business)
    channels = rule.channels if rule else ALL_CHANNELS
    move = next_move(fact, tried, stands, letters, channels, settings=settings, now=now)
    # Somebody calls already: from here on only its end counts.
    return Call() if row["call_since"] and not isinstance(move, Ended) else move


def _step(row: asyncpg.Record, way: Way, settings: NotifierSettings, now: datetime) -> tuple[Any, ...]:
    not_before = leaves(Importance.REQUIRED, way.channel, way.stands, settings, now)
    point: UUID | None = way.stands.contact_point_id
    return new_id(), row["unheard_id"], row["step"] + 1, way.channel, point, not_before, not_before + SEND_WITHIN


def _kept(row: asyncpg.Record, move: Move, now: datetime) -> tuple[Any, ...]:
    look_at = move if isinstance(move, datetime) else now + CALL_LOOKS_EVERY
    call_since = now if isinstance(move, Call) else None
    return row["unheard_id"], look_at, call_since, move if isinstance(move, Ended) else None
