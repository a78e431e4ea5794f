"""What the ledger says of everybody in a pilot: a row a person, by the arm that was drawn for them first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.pilots import Measure
from claims_core.same_person import rows_of


@dataclass(frozen=True, slots=True)
class Trial:
    """A pilot as far as it is counted. Arms are in the order of the plan: the first one is what others differ from."""

    id: UUID
    main_measure: Measure
    smallest: float
    arms: tuple[str, ...]
    weights: tuple[int, ...]
    starts_at: datetime
    planned_end: datetime
    ends_at: datetime


class Person(NamedTuple):
    """What somebody did, and what befell them, between their consent and the end. Days have no end while None."""

    arm: str
    line: str
    crossed: bool
    gone: bool
    weeks: float  # of open claims
    calls: int
    contacts: int
    repeated: bool
    opted_out: bool
    complained: bool
    messages: int
    cost: float | None
    asked: int
    answered: int
    happy: int
    document_days: float | None
    document_came: bool
    settle_days: float | None
    settled: bool


_TRIALS = text("""
select t.id, t.main_measure, t.smallest, array_agg(a.arm order by a.place) as arms,
  array_agg(a.weight order by a.place) as weights, t.starts_at, t.planned_end, t.ends_at
from pilot t join pilot_arm a on a.pilot_id = t.id
where t.starts_at <= :now group by t.id order by t.starts_at
""")
# One human is counted once, with all their rows and claims; what came after the end does not count. Intention to treat:
# nobody changes the arm, whatever they chose since, and nobody who left is left out.
_PEOPLE = text(f"""
with taken as (
  select distinct on (coalesce(p.person_id, p.id)) e.arm, e.line, e.crossed_at is not null as crossed,
    e.left_at is not null as gone, e.consented_at as since, least(cast(:now as timestamptz), t.ends_at) as until,
    {rows_of("p")} as ids
  from pilot_enrolment e join pilot t on t.id = e.pilot_id join policyholder p on p.id = e.policyholder_id
  where e.pilot_id = :pilot and e.consented_at <= :now order by coalesce(p.person_id, p.id), e.consented_at
)
select w.arm, w.line, w.crossed, w.gone, coalesce(had.weeks, 0), came.calls, came.contacts,
  coalesce(rang.repeated, false),
  exists (select from opt_out o join contact_point i on i.address = o.address
    where i.policyholder_id = any(w.ids) and o.at >= w.since and o.at < w.until),
  exists (select from question q where q.policyholder_id = any(w.ids) and q.category = 'complaint'
    and q.asked_at >= w.since and q.asked_at < w.until),
  told.n, told.cost, said.asked, said.answered, said.happy,
  extract(epoch from paper.took) / 86400.0, coalesce(paper.came, false),
  extract(epoch from over.took) / 86400.0, coalesce(over.settled, false)
from taken w
left join lateral (select sum(extract(epoch from greatest(interval '0', least(w.until,
    case when c.stage = 'closed' then c.stage_since else w.until end) - greatest(w.since, c.reported_at)))) / 604800.0
    as weeks from claim c where c.policyholder_id = any(w.ids) and c.merged_into is null) had on true
cross join lateral (select count(*) filter (where k.kind = 'call') as calls, count(*) as contacts from contact k
    where k.policyholder_id = any(w.ids) and k.at >= w.since and k.at < w.until) came
left join lateral (select bool_or(r.had_to_repeat) as repeated from phone_call r
    where r.policyholder_id = any(w.ids) and r.started_at >= w.since and r.started_at < w.until) rang on true
cross join lateral (select count(distinct n.id) as n, sum(coalesce(d.billed, d.segments * p.price))::float as cost
    from notification n join delivery d on d.notification_id = n.id
    and d.state in ('unknown', 'accepted', 'on_its_way', 'delivered', 'undelivered')
    left join lateral (select v.price from way_price v where v.channel = d.channel and v.provider = d.provider
      and v.since <= d.started_at order by v.since desc limit 1) p on true
    where n.recipient_id = any(w.ids) and n.planned_at >= w.since and d.started_at < w.until
    and n.importance in ('required', 'progress', 'heartbeat') and n.cause_kind <> 'enrolment') told
cross join lateral (select count(*) as asked, count(a.rating) as answered,
    count(*) filter (where a.rating >= case s.kind when 'nps' then 9 else 4 end) as happy
    from survey s left join lateral (select x.rating from survey_answer x where x.survey_id = s.id
      and x.at < w.until order by x.at desc limit 1) a on true
    where s.recipient_id = any(w.ids) and s.ask_at >= w.since and s.ask_at < w.until) said
left join lateral (select coalesce(r.at, w.until) - d.asked_at as took, r.at is not null as came
    from document_request d join claim c on c.id = d.claim_id
    left join lateral (select min(v.occurred_at) as at from case_event v where v.claim_id = c.id
      and v.kind = 'documents_received' and v.occurred_at >= d.asked_at and v.occurred_at < w.until) r on true
    where c.policyholder_id = any(w.ids) and d.asked_at >= w.since and d.asked_at < w.until
    order by d.asked_at limit 1) paper on true
left join lateral (select least(w.until, ended.at) - greatest(w.since, c.reported_at) as took,
    coalesce(ended.at < w.until, false) as settled
    from claim c left join lateral (select min(m.at) as at from (
      select min(y.sent_date)::timestamp at time zone 'UTC' as at from payment y
        where y.claim_id = c.id and y.state in ('sent', 'credited')
      union all select c.stage_since where c.stage = 'closed') m) ended on true
    where c.policyholder_id = any(w.ids) and c.merged_into is null and c.reported_at < w.until
      and (ended.at is null or ended.at >= w.since)
    order by c.reported_at desc limit 1) over on true
""")  # noqa: S608  (pieces of our own)
# How often whoever had an open claim in the last eight weeks called, to reckon how many people a pilot needs.
_USUAL = text("""
select avg(n)::float as mean, stddev_samp(n)::float as spread, count(*) as people from (
  select c.policyholder_id, count(k.id) as n
  from (select distinct policyholder_id from claim where merged_into is null and reported_at < :now
    and (stage <> 'closed' or stage_since >= cast(:now as timestamptz) - interval '56 days')) c
  left join contact k on k.policyholder_id = c.policyholder_id and k.kind = any(:kinds)
    and k.at >= cast(:now as timestamptz) - interval '56 days' and k.at < :now
  group by 1) each
""")


async def trials_of(session: AsyncSession, now: datetime) -> Sequence[Trial]:
    """Every pilot that has started, the oldest first."""
    rows = await (await session.connection()).execute(_TRIALS, {"now": now})
    return [
        Trial(row.id, Measure(row.main_measure), row.smallest, tuple(row.arms), tuple(row.weights), *row[5:])
        for row in rows
    ]


async def people_of(session: AsyncSession, pilot: UUID, now: datetime) -> Sequence[Person]:
    """Everybody who ever agreed, as they stand at `now`."""
    rows = await (await session.connection()).execute(_PEOPLE, {"pilot": pilot, "now": now})
    return [Person(*_plain(row)) for row in rows]


async def usual(session: AsyncSession, kinds: Sequence[str], now: datetime) -> tuple[float, float, int]:
    """Mean and spread of these contacts of a person with an open claim in eight weeks, and how many people they are."""
    row = (await (await session.connection()).execute(_USUAL, {"kinds": list(kinds), "now": now})).one()
    return row.mean or 0.0, row.spread or 0.0, row.people


def _plain(row: Any) -> list[Any]:
    days = {4, 15, 17}
    return [float(value) if at in days and value is not None else value for at, value in enumerate(row)]
