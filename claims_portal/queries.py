"""What pages read. The claim page is one trip to the database: the session, the claim and all that belongs to it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.same_person import goes_on, rows_of

IDLE_MINUTES = 15

# What belongs to a claim, gathered as one JSON value a kind; each part is one index range.
_PARTS = """
  (select json_agg(json_build_object('amount', p.amount::text, 'state', p.state, 'sent_date', p.sent_date,
     'expected_date', p.expected_date, 'last4', p.account_last4, 'bank', p.bank, 'reason', p.return_reason))
   from payment p where p.claim_id = c.id)::text as payments,
  (select json_agg(json_build_object('title_ru', d.title_ru, 'title_en', d.title_en, 'why_ru', d.why_ru,
     'why_en', d.why_en, 'due', d.due_date, 'state', d.state, 'reject_reason', d.reject_reason) order by d.asked_at)
   from document_request d where d.claim_id = c.id)::text as documents,
  (select json_agg(json_build_object('kind', p.kind, 'basis', p.basis, 'start', p.start_date, 'due', p.due_date,
     'made_at', p.made_at, 'ended_at', p.ended_at, 'kept', p.kept) order by p.made_at, p.due_date)
   from promise p where p.claim_id = c.id)::text as promises,
  (select json_agg(json_build_object('started_at', p.started_at, 'ended_at', p.ended_at) order by p.started_at)
   from pause p where p.claim_id = c.id)::text as pauses
"""
# What was said to whoever reads it, and what they asked: also about a claim that was joined with this one.
_TOLD = f"""
  (select json_agg(json_build_object('id', e.id, 'kind', e.kind, 'stage', e.stage, 'situation', e.situation,
     'page_state', e.page_state, 'at', e.occurred_at, 'detail', e.detail) order by e.seq)
   from case_event e where e.claim_id = c.id)::text as events,
  (select json_agg(json_build_object('cause_id', n.cause_id, 'template', n.template,
     'said', n.values ->> 'said', 'by', n.values ->> 'agent',
     'at', coalesce(n.finished_at, n.planned_at),
     'delivery', (select d.state from delivery d where d.notification_id = n.id order by d.attempt desc limit 1)))
   from notification n
   where n.claim_id = c.id and n.state in ('sent', 'settled', 'unknown') and n.importance <> 'code'
     and n.recipient_id = any({rows_of("h")}))::text as messages,
  (select json_agg(json_build_object('id', q.id, 'text', q.text, 'category', q.category, 'asked_at', q.asked_at,
     'due_at', q.answer_due_at,
     'channel', q.channel, 'answer', q.answer, 'answered_by', q.answered_by, 'answered_at', q.answered_at,
     'taken_by', q.taken_by_name)
     order by q.asked_at)
   from question q where q.policyholder_id = any({rows_of("h")}) and q.claim_id in (select c.id union all
     select o.id from claim o where o.source = c.source and o.merged_into = c.source_ref))::text as questions,
  (select json_agg(json_build_object('id', f.question_id, 'ground', f.ground, 'reference', f.reference,
     'served_at', f.served_at) order by f.served_at)
   from formal_complaint f where f.claim_id = c.id)::text as complaints,
  case when c.stage = 'closed' then (select json_agg(json_build_object('kind', s.kind, 'ask_at', s.ask_at,
     'rating', (select a.rating from survey_answer a where a.survey_id = s.id order by a.at desc limit 1)))
   from survey s where s.claim_id = c.id and s.recipient_id = any({rows_of("h")})) end::text as survey
"""  # noqa: S608  (pieces of our own)
_SHOWN = """
  c.id, c.source, c.claim_number, c.policy_number, c.line_of_business, c.product, c.country, c.currency,
  c.object_label, c.reported_at, c.documents_complete_at, c.stage, c.situation, c.outcome, c.mover, c.page_state,
  c.stage_since, c.situation_since, c.reason, c.team, c.handler_name, c.inspection_at, c.inspection_place,
  c.assessed, c.deductible, c.approved, c.decision_reasons, c.policyholder_id, c.merged_into, c.part_of,
  c.has_claimants, h.given_name, h.name, h.time_zone
"""
# When the record was last read is read itself only where the page says it: it moves with what nobody sees.
_CLAIM = f"""
  {_SHOWN}, c.gone_at,
  case when not exists (select from source_freshness f where f.source = c.source and f.fresh_at is not null)
    then c.observed_at end as observed_at,
  (select f.fresh_at from source_freshness f where f.source = c.source) as fresh_at,
  (select f.old_after_seconds from source_freshness f where f.source = c.source) as old_after_seconds
