"""What each arm of a pilot has brought so far: what an operator reads at once, and what guardrails are held against."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import rows_of

# Everybody stays in the arm that was drawn for them, also who crossed over or left: else the arms are not alike.
_PER_ARM = text(f"""
select e.arm, count(*) as people, count(e.crossed_at) as crossed, count(e.left_at) as gone,
    coalesce(sum(had.n), 0) as claims, coalesce(sum(told.n), 0) as messages, coalesce(sum(told.parts), 0) as parts,
    count(*) filter (where stopped.at is not null) as stops, count(*) filter (where wrote.complained) as complained
from pilot_enrolment e join policyholder p on p.id = e.policyholder_id
cross join lateral (select {rows_of("p")} as ids offset 0) kin
left join lateral (select count(distinct n.id) as n, sum(d.segments) as parts from notification n
    join delivery d on d.notification_id = n.id and d.state in ('accepted', 'on_its_way', 'delivered', 'undelivered')
    where n.recipient_id = any(kin.ids) and n.planned_at >= e.consented_at
    and n.importance in ('required', 'progress', 'heartbeat') and n.cause_kind <> 'enrolment') told on true
left join lateral (select min(o.at) as at from opt_out o join contact_point i on i.address = o.address
    where i.policyholder_id = any(kin.ids) and o.at >= e.consented_at) stopped on true
left join lateral (select count(*) as n from claim c where c.policyholder_id = any(kin.ids) and c.merged_into is null
    and (c.stage <> 'closed' or c.stage_since >= e.consented_at)) had on true
left join lateral (select exists (select from question q where q.policyholder_id = any(kin.ids)
    and q.category = 'complaint' and q.asked_at >= e.consented_at) as complained) wrote on true
where e.pilot_id = :pilot_id group by e.arm order by e.arm
""")  # noqa: S608  (pieces of our own)
FIGURES = ("people", "claims", "messages", "parts", "stops", "complained", "crossed", "gone")


async def per_arm(session: AsyncSession, pilot_id: UUID) -> dict[str, dict[str, int]]:
    """The figures of each arm that has anybody, by the arm that was drawn for them first."""
    found = await (await session.connection()).execute(_PER_ARM, {"pilot_id": pilot_id})
    return {each.arm: {figure: int(getattr(each, figure)) for figure in FIGURES} for each in found}
