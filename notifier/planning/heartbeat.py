"""The honest message when nothing has happened for a while: what is true now, and never instead of an answer."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from claims_core.same_person import rows_of
from notifier.background import Background
from notifier.deciding.decisions import planned, reach
from notifier.deciding.restraint import is_beyond_claim_cap
from notifier.deciding.silences import Silence
from notifier.planning.facts import COLUMNS, JOINS, background_of
from notifier.planning.plans import Decided, write_plans
from notifier.planning.rulebook import silences_in_force
from notifier.planning.statutory import give_notice
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, CauseKind, Importance, Reason

log = logging.getLogger(__name__)

# Where somebody still waits for us. Afterwards silence is what everybody expects; and so it is once it was decided,
# for a policyholder whose policy pays somebody else.
WAITING = (
    "registered",
    "docs_needed",
    "assessment",
    "awaiting",
    "extended",
    "approved",
    "partly",
    "repair",
    "reopened",
)
IN_A_ROW = 2  # the third is held until a person has looked
# The silence of a claim runs from the last text that a provider took and that did not turn out to be undelivered, or
# from the day we first saw the claim. A slot is one span of it; its id follows from claim, start and number, so that it
# is told once whoever asks and how often. News that waits to leave will break the silence by itself.
# $1 now, $2 the insurer's cadence, $3 page states, $4 limit, $5 the shortest span in days, $6 to $9 the spans, the
# narrowest of which holds as in `silences.days_of_silence`, $10 the installation's market.
_SILENT = f"""
with silence as (
    select c.id as claim_id, c.policyholder_id, c.product, c.line_of_business as line,
        coalesce(chosen.cadence, arm.arm, $2) as cadence, greatest(last.at, first.at) as since
    from claim c
    join policyholder p on p.id = c.policyholder_id
    cross join lateral (select {rows_of("p")} as ids offset 0) kin
    left join lateral (select x.cadence from preference x where x.policyholder_id = any(kin.ids)
        order by x.chosen_at desc limit 1) chosen on true
    left join lateral (select e.arm from pilot_enrolment e join pilot t on t.id = e.pilot_id
        where e.policyholder_id = any(kin.ids) and e.left_at is null and t.starts_at <= $1 and t.ends_at > $1
        order by e.consented_at limit 1) arm on true
    cross join lateral (select min(ev.recorded_at) as at from case_event ev where ev.claim_id = c.id) first
    left join lateral (select max(d.started_at) as at from notification n join delivery d on d.notification_id = n.id
        where n.claim_id = c.id and n.importance in ('required', 'progress', 'heartbeat')
        and d.state in ('accepted', 'on_its_way', 'delivered')) last on true
    where c.page_state = any($3) and c.stage <> 'closed' and c.gone_at is null
      and c.merged_into is null
      and not (c.has_claimants and c.approved is null and c.page_state in ('approved', 'partly', 'repair'))
        and first.at <= $1 - make_interval(days => $5)
      and not exists (select from notification n where n.recipient_id = p.id and n.claim_id = c.id
        and n.state in ('planned', 'sending', 'unknown') and n.importance in ('required', 'progress'))
), spans as (
    select s.*, span.days from silence s cross join lateral (
        select r.days from unnest($6::text[], $7::text[], $8::text[], $9::int[]) as r(market, line, cadence, days)
        where coalesce(r.cadence, s.cadence) = s.cadence and coalesce(r.line, s.line) = s.line
        and (r.market is null or r.market = $10 or starts_with(s.product, r.market || '_'))
        order by r.market is null, r.line is null, r.cadence is null limit 1) span
), slots as (
    select *, floor(extract(epoch from $1 - since) / (days * 86400))::int as slot from spans
    where since <= $1 - make_interval(days => days)
), due as (
    select *, md5('silence ' || claim_id || ' ' || extract(epoch from since) || ' ' || slot)::uuid as slot_id from slots
)
select due.slot_id,
    exists (select from question q where q.policyholder_id = any(kin.ids) and q.answered_at is null) as asked,
    exists (select from promise m where m.claim_id = c.id and m.kept is false and m.kind = 'decision') as missed,
    (select count(*) from (select n.cause_kind from notification n where n.claim_id = c.id and n.recipient_id = p.id
        and n.importance in ('required', 'progress', 'heartbeat') and n.state in ('sent', 'settled', 'held')
        order by n.planned_at desc limit {IN_A_ROW}) newest where newest.cause_kind = 'silence_slot') as in_a_row,
    {COLUMNS}
from due join policyholder p on p.id = due.policyholder_id join claim c on c.id = due.claim_id {JOINS}
where not exists (select from notification n where n.cause_kind = 'silence_slot' and n.cause_id = due.slot_id)
order by due.since limit $4
"""  # noqa: S608


async def beat(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> int:
    """Plan a heartbeat for each claim that has heard nothing for its span, and the notices that a law asks for.

    `limit` at most of each; the greater of the two numbers, so that whoever calls goes on while it is the limit.
    """
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        silences = await silences_in_force(session)
        by_law = await give_notice(connection, silences, now=now, settings=settings, limit=limit)
        rows = await connection.fetch(_SILENT, now, *_how_long(silences, settings, limit))
        decided = [_decided(row, settings, now) for row in rows]
        await write_plans(connection, decided, now=now)
        _show_to_handlers(decided)
        return max(len(rows), by_law)


def _how_long(silences: Sequence[Silence], settings: NotifierSettings, limit: int) -> tuple[Any, ...]:
    usual = [each for each in silences if not each.by_law]
    shortest = min(each.days for each in usual)
    columns = ([getattr(each, name) for each in usual] for name in ("market", "line", "cadence", "days"))
    return settings.notifier_cadence, list(WAITING), limit, shortest, *columns, settings.notifier_jurisdiction


def template_for(stands: Background, *, missed: bool) -> str:
    """What is true: we wait for the person, we have broken our word, or there is simply no news."""
    if stands.page_state == "docs_needed" and stands.open_documents:
        return "waiting_you"
    undecided = stands.outcome is None
    return "late" if missed and undecided else "heartbeat"


def _decided(row: asyncpg.Record, settings: NotifierSettings, now: datetime) -> Decided:
    stands = background_of(row)
    channel, unreachable = reach(ALL_CHANNELS, stands, settings)
    template = template_for(stands, missed=row["missed"])
    reason = unreachable or (Reason.OPEN_QUESTION if row["asked"] else None)
    if reason is None and is_beyond_claim_cap(Importance.HEARTBEAT, channel, stands, settings):
        reason = Reason.CLAIM_CAP
    if reason is None and row["in_a_row"] >= IN_A_ROW:
        reason = Reason.APPROVAL
    plan = planned(template, Importance.HEARTBEAT, channel, stands, settings=settings, now=now, reason=reason)
    values: dict[str, Any] = {"page_state": stands.page_state}
    return (CauseKind.SILENCE_SLOT, row["slot_id"]), None, stands, plan, values


def _show_to_handlers(decided: Sequence[Decided]) -> None:
    for _, _, stands, plan, _ in decided:
        if plan.reason is Reason.APPROVAL:
            log.warning("heartbeat_needs_a_look", extra={"claim_id": stands.claim_id})
