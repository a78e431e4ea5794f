"""The handler is asked for one true sentence before a heartbeat: whom we ask, by when, and what would be read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection, session_scope
from claims_core.same_person import rows_of
from claims_core.tables import Claim
from notifier.deciding.decisions import planned, reach
from notifier.deciding.heartbeats import SENTENCE, days_ahead, template_for
from notifier.planning.facts import COLUMNS, JOINS, background_for, background_of
from notifier.planning.rulebook import silences_in_force
from notifier.planning.silent import ASKED, SLOT_ID, SPANS, how_long
from notifier.rendering import text_for
from notifier.settings import NotifierSettings
from notifier.states import ALL_CHANNELS, Importance
from notifier.wording.links import SAMPLE_LINK, address_of
from notifier.wording.sentence import LONGEST, as_sentence, problems_of
from notifier.wording.texts import SAID, Cause, values_of

__all__ = ["IS_ASKED", "LONGEST", "Asked", "Look", "as_sentence", "ask", "asked_of", "look_at"]

# $11 how many days ahead of its end each span is asked about. The slot that is asked about is the one that ends next.
_ENDING = f"""
{SPANS}, slots as (
    select spans.*, ($11::int[])[array_position($9, days)] as ahead,
        floor(extract(epoch from $1 - since) / (days * 86400))::int + 1 as slot from spans
), ending as (
    select *, {SLOT_ID} as slot_id, since + make_interval(days => days * slot) as until from slots
)
select ending.slot_id, ending.since, ending.until, {COLUMNS}
from ending join policyholder p on p.id = ending.policyholder_id join claim c on c.id = ending.claim_id {JOINS}
where ending.until - make_interval(days => ending.ahead) <= $1 and not {ASKED}
  and not exists (select from sentence_request w where w.slot_id = ending.slot_id)
order by ending.until limit $4
"""  # noqa: S608
_KEEP = """
insert into sentence_request (slot_id, claim_id, since, until, asked_at)
select slot_id, claim_id, since, until, $5 from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::timestamptz[])
    as row(slot_id, claim_id, since, until) on conflict do nothing
"""
# Is a sentence asked for about the claim `c`, and is there none yet? Wants :now. What was told since has ended the
# silence; so has a stage in which nobody waits, for which the claim leaves the desk's queue anyway.
_OPEN = """w.until > :now and not exists (select from notification n join delivery d on d.notification_id = n.id
    where n.claim_id = w.claim_id and n.importance in ('required', 'progress', 'heartbeat')
    and d.started_at > w.asked_at and d.state in ('accepted', 'on_its_way', 'delivered'))"""
IS_ASKED = f"""exists (select from sentence_request w where w.claim_id = c.id and {_OPEN}
    and not exists (select from true_sentence t where t.claim_id = c.id and t.written_at >= w.asked_at
        and t.page_state = c.page_state))"""  # noqa: S608
_ASKED_OF = text(f"""
select w.since, w.until, t.text, t.written_by_name,
  coalesce((select x.language from preference x where x.policyholder_id = any({rows_of("p")})
    order by x.chosen_at desc limit 1), p.language) as language
from sentence_request w join claim c on c.id = w.claim_id join policyholder p on p.id = c.policyholder_id
left join lateral (select s.text, s.written_by_name, s.written_at from true_sentence s where s.claim_id = w.claim_id
    and s.written_at >= w.asked_at and s.page_state = c.page_state order by s.written_at desc limit 1) t on true
where w.claim_id = :claim_id and c.stage <> 'closed' and {_OPEN} order by w.until desc limit 1
""")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim whose silence ends: heard nothing `since`, a sentence is wanted `until`; what was written so far,
    and the language that the policyholder reads."""

    since: datetime
    until: datetime
    language: str
    sentence: str | None
    written_by: str | None


@dataclass(frozen=True, slots=True)
class Look:
    """What the policyholder would read: the message, in their language; `problems` are why it may not be said."""

    message: str
    channel: str
    language: str
    problems: tuple[tuple[str, str], ...]


async def ask(engine: AsyncEngine, *, now: datetime, settings: NotifierSettings, limit: int = 500) -> int:
    """Put the claims whose silence ends soon before their handlers. How many, `limit` at most.

    Not where nothing could be sent, nor beside an open question: that has a clock of its own.
    """
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        silences = await silences_in_force(session)
        ahead = [days_ahead(each.days) for each in silences if not each.by_law]
        values = how_long(silences, settings, now=now, limit=limit, ahead=max(ahead))
        rows = await connection.fetch(_ENDING, now, *values, ahead)
        ids, claims, since = ([row[name] for row in rows] for name in ("slot_id", "claim_id", "since"))
        # Where nothing could be sent the request ends as it begins: nobody reads it, and it is not looked at again.
        barred = [reach(ALL_CHANNELS, background_of(row), settings)[1] for row in rows]
        until = [now if why else row["until"] for row, why in zip(rows, barred, strict=True)]
        await connection.execute(_KEEP, ids, claims, since, until, now)
        return len(rows)


async def asked_of(session: AsyncSession, claim_id: UUID, *, now: datetime) -> Asked | None:
    """What the handler of this claim is asked now; None where nothing is."""
    row = (await (await session.connection()).execute(_ASKED_OF, {"claim_id": claim_id, "now": now})).first()
    return Asked(row.since, row.until, row.language, row.text, row.written_by_name) if row else None


async def look_at(
    session: AsyncSession, claim_id: UUID, typed: str | None, *, by: str, now: datetime, settings: NotifierSettings
) -> Look:
    """What would be read with this sentence by `by`, or without one (None); and why it may not be said."""
    claim = await session.get_one(Claim, claim_id)
    stands = await background_for(await driver_connection(session), claim.policyholder_id, claim_id=claim_id, now=now)
    channel, _ = reach(ALL_CHANNELS, stands, settings)
    said = None if typed is None else as_sentence(typed)
    missed = stands.decision_due is not None and stands.decision_due < now.date()
    template = SENTENCE if said else template_for(stands, missed=missed)
    plan = planned(template, Importance.HEARTBEAT, channel, stands, settings=settings, now=now)
    own = {SAID: said, "agent": by} if said else {}
    shown = text_for(template, plan.channel, plan.language)
    cause = Cause(template, plan.channel, plan.language, plan.cadence, None, own)
    link = address_of(SAMPLE_LINK, settings)
    message = shown.say(plan.channel, values_of(shown.names, cause, stands, settings=settings, now=now, link=link))
    problems = () if said is None else tuple(problems_of(said, before=await _said_before(session, claim_id)))
    return Look(message, plan.channel, plan.language, problems)


async def _said_before(session: AsyncSession, claim_id: UUID) -> str | None:
    """The sentence that was sent last about this claim."""
    sent = text("""select values ->> 'said' from notification where claim_id = :claim_id and template = 'true_sentence'
        and state in ('sent', 'settled') order by planned_at desc limit 1""")
    return (await (await session.connection()).execute(sent, {"claim_id": claim_id})).scalar()
