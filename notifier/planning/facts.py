"""What the planner and the hand-over must know, in one trip to the database for a whole batch."""

import json
import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from claims_core.errors import ClaimsError, NotFound
from claims_core.same_person import goes_on, rows_of
from notifier.background import Background, Fact
from notifier.deciding.decisions import cadence_of, still_to_send
from notifier.planning.addresses import AS_PLANNED, FOR_PLANNING, LAST_HEARD, SPOKEN_TO, USABLE_FIRST
from notifier.planning.counted import HANDED_OVER, TOLD_ON_CLAIM, TOLD_OR_IN_HAND
from notifier.planning.stops import OF_ADDRESS, OF_CLAIM, STOPPED
from notifier.planning.trials import TOLD_TO, TRIAL
from notifier.rendering import MessageText, text_for
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, Importance, Reason
from notifier.wording.links import Link, new_link
from notifier.wording.texts import DUE_AT, TRUTH, Cause, values_of
from notifier.wording.values import NAMES

log = logging.getLogger(__name__)

# $1 is now. Every part is one look-up by an index; a batch of 500 rows costs one plan and one trip.
_COLUMNS = {
    "policyholder_id": "p.id",
    "name": "p.name",
    "given_name": "p.given_name",
    "language": "coalesce(chosen.language, p.language)",
    "time_zone": "p.time_zone",
    "contact_prohibited": """p.contact_prohibited or p.person_id is not null and exists (select from policyholder k
        where k.person_id = p.person_id and k.contact_prohibited)""",
    "contact_point_id": "point.id",
    "address": "point.address",
    "chosen_cadence": "chosen.cadence",
    "chosen_channel": "chosen.channel",
    "quiet_from": "chosen.quiet_from",
    "quiet_to": "chosen.quiet_to",
    "arm": "trial.arm",
    "stopped": STOPPED,
    "consents": """array(select k.purpose from consent k
        where k.policyholder_id = any(kin.ids) and k.withdrawn_at is null)""",
    "handed_over": HANDED_OVER,
    "claim_id": "c.id",
    **{
        name: f"c.{name}"
        for name in (
            *("claim_number", "line_of_business", "product", "country", "currency", "stage", "situation", "outcome"),
            *("page_state",),
            *("situation_since", "reason", "handler_name", "inspection_at", "assessed", "approved"),
        )
    },
    "open_documents": "coalesce(papers.n, 0)",
    "titles_ru": "papers.titles_ru",
    "titles_en": "papers.titles_en",
    "documents_due": "papers.due_date",
    "decision_due": "promised.decision",
    "payment_due": "promised.payment",
    "limit_due": "promised.law",
    "promised_from": "promised.started",
    "paused": "exists (select from pause w where w.claim_id = c.id)",
    "last_template": """(select told.template from notification told
        where told.claim_id = c.id and told.recipient_id = p.id and told.cause_kind in ('case_event', 'silence_slot')
        and told.state not in ('suppressed', 'superseded', 'expired', 'failed')
        order by told.planned_at desc, told.id desc limit 1)""",
    "side": "case when c.part_of is not null then 'claimant' when c.has_claimants then 'liable' else 'own' end",
    # What is a claimant's must not be read by the policyholder, or by another claimant, because a file has one number
    # for both. For the common claim nothing is searched.
    "is_anothers_number": """c.part_of is not null and exists (select from claim o
        join contact_point i on i.policyholder_id = o.policyholder_id and i.kind = point.kind and i.on_file
        where (o.id = c.part_of or o.part_of = c.part_of) and o.gone_at is null and i.address = point.address
        and not o.policyholder_id = any(kin.ids))""",
    "address_kind": "point.kind",
    "told_on_claim": TOLD_ON_CLAIM,
    "trial_cadence": "trial.cadence",
}
assert tuple(_COLUMNS) == Background._fields
COLUMNS = ", ".join(f"{expression} as {name}" for name, expression in _COLUMNS.items())
# What was said last decides whether something is news; a message that was taken has been news already.
# Whoever has just written about a claim is answered, a STOP for that one or not.
_ANSWERED = f"{OF_ADDRESS} || case when n.importance = 'answer' then '{{}}'::text[] else {OF_CLAIM} end"
_THEN = {"last_template": "null", "told_on_claim": TOLD_OR_IN_HAND, "stopped": _ANSWERED}
_AT_TAKE = ", ".join(f"{expression} as {name}" for name, expression in (_COLUMNS | _THEN).items())
# Wants `p` (policyholder) and `c` (claim, may be null) in front of it; `first` says which number comes first.
# What a person chose, agreed to and heard holds for them in all back offices: `kin` are their rows. `offset 0` has it
# computed once.
_JOINS = f"""
cross join lateral (select {rows_of("p")} as ids offset 0) kin
left join lateral (select x.cadence, x.channel, x.language, x.quiet_from, x.quiet_to from preference x
    where x.policyholder_id = any(kin.ids) order by x.chosen_at desc limit 1) chosen on true
{TRIAL}
left join lateral (select i.id, i.address, i.kind from contact_point i
    where i.policyholder_id = p.id and i.kind {{kinds}} and i.on_file
    order by {{first}} i.place, i.id limit 1) point on true
left join lateral (select count(*) as n, min(d.due_date) as due_date,
    array_agg(d.title_ru order by d.request_ref) as titles_ru, array_agg(d.title_en order by d.request_ref) as titles_en
    from document_request d where d.claim_id = c.id and d.state in ('asked', 'rejected')) papers on true
left join lateral (select
    max(m.due_date) filter (where m.kind = 'decision' and m.basis in ('target', 'handler')) as decision,
    max(m.due_date) filter (where m.kind = 'payment') as payment,
    max(m.due_date) filter (where m.kind = 'decision' and m.basis in ('law', 'contract')) as law,
    min(m.start_date) filter (where m.kind = 'decision') as started
    from promise m where m.claim_id = c.id and m.ended_at is null) promised on true
"""  # noqa: S608  (pieces of our own)
JOINS = _JOINS.format(first=USABLE_FIRST, kinds=FOR_PLANNING)
FACT = """ev.kind, ev.page_state as event_page_state, ev.detail::text as detail, ev.occurred_at, ev.tell_after,
    ev.recorded_at"""
