"""What the ledger says about waiting, counted by the database: a few thousand rows, however many claims there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import LineOfBusiness
from claims_figures.survival import STILL_OPEN


class End(IntEnum):
    """How a claim ended for the one who waited; the causes of `survival`."""

    OPEN = STILL_OPEN
    PAID = 1
    PARTLY = 2
    DECLINED = 3
    OTHERWISE = 4


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` until `until`, which is not part of it."""

    name: str
    since: date
    until: date


HALF_YEAR = timedelta(days=182)


def periods(today: date) -> tuple[Period, Period]:
    """The half year that ends today, and the one before."""
    return (
        Period("latest", today - HALF_YEAR, today),
        Period("before", today - 2 * HALF_YEAR, today - HALF_YEAR),
    )


class Group(NamedTuple):
    """Claims that are alike: reported in one period, waited as long, ended the same way."""

    line: LineOfBusiness
    period: str
    quarter: int | None  # of the claims of its line by size, 1 the smallest; None where no sum is known
    days: int
    end: End
    extended: bool
    claims: int


class Kept(NamedTuple):
    """Dates of ours that came in a period: how many were kept and how many not."""

    line: LineOfBusiness
    period: str
    kept: int
    missed: int


class Complained(NamedTuple):
    """Formal complaints that were served on us in a period, and how many of them were answered by their day."""

    line: LineOfBusiness
    period: str
    sent: int
    in_time: int


# The day of the money or of the letter ends the wait; of what ended without either, the day of closing. A claim that
# readings show no more was watched until it went. What was joined with another claim is counted there.
_GROUPS = text("""
with cohort as (
  select id, line_of_business as line, stage, outcome, stage_since, currency, coalesce(assessed, approved) as size,
    (reported_at at time zone :zone)::date as began, (gone_at at time zone :zone)::date as gone
  from claim
  where merged_into is null and reported_at >= :since and reported_at < :until and not has_claimants
), paid as (
  select claim_id, min(sent_date) as day from payment
  where state in ('sent', 'credited') and sent_date is not null group by claim_id
), decided as (
  select claim_id, max(occurred_at) as at from case_event where kind = 'decision_made' and occurred_at >= :since
  group by claim_id
), extended as (
  select distinct claim_id from case_event where situation = 'extended_check'
), ended as (
  select c.*, extended.claim_id is not null as is_extended,
    case when outcome in ('approved', 'approved_partly')
        then coalesce(paid.day, case when stage = 'closed' then (stage_since at time zone :zone)::date end)
      when outcome = 'refused' then (coalesce(decided.at, stage_since) at time zone :zone)::date
      when stage = 'closed' then (stage_since at time zone :zone)::date
    end as day
  from cohort c left join paid on paid.claim_id = c.id left join decided on decided.claim_id = c.id
    left join extended on extended.claim_id = c.id
), waited as (
  select line, began, size, is_extended,
    greatest(0, coalesce(day, gone, cast(:today as date)) - began) as days,
    case when day is null then 0 when outcome = 'approved' then 1 when outcome = 'approved_partly' then 2
      when outcome = 'refused' then 3 else 4 end as ended,
    case when size is not null then
      ntile(4) over (partition by line, currency, began >= :middle, size is null order by size) end as quarter
  from ended
)
select line, case when began >= :middle then 'latest' else 'before' end as period, quarter, days, ended, is_extended,
  count(*) as claims
from waited group by 1, 2, 3, 4, 5, 6
""")
# A date that was moved before it came is neither; one whose day is over and that nobody has ended yet is missed.
_KEPT = text("""
select c.line_of_business as line, case when p.due_date >= :middle then 'latest' else 'before' end as period,
  count(*) filter (where p.kept) as kept, count(*) filter (where not coalesce(p.kept, false)) as missed
from promise p join claim c on c.id = p.claim_id
where p.basis in ('target', 'handler') and p.due_date >= cast(:first as date) and p.due_date < cast(:today as date)
  and (p.kept is not null or p.ended_at is null) and c.merged_into is null and c.gone_at is null
group by 1, 2
""")
_COMPLAINED = text("""
select c.line_of_business as line,
  case when (f.served_at at time zone :zone)::date >= :middle then 'latest' else 'before' end as period,
  count(*) as sent, count(*) filter (where q.answered_at <= q.answer_due_at) as in_time
from formal_complaint f join claim c on c.id = f.claim_id join question q on q.id = f.question_id
where f.served_at >= :since and f.served_at < :until group by 1, 2
""")


async def groups_of(session: AsyncSession, *, now: datetime, zone: str, today: date) -> list[Group]:
    """The claims of both periods in groups. One pass over claims, payments and events."""
    rows = await (await session.connection()).execute(_GROUPS, _values(now, zone, today))
    return [
        Group(LineOfBusiness(line), period, quarter, days, End(ended), extended, claims)
        for line, period, quarter, days, ended, extended, claims in rows
    ]


async def kept_of(session: AsyncSession, *, today: date) -> Sequence[Kept]:
    """How many of our own dates were kept, by line and period of the date."""
    first = {"first": periods(today)[1].since, "middle": periods(today)[0].since, "today": today}
    rows = await (await session.connection()).execute(_KEPT, first)
    return [Kept(LineOfBusiness(line), *more) for line, *more in rows]


async def complained_of(session: AsyncSession, *, now: datetime, zone: str, today: date) -> Sequence[Complained]:
    """How many formal complaints were served on us, by line and period."""
    values = _values(now, zone, today)
    del values["today"]
    rows = await (await session.connection()).execute(_COMPLAINED, values)
    return [Complained(LineOfBusiness(line), *more) for line, *more in rows]


def _values(now: datetime, zone: str, today: date) -> dict[str, object]:
    latest, before = periods(today)
    return {
        "zone": zone,
        "today": today,
        "middle": latest.since,
        "since": now - (today - before.since),
        "until": now,
    }
