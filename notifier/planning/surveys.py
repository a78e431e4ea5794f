"""One question at the end of a claim: whose claim has ended, and the text that asks them a day later."""

from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import advisory_key, driver_connection, session_scope
from claims_core.ids import new_id
from notifier.planning.notices import tell_person
from notifier.settings import NotifierSettings
from notifier.states import CauseKind, ChannelName, Importance
from notifier.wording.texts import TRUTH

# The money, or the letter that says why not, should be there before we ask.
ASK_AFTER = timedelta(days=1)
# What could not be asked for so long is not asked any more: nobody remembers how it was.
ASK_WITHIN = timedelta(days=7)
# Who withdrew, or whose claim went elsewhere, has seen too little of us to say.
OUTCOMES = ("approved", "approved_partly", "refused", "below_deductible")
TEMPLATES = {"clear": "survey", "nps": "survey_nps"}
# Neither read out nor sent where the provider wants a form of words that it approved.
CHANNELS = (ChannelName.SMS, ChannelName.TELEGRAM, ChannelName.MAX, ChannelName.EMAIL)
MOST = 5_000
_ONE_ASKS = advisory_key("notifier surveys")
# Up to the planner's mark nothing can appear below. What was so when we first saw the claim is not asked about.
_ENDED = """
with upto as (
  select coalesce((select mark from planner_mark), 0) as planned, coalesce((select mark from survey_mark), 0) as seen
)
select e.seq, e.recorded_at, c.id as claim_id, c.policyholder_id from upto
join lateral (select * from case_event f where f.seq > upto.seen and f.seq <= upto.planned order by f.seq limit $2) e
  on true
left join claim c on c.id = e.claim_id and e.stage = 'closed' and not e.historic and e.recorded_at > $1
  and c.stage = 'closed' and c.outcome = any($3) and c.merged_into is null and c.gone_at is null
  and not (c.has_claimants and c.approved is null)
order by e.seq
"""
_KEEP = """
insert into survey (id, claim_id, recipient_id, kind, ask_at)
select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
on conflict (claim_id, recipient_id) do nothing
"""
_MARK = """
insert into survey_mark (id, mark) values (1, $1)
on conflict (id) do update set mark = greatest(survey_mark.mark, excluded.mark)
"""
# Never into an open question of theirs; and who has answered on the page was asked there.
_DUE = """
select s.id, s.kind, s.claim_id, s.recipient_id, c.page_state from survey s join claim c on c.id = s.claim_id
where s.ask_at <= $1 and s.ask_at > $2
  and not exists (select from notification n where n.cause_kind = 'survey' and n.cause_id = s.id)
  and not exists (select from survey_answer a where a.survey_id = s.id)
  and not exists (select from question q where q.claim_id = s.claim_id and q.answered_at is null)
order by s.ask_at, s.id limit $3
"""


async def ask_surveys(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> int:
    """Note whose claims have ended, and plan up to `limit` texts to those where that was a day ago. How many.

    Each is an optional message: caps, nights, the STOP and what a channel wants are looked at as for any other, and a
    claim that is open again is not asked about. Nothing is noted or asked while `NOTIFIER_SURVEY` is off.
    """
    kind = settings.notifier_survey
    if kind == "off":
        return 0
    while await _note_ended(engine, kind, now=now):
        pass
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        await connection.execute("select pg_advisory_xact_lock($1)", _ONE_ASKS)
        rows = await connection.fetch(_DUE, now, now - ASK_WITHIN, limit)
        for row in rows:
            await _ask(connection, row, now=now, settings=settings)
        return len(rows)


async def _note_ended(engine: AsyncEngine, kind: str, *, now: datetime) -> bool:
    """The next case events; are there more?"""
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        await connection.execute("select pg_advisory_xact_lock($1)", _ONE_ASKS)
        rows = await connection.fetch(_ENDED, now - ASK_WITHIN, MOST, list(OUTCOMES))
        if not rows:
            return False
        new = [(new_id(), r["claim_id"], r["policyholder_id"], kind, r["recorded_at"] + ASK_AFTER)
               for r in rows if r["claim_id"] is not None]  # fmt: skip
        if new:
            await connection.execute(_KEEP, *map(list, zip(*new, strict=True)))
        await connection.execute(_MARK, rows[-1]["seq"])
        return len(rows) == MOST


async def _ask(
    connection: asyncpg.Connection, row: asyncpg.Record, *, now: datetime, settings: NotifierSettings
) -> None:
    await tell_person(
        connection,
        TEMPLATES[row["kind"]],
        Importance.PROGRESS,
        (CauseKind.SURVEY, row["id"]),
        policyholder_id=row["recipient_id"],
        claim_id=row["claim_id"],
        settings=settings,
        now=now,
        values={"page_state": row["page_state"], TRUTH: "survey"},
        channels=CHANNELS,
    )