# A code goes to the number it was asked for, an answer to the one that wrote; news to the number on file now.
_ASKED_FROM = "(n.importance in ('code', 'answer') and i.id = n.contact_point_id) desc,"
_TAKEN = f"""
select n.id, n.template, n.importance, n.channel, n.send_by, n.values::text as own, n.language as said_in, n.cadence,
    {TOLD_TO}, {FACT}, q.text as question, q.answer, q.answer_due_at,
    {SPOKEN_TO} as spoken_address, {LAST_HEARD} as heard_at, coalesce(p.person_id, p.id) as person_id,
    case when n.template = 'kw_status_many' then (select count(*) from claim o
        where o.policyholder_id = any(kin.ids) and o.stage <> 'closed'
        and not {goes_on("o", "kin.ids")}) end as open_claims,
    case when n.template = 'kw_status_many' then (select min(m.due_date)
        from promise m join claim o on o.id = m.claim_id
        where o.policyholder_id = any(kin.ids) and o.stage <> 'closed' and not {goes_on("o", "kin.ids")}
        and m.ended_at is null and m.kind = 'decision' and m.basis in ('target', 'handler')
        and m.due_date >= $1::date) end as next_date, {_AT_TAKE}
from unnest($2::uuid[]) as taken(id) join notification n on n.id = taken.id
join policyholder p on p.id = n.recipient_id
left join claim c on c.id = n.claim_id
left join case_event ev on n.cause_kind = 'case_event' and ev.id = n.cause_id
left join question q on q.id = case when n.cause_kind = 'question' then n.cause_id
    else (n.values ->> 'question_id')::uuid end
{_JOINS.format(first=_ASKED_FROM, kinds=AS_PLANNED)}"""  # noqa: S608

_NOW = COLUMNS.replace(OF_CLAIM, f"case when $4::text is null then {OF_CLAIM} else '{{}}'::text[] end")
_ONE = f"""
select {_NOW} from policyholder p left join claim c on c.id = $3
{_JOINS.format(first="(i.address = $4) desc nulls last," + USABLE_FIRST, kinds=FOR_PLANNING)} where p.id = $2
"""  # noqa: S608


class Ready(NamedTuple):
    """A notification that was taken: where it goes, whether it still goes, and what its text is made of.

    `verdict` is None to send now, a reason to let it be, or the later moment before which it must not leave.
    `person_id` is the same for all rows of one human. `link_hash` is that of the link among the values. `text` is the
    one for which the values were worked out: another may come into force before it is said.
    """

    person_id: UUID
    verdict: Reason | datetime | None
    address: str | None
    language: str
    values: dict[str, str]
    text: MessageText
    link_hash: bytes | None = None
    heard_at: datetime | None = None


async def ready_for(
    connection: asyncpg.Connection, notification_ids: Sequence[UUID], *, settings: NotifierSettings, now: datetime
) -> dict[UUID, Ready]:
    """Look once more at what was taken, in the taking transaction: consent, quiet hours, cap, truth; and its values.

    Links are made only for what goes now. A notification whose row is gone is not in the answer.
    """
    rows = await connection.fetch(_TAKEN, now, list(notification_ids))
    return {row["id"]: _ready(_Taken.of(row), settings, now) for row in rows}


