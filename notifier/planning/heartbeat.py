"""The honest message when nothing has happened for a while: what is true now, and never instead of an answer."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from notifier.deciding.decisions import planned, reach
from notifier.deciding.heartbeats import IN_A_ROW, SENTENCE, gist_of, kept_back, template_for
from notifier.deciding.restraint import is_beyond_claim_cap
from notifier.planning.facts import COLUMNS, JOINS, background_of
from notifier.planning.plans import Decided, write_plans
from notifier.planning.rulebook import silences_in_force
from notifier.planning.silent import ASKED, SLOT_ID, SPANS, how_long
from notifier.planning.statutory import give_notice
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, CauseKind, Importance, Reason
from notifier.wording.texts import SAID

log = logging.getLogger(__name__)

GIST = "gist"  # the entry of a heartbeat's values that says what it says
# A slot is one span of a silence; its id follows from claim, start and number, so that it is told once whoever asks and
# how often. What a handler said within the slot, of the claim as it still stands, goes in the place of our words.
_DUE = f"""
{SPANS}, slots as (
    select *, floor(extract(epoch from $1 - since) / (days * 86400))::int as slot from spans
    where since <= $1 - make_interval(days => days)
), due as (
    select *, {SLOT_ID} as slot_id, since + make_interval(days => days * (slot - 1)) as begins from slots
)
select due.slot_id, sentence.text as sentence, sentence.written_by_name as said_by, {ASKED} as asked,
    exists (select from promise m where m.claim_id = c.id and m.kept is false and m.kind = 'decision') as missed,
    told.in_a_row, told.said_last, {COLUMNS}
from due join policyholder p on p.id = due.policyholder_id join claim c on c.id = due.claim_id {JOINS}
left join lateral (select t.text, t.written_by_name from true_sentence t where t.claim_id = c.id
    and t.written_at > due.begins and t.page_state = c.page_state order by t.written_at desc limit 1) sentence on true
cross join lateral (select (array_agg(newest.said order by newest.planned_at desc))[1] as said_last,
    count(*) filter (where newest.cause_kind = 'silence_slot' and newest.template <> '{SENTENCE}') as in_a_row
    from (select n.cause_kind, n.template, n.planned_at, n.values ->> '{GIST}' as said from notification n
        where n.claim_id = c.id and n.recipient_id = p.id
        and n.importance in ('required', 'progress', 'heartbeat') and n.state in ('sent', 'settled', 'held')
        order by n.planned_at desc limit {IN_A_ROW}) newest) told
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
        rows = await connection.fetch(_DUE, now, *how_long(silences, settings, now=now, limit=limit))
        decided = [_decided(row, settings, now) for row in rows]
        await write_plans(connection, decided, now=now)
        _show_to_handlers(decided)
        return max(len(rows), by_law)


def _decided(row: asyncpg.Record, settings: NotifierSettings, now: datetime) -> Decided:
    stands = background_of(row)
    channel, unreachable = reach(ALL_CHANNELS, stands, settings)
    template = template_for(stands, missed=row["missed"], has_sentence=row["sentence"] is not None)
    said = gist_of(template, stands)
    reason = unreachable or kept_back(
        template,
        asked=row["asked"],
        is_beyond_cap=is_beyond_claim_cap(Importance.HEARTBEAT, channel, stands, settings),
        in_a_row=row["in_a_row"],
        says_the_same=said == row["said_last"],
    )
    plan = planned(template, Importance.HEARTBEAT, channel, stands, settings=settings, now=now, reason=reason)
    values: dict[str, Any] = {"page_state": stands.page_state}
    if template == SENTENCE:
        values |= {SAID: row["sentence"], "agent": row["said_by"]}
    else:
        values[GIST] = said
    return (CauseKind.SILENCE_SLOT, row["slot_id"]), None, stands, plan, values


def _show_to_handlers(decided: Sequence[Decided]) -> None:
    for _, _, stands, plan, _ in decided:
        if plan.reason is Reason.APPROVAL:
            log.warning("heartbeat_needs_a_look", extra={"claim_id": stands.claim_id})