"""  # noqa: S608  (pieces of our own)
_OWNERS = f"""
  {_CLAIM},
  (select a.address from contact_point a where a.policyholder_id = c.policyholder_id and a.kind = 'phone' and a.on_file
   order by a.place limit 1) as phone,
  (select p.cadence from preference p where p.policyholder_id = any({rows_of("h")}) order by p.chosen_at desc limit 1)
    as cadence,
  (select json_agg(json_build_object('number', o.claim_number) order by o.reported_at) from claim o
   where o.source = c.source and o.merged_into = c.source_ref
     and o.policyholder_id = any({rows_of("h")}))::text as joined,
  {_PARTS}, {_TOLD}
"""  # noqa: S608  (pieces of our own)


def _as_read_by_session(claim: str, more: str = "") -> str:
    """The claim of a session `s` at the moment $3, nulls when it is not theirs to read; `more` joins to it."""
    return f"""
left join representative r on r.claim_id = {claim} and r.person_id = s.policyholder_id and r.ended_at is null
  and r.ends_at > $3
left join claim c on c.id = {claim} and (c.policyholder_id = s.policyholder_id or r.id is not null or exists (
  select from policyholder me join policyholder kin on kin.person_id = me.person_id
  where me.id = s.policyholder_id and kin.id = c.policyholder_id))
left join policyholder h on h.id = c.policyholder_id {more}
where s.ends_at > $3 and s.seen_at > $3 - interval '{IDLE_MINUTES} minutes'
"""


_OWN_CLAIM = f"""
select s.policyholder_id as viewer_id, s.created_at as code_at, r.id as representative_id, r.agreed_at,
  r.ends_at as until, {_OWNERS}
from portal_session s {_as_read_by_session("$2")} and s.token_hash = $1
"""  # noqa: S608  (pieces of our own)
# A figure of exactly what the page shows. Of how fresh it is nothing is in it, and of what nobody sees neither: a
# version that moved with them would tell a reader that something is done behind the scenes.
_LATERAL = f"left join lateral (select {_SHOWN}, {_PARTS}, {_TOLD}) as shown on c.id is not null"
_VERSIONS = f"""
select w.token_hash, w.claim_id, case when c.id is not null and (r.id is null or r.agreed_at is not null)
  then hashtextextended(shown::text, 0) end as version
from unnest($1::bytea[], $2::uuid[]) as w (token_hash, claim_id)
join portal_session s on s.token_hash = w.token_hash {_as_read_by_session("w.claim_id", _LATERAL)}
"""  # noqa: S608  (pieces of our own)
_GLANCE = f"select {_CLAIM}, {_PARTS} from claim c join policyholder h on h.id = c.policyholder_id where c.id = $1"  # noqa: S608
_AS_OWNER = f"select {_OWNERS} from claim c join policyholder h on h.id = c.policyholder_id where c.id = $1"  # noqa: S608
_JSON_PARTS = (
    "joined",
    "payments",
    "documents",
    "promises",
    "pauses",
    "events",
    "messages",
    "questions",
    "complaints",
    "survey",
)


@dataclass(frozen=True)
class ClaimRow:
    """A claim as it was read for one viewer: its columns, and its parts as lists of plain values."""

    columns: asyncpg.Record

    def __getitem__(self, name: str) -> Any:
        """A column."""
        return self.columns[name]

    @cached_property
    def parts(self) -> dict[str, list[dict[str, Any]]]:
        """What belongs to the claim, by kind; read when it is first asked for."""
        there = frozenset(self.columns.keys())  # a record gives its names once, as they are asked for
        return {name: orjson.loads(self.columns[name] or "[]") for name in _JSON_PARTS if name in there}


@dataclass(frozen=True, slots=True)
class Represents:
    """Whoever looks reads the claim for its policyholder, `until` then; nothing before they have agreed."""

    id: UUID
    until: datetime
    has_agreed: bool


@dataclass(frozen=True, slots=True)
class OwnClaim:
    """What one trip found: is the session alive, since which code, and the claim if it is the viewer's."""

    viewer_id: UUID
    code_at: datetime
    claim: ClaimRow | None
    represents: Represents | None = None


async def own_claim(pool: asyncpg.Pool, token_hash: bytes, claim_id: UUID, *, now: datetime) -> OwnClaim | None:
    """The claim through its owner's session; None when the session is unknown, idle for 15 minutes or over."""
    record = await pool.fetchrow(_OWN_CLAIM, token_hash, claim_id, now)
    if record is None:
        return None
    found = None if record["id"] is None else ClaimRow(record)
    return OwnClaim(record["viewer_id"], record["code_at"], found, _represents(record))


async def versions_of(
    pool: asyncpg.Pool, readers: Collection[tuple[bytes, UUID]], *, now: datetime
) -> dict[tuple[bytes, UUID], int | None]:
    """A figure for what each reader's page shows, by session and claim; it moves when, and only when, that does.

    A session that is over has none. None is for a claim that is not, or no longer, this reader's to see.
    """
    tokens, claims = [token for token, _ in readers], [claim for _, claim in readers]
    found = await pool.fetch(_VERSIONS, tokens, claims, now)
    return {(row["token_hash"], row["claim_id"]): row["version"] for row in found}


