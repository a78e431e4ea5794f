"""The rows and figures of the queue in one trip each: the promise that breaks first, then the longest silence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import phonenumbers
from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import LineOfBusiness, Mover, PageState, Situation
from claims_portal.desk.filters import (
    CAPITALS,
    PAGE_SIZE,
    SMALLS,
    QueueFilters,
    Term,
    Waiting,
    folded,
    like_pattern,
)

SILENT_DAYS = 7

# Our date is the open promise of ours; where none is open, the one that was missed and still matters.
# Heard is the newest message that a provider took, or an answer; a look at the page is theirs, not ours.
_QUEUE = """
with shown as (
  select c.id, c.claim_number, c.policy_number, c.line_of_business, c.product, c.country, c.page_state, c.situation,
         c.mover, c.reported_at, c.documents_complete_at, c.stage, c.handler_ref, p.name, p.id as policyholder_id,
         ours.start_date, ours.due_date, ours.missed, bound.due_date as limit_date, heard.at as heard_at,
         asked.due_at as question_due_at
  from claim c
  join policyholder p on p.id = c.policyholder_id
  left join lateral (
    select start_date, due_date, kept is false as missed from promise
    where claim_id = c.id and basis in ('target', 'handler') and (
      ended_at is null
      or kept is false and kind = 'decision' and c.stage not in ('decided', 'fulfilling')
      or kept is false and kind = 'payment' and c.situation is distinct from 'payment_sent'
    )
    order by ended_at is null desc, made_at desc, id desc limit 1
  ) ours on c.stage <> 'closed'
  left join lateral (
    select due_date from promise where claim_id = c.id and basis in ('law', 'contract') and ended_at is null
    order by due_date limit 1
  ) bound on c.stage <> 'closed'
  left join lateral (
    select max(at) as at from (
      select max(d.started_at) as at from notification n join delivery d on d.notification_id = n.id
      where n.claim_id = c.id and n.state in ('sent', 'settled') and n.importance <> 'code' and d.state <> 'refused'
      union all select max(answered_at) from question where claim_id = c.id
    ) said
  ) heard on true
  left join lateral (
    select min(answer_due_at) as due_at from question where claim_id = c.id and answered_at is null
  ) asked on true
), narrowed as (select * from shown s where {where})
"""
_ROWS = """
select *, count(*) over () as total from narrowed
order by due_date asc nulls last, heard_at asc nulls first, reported_at asc, id
limit :size offset :skip
"""
_TILES = """
select count(*) filter (where due_date = :today and not missed) as due,
       count(*) filter (where missed or due_date < :today) as missed,
       count(*) filter (where coalesce(heard_at, reported_at) < :silent_before) as silent,
       count(question_due_at) as questions, min(question_due_at) as next_question,
       min(due_date) filter (where due_date > :today) as next_date