def _ready(taken: "_Taken", settings: NotifierSettings, now: datetime) -> Ready:
    row = taken.row
    text = text_for(row["template"], row["channel"], row["said_in"])
    verdict, names = _verdict(taken, settings, now), _names(row["channel"], text)
    link = new_link(settings) if verdict is None and "link" in names and taken.stands.claim_id else None
    return Ready(
        person_id=row["person_id"],
        verdict=verdict,
        address=row["spoken_address"],
        language=row["said_in"],
        text=text,
        values=_values(names, taken, settings, now, link),
        link_hash=link.token_hash if link else None,
        heard_at=taken.row["heard_at"],
    )


class _Taken(NamedTuple):
    """A taken notification as the database gave it, its parts read once for both questions asked of it."""

    row: asyncpg.Record
    fact: Fact | None
    own: dict[str, Any]
    stands: Background

    @classmethod
    def of(cls, row: asyncpg.Record) -> "_Taken":
        """The parts of a row of `_TAKEN`."""
        return cls(row, fact_of(row), json.loads(row["own"]), background_of(row))


def background_of(row: asyncpg.Record) -> Background:
    """The background in a row that selected `COLUMNS` last."""
    return Background._make(row[-len(Background._fields) :])


def fact_of(row: asyncpg.Record) -> Fact | None:
    """The case event in a row that selected `FACT`; None if the cause is none."""
    if row["kind"] is None:
        return None
    return Fact(
        row["kind"],
        row["event_page_state"],
        json.loads(row["detail"]),
        row["occurred_at"],
        row["tell_after"],
        row["recorded_at"],
    )


def _cause(taken: _Taken) -> Cause:
    """What the notification is about, beside its claim."""
    row, own = taken.row, taken.own
    return Cause(
        template=row["template"],
        channel=row["channel"],
        language=row["said_in"],
        cadence=row["cadence"],
        fact=taken.fact,
        own=own,
        question=row["question"],
        answer=row["answer"],
        answer_due_at=datetime.fromisoformat(own[DUE_AT]) if DUE_AT in own else row["answer_due_at"],
        open_claims=row["open_claims"],
        next_date=row["next_date"],
    )


def _names(channel: str, text: MessageText) -> Collection[str]:
    """What the text names; over other channels all, as a text that the provider keeps may name what ours does not."""
    return text.names if channel == ChannelName.SMS else NAMES


def _values(
    names: Collection[str], taken: _Taken, settings: NotifierSettings, now: datetime, link: Link | None
) -> dict[str, str]:
    """The values; none at all when something of this one row cannot be read, so that its neighbours still go."""
    try:
        address = link.address if link else None
        return values_of(names, _cause(taken), taken.stands, settings=settings, now=now, link=address)
    except (ClaimsError, ValueError, TypeError, LookupError) as problem:
        log.error("values_missing", extra={"notification_id": taken.row["id"], "why": type(problem).__name__})
        return {}


def _truth_of(taken: _Taken) -> Fact | None:
    """What must still be so: the fact, or for a heartbeat that the claim stands where it stood."""
    if taken.fact is None and "page_state" in taken.own:
        by = taken.row["send_by"]
        return Fact(taken.own.get(TRUTH, "silence"), taken.own["page_state"], {}, by, by, by)
    return taken.fact


def _verdict(taken: _Taken, settings: NotifierSettings, now: datetime) -> Reason | datetime | None:
    row = taken.row
    if row["template"] == "question_late" and row["answer"] is not None:
        return Reason.NO_LONGER_TRUE
    # Whoever has left a pilot or chosen since is written to as they now want it.
    if row["told_to"] is not None and cadence_of(taken.stands, settings) not in row["told_to"]:
        return Reason.CADENCE
    return still_to_send(
        template=row["template"],
        importance=Importance(row["importance"]),
        channel=ChannelName(row["channel"]),
        send_by=row["send_by"],
        fact=_truth_of(taken),
        stands=taken.stands,
        settings=settings,
        now=now,
    )


async def background_for(
    connection: asyncpg.Connection,
    policyholder_id: UUID,
    *,
    claim_id: UUID | None,
    now: datetime,
    address: str | None = None,
) -> Background:
    """A person as they stand now, with this claim, or without one; reached at `address` if it is on file.

    Raises `NotFound`.
    """
    row = await connection.fetchrow(_ONE, now, policyholder_id, claim_id, address)
    if row is None:
        raise NotFound("there is no such policyholder")
    return background_of(row)