def _represents(record: asyncpg.Record) -> Represents | None:
    if record["representative_id"] is None:
        return None
    return Represents(record["representative_id"], record["until"], record["agreed_at"] is not None)


async def claim_as_owner(pool: asyncpg.Pool | asyncpg.Connection, claim_id: UUID) -> ClaimRow | None:
    """A claim with all that its owner's page is made of, for the desk; the caller keeps who looked and why."""
    record = await pool.fetchrow(_AS_OWNER, claim_id)
    return None if record is None else ClaimRow(record)


async def glance_claim(pool: asyncpg.Pool, claim_id: UUID) -> ClaimRow | None:
    """A claim for the glance: its messages, questions and events are not even read."""
    record = await pool.fetchrow(_GLANCE, claim_id)
    return None if record is None else ClaimRow(record)


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim in a list."""

    id: UUID
    claim_number: str
    line_of_business: str
    object_label: str | None
    page_state: str
    outcome: str | None
    our_date: Any
    is_open: bool
    is_liable: bool


# From claim to claim as the back office joined them, to the last, if it is the viewer's, too. A circle leads nowhere.
_LED_TO = f"""
with recursive led (id, source, merged_into, policyholder_id, steps) as (
  select c.id, c.source, c.merged_into, c.policyholder_id, 0 from claim c where c.id = $1
  union all
  select n.id, n.source, n.merged_into, n.policyholder_id, led.steps + 1
  from led join claim n on n.source = led.source and n.source_ref = led.merged_into where led.steps < 10
)
select led.id from led join policyholder me on me.id = $2
where led.steps > 0 and led.merged_into is null and led.policyholder_id = any({rows_of("me")})
"""  # noqa: S608  (pieces of our own)


async def led_to(pool: asyncpg.Pool, claim_id: UUID, *, viewer_id: UUID) -> UUID | None:
    """The claim in which this one goes on, after however many joins; None when the viewer has no such claim."""
    found: UUID | None = await pool.fetchval(_LED_TO, claim_id, viewer_id)
    return found


_CLAIMS_OF = f"""
select c.id, c.claim_number, c.line_of_business, c.object_label, c.page_state, c.outcome,
  (select max(p.due_date) from promise p where p.claim_id = c.id and p.ended_at is null
    and p.basis in ('target', 'handler')) as our_date,
  c.stage <> 'closed' as is_open,
  c.has_claimants and c.approved is null and not exists (select from payment p where p.claim_id = c.id) as is_liable
from policyholder me join claim c on c.policyholder_id = any({rows_of("me")})
where me.id = $1 and not {goes_on("c", rows_of("me"))}
order by (c.stage = 'closed'), c.reported_at desc limit 100
"""  # noqa: S608  (pieces of our own)


async def claims_of(pool: asyncpg.Pool, policyholder_id: UUID) -> list[ClaimLine]:
    """The claims of a person in all back offices, open ones first, newest first; a hundred at most."""
    return [ClaimLine(*record) for record in await pool.fetch(_CLAIMS_OF, policyholder_id)]


async def has_several_claims(session: AsyncSession, policyholder_id: UUID) -> bool:
    """Does the person have more than one claim, in whatever back office?"""
    two = text(
        f"select count(*) from (select 1 from policyholder me join claim c on c.policyholder_id = any({rows_of('me')})"  # noqa: S608
        " where me.id = :id limit 2) as two"
    )
    return bool((await (await session.connection()).execute(two, {"id": policyholder_id})).scalar_one() > 1)


async def has_signed_in(session: AsyncSession, policyholder_id: UUID, claim_id: UUID) -> bool:
    """Has the policyholder ever come to this claim with a code?"""
    ever = text(
        "select exists (select from contact where claim_id = :claim and policyholder_id = :id and kind = 'look_up')"
    )
    return bool((await (await session.connection()).execute(ever, {"claim": claim_id, "id": policyholder_id})).scalar())


async def claim_number_of(session: AsyncSession, claim_id: UUID) -> str:
    """The number of a claim, for its last four digits."""
    one = text("select claim_number from claim where id = :id")
    return str((await (await session.connection()).execute(one, {"id": claim_id})).scalar_one())


@dataclass(frozen=True, slots=True)
class Looks:
    """How often a representative read a claim, and when last."""

    n: int
    last: datetime


_LOOKS = text("""
select viewer_id, count(*) as n, max(at) as last from access_log
where claim_id = :claim and viewer_kind = 'representative' and page = '/claim/{claim_id}' group by viewer_id
""")


async def looks_of(session: AsyncSession, claim_id: UUID) -> dict[UUID, Looks]:
    """The looks of representatives at the page of this claim, by the id of their person row."""
    rows = await (await session.connection()).execute(_LOOKS, {"claim": claim_id})
    return {row.viewer_id: Looks(row.n, row.last) for row in rows}