from narrowed
"""
_OPEN = "s.stage <> 'closed'"
_WAITING = {
    Waiting.US: "s.mover = 'us'",
    Waiting.POLICYHOLDER: "s.mover = 'policyholder'",
    Waiting.OTHERS: "s.mover not in ('us', 'policyholder')",
}
_TERM = {
    Term.TODAY: "s.due_date = :today and not s.missed",
    Term.MISSED: "(s.missed or s.due_date < :today)",
}
# A database without a locale folds ASCII alone, so the letters are folded by a table that both sides share.
_FOLDED = "translate({}, :capitals, :smalls) like :like"
_ANYWHERE = " or ".join(_FOLDED.format(f"s.{name}") for name in ("claim_number", "policy_number", "name"))
_SEARCH = f"""({_ANYWHERE}
  or exists (select from claim_number n where n.claim_id = s.id and {_FOLDED.format("n.number")})
  or exists (select from contact_point t where t.policyholder_id = s.policyholder_id and t.address = any(:phones))
)"""  # noqa: S608 (fixed pieces only; what was typed goes in as values)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One claim of the queue, as it is stored."""

    id: UUID
    claim_number: str
    name: str
    line_of_business: LineOfBusiness
    product: str
    country: str
    page_state: PageState
    situation: Situation | None
    mover: Mover
    reported_at: datetime
    start_date: date | None
    due_date: date | None
    missed: bool
    limit_date: date | None
    heard_at: datetime | None
    question_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures above the queue, over every open claim (of the handler, when only theirs are shown)."""

    due: int
    missed: int
    silent: int
    questions: int
    next_question: datetime | None
    next_date: date | None


async def read_rows(
    session: AsyncSession, filters: QueueFilters, *, login: str, countries: tuple[str, ...], now: datetime, today: date
) -> tuple[tuple[QueueRow, ...], int]:
    """One page of the queue, and how many claims there are in all."""
    where, values = _where(filters, login=login, countries=countries)
    values |= _moment(now, today) | {"size": PAGE_SIZE, "skip": (filters.page - 1) * PAGE_SIZE}
    found = await _fetch(session, _QUEUE.format(where=where) + _ROWS, values)
    return tuple(_row(row) for row in found), found[0]["total"] if found else 0


async def read_tiles(session: AsyncSession, *, mine: bool, login: str, now: datetime, today: date) -> Tiles:
    """The figures above the queue."""
    where, values = _where(QueueFilters(mine=mine), login=login, countries=())
    found = await _fetch(session, _QUEUE.format(where=where) + _TILES, values | _moment(now, today))
    return Tiles(**found[0])


def phones_in(search: str, countries: tuple[str, ...]) -> list[str]:
    """What was typed, as E.164 numbers of the configured countries; empty when it is no telephone number."""
    if sum(sign.isdigit() for sign in search) < 7:
        return []
    found = []
    for country in countries:
        try:
            number = phonenumbers.parse(search, country.upper())
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            found.append(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found


def _where(filters: QueueFilters, *, login: str, countries: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
    # Only fixed pieces of SQL are joined here; what was typed goes in as values.
    pieces: list[str] = []
    values: dict[str, Any] = {}
    # A search finds closed claims too: whoever calls about one has its number.
    pieces.append(_SEARCH if filters.search else _OPEN)
    if filters.search:
        values |= {
            "like": like_pattern(folded(filters.search)),
            "phones": phones_in(filters.search, countries),
            "capitals": CAPITALS,
            "smalls": SMALLS,
        }
    for name, wanted in (("page_state", filters.stage), ("line_of_business", filters.line)):
        if wanted:
            pieces.append(f"s.{name} = :{name}")
            values[name] = wanted.value
    if filters.waiting:
        pieces.append(_WAITING[filters.waiting])
    if filters.term:
        pieces.append(_TERM[filters.term])
    if filters.mine:
        pieces.append("s.handler_ref = :login")
        values["login"] = login
    if filters.silent:
        pieces.append("coalesce(s.heard_at, s.reported_at) < :silent_before")
    if filters.questions:
        pieces.append("s.question_due_at is not null")
    return " and ".join(pieces), values


def _moment(now: datetime, today: date) -> dict[str, Any]:
    return {"today": today, "silent_before": _days_before(now, SILENT_DAYS)}


async def _fetch(session: AsyncSession, sql: str, values: Mapping[str, Any]) -> list[RowMapping]:
    statement = text(sql)
    bound = {name: value for name, value in values.items() if f":{name}" in sql}
    found = await (await session.connection()).execute(statement, bound)
    return list(found.mappings().all())


def _days_before(now: datetime, days: int) -> datetime:
    return now.fromtimestamp(now.timestamp() - days * 86_400, now.tzinfo)


def _row(row: RowMapping) -> QueueRow:
    return QueueRow(
        id=row["id"],
        claim_number=row["claim_number"],
        name=row["name"],
        line_of_business=LineOfBusiness(row["line_of_business"]),
        product=row["product"],
        country=row["country"],
        page_state=PageState(row["page_state"]),
        situation=Situation(row["situation"]) if row["situation"] else None,
        mover=Mover(row["mover"]),
        reported_at=row["reported_at"],
        start_date=row["start_date"],
        due_date=row["due_date"],
        missed=bool(row["missed"]) or False,
        limit_date=row["limit_date"],
        heard_at=row["heard_at"],
        question_due_at=row["question_due_at"],
    )
