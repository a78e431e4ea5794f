"""The rows and figures of the queue: the promise that breaks first, then the longest silence."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.stages import LineOfBusiness, Mover, PageState, Situation
from claims_portal.desk.filters import PAGE_SIZE, Place, QueueFilters, Term, Waiting
from claims_portal.desk.queue.finding import MOST_FOUND, find
from claims_portal.desk.queue.sql import (
    AFTER,
    ASKED,
    DATED_PAGE,
    DATED_TOTAL,
    IS_DUE,
    IS_MISSED,
    LIMITS,
    NEAR_LIMIT,
    OPEN,
    SETTLED,
    SETTLED_OR_CLOSED,
    SILENT,
    TILES,
    TOTAL,
    WAITS,
    WHOLE_PAGE,
)
from notifier.planning.sentences import IS_ASKED

SILENT_DAYS = 7
# So long before the law's last day the desk says whose it is: a week has five days to act in.
LIMIT_DAYS = 7

_WAITING = {
    Waiting.US: "c.mover = 'us'",
    Waiting.POLICYHOLDER: "c.mover = 'policyholder'",
    Waiting.OTHERS: "c.mover not in ('us', 'policyholder')",
}
_TERM = {
    Term.TODAY: IS_DUE,
    Term.MISSED: IS_MISSED,
}
_FOUND = "c.id = any(:found)"


class QueueRow(NamedTuple):
    """One claim of the queue, as it is stored, with its keys in the order."""

    id: UUID
    claim_number: str
    name: str
    is_claimants: bool
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
    due_key: date
    heard_key: datetime

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return Place(due=self.due_key, heard=self.heard_key, reported=self.reported_at, id=self.id)


@dataclass(frozen=True, slots=True)
class Tiles:
    """The figures above the queue, over every open claim (of the handler, when only theirs are shown).

    `limits`: on which day how many claims pass the law's limit; the days that are over come first.
    """

    due: int
    missed: int
    silent: int
    questions: int
    sentences: int
    next_question: datetime | None
    next_date: date | None
    limits: tuple[tuple[date, int], ...] = ()


@dataclass(frozen=True, slots=True)
class QueueRows:
    """One page of the queue, how many claims there are (if more, `COUNTED_AT_MOST` and one), whether more follow, and
    whether more would be found.
    """

    rows: tuple[QueueRow, ...]
    total: int
    more: bool
    more_found: bool = False


async def read_rows(
    session: AsyncSession,
    filters: QueueFilters,
    *,
    login: str,
    countries: tuple[str, ...],
    now: datetime,
    today: date,
    size: int = PAGE_SIZE,
) -> QueueRows:
    """The page of the queue after the place that the filters name, of at most `size` claims."""
    where, values = _where(filters, login=login)
    values |= _moment(now, today)
    if filters.search:
        values["found"] = await find(session, filters.search, countries=countries)
    # Of claims that wait, `where` says that they are open.
    still_open = f"{OPEN} and " if filters.search else ""
    total = (DATED_TOTAL if filters.term else TOTAL).format(where=where, open=still_open)
    counted = await _fetch(session, total, values)
    after = AFTER if filters.after else dict.fromkeys(AFTER, "")
    # One row more than is shown says whether a page follows. It is part of the statement: as a value it would have the
    # server plan anew each time.
    page = (DATED_PAGE if filters.term else WHOLE_PAGE).format(
        where=where,
        open=still_open,
        size=size + 1,
        settled=SETTLED_OR_CLOSED if filters.search else SETTLED,
        **{f"after_{branch}": condition for branch, condition in after.items()},
    )
    place = asdict(filters.after) if filters.after else {}
    found = await _fetch(session, page, values | place)
    rows = tuple(_row(row) for row in found[:size])
    more_found = len(values.get("found", ())) >= MOST_FOUND
    return QueueRows(rows, counted[0]["count"], more=len(found) > size, more_found=more_found)


async def read_tiles(session: AsyncSession, *, mine: bool, login: str, now: datetime, today: date) -> Tiles:
    """The figures above the queue."""
    where, values = _where(QueueFilters(mine=mine), login=login)
    found = await _fetch(session, TILES.format(where=where, open=""), values | _moment(now, today))
    limits = await _fetch(session, LIMITS.format(where=where), values | _moment(now, today))
    return Tiles(**found[0], limits=tuple((row["day"], row["claims"]) for row in limits))


def _where(filters: QueueFilters, *, login: str) -> tuple[str, dict[str, Any]]:
    # Only fixed pieces of SQL are joined here; what was typed goes in as values.
    pieces: list[str] = []
    values: dict[str, Any] = {}
    # A search finds closed claims too: whoever calls about one has its number.
    pieces.append(_FOUND if filters.search else WAITS)
    for name, wanted in (("page_state", filters.stage), ("line_of_business", filters.line)):
        if wanted:
            pieces.append(f"c.{name} = :{name}")
            values[name] = wanted.value
    if filters.waiting:
        pieces.append(_WAITING[filters.waiting])
    if filters.term:
        pieces.append(_TERM[filters.term])
    if filters.mine:
        pieces.append("c.handler_ref = :login")
        values["login"] = login
    if filters.silent:
        pieces.append(SILENT)
    if filters.questions:
        pieces.append(ASKED)
    if filters.sentence:
        pieces.append(IS_ASKED)
    if filters.limit:
        pieces.append(NEAR_LIMIT)
    return " and ".join(pieces), values


def _moment(now: datetime, today: date) -> dict[str, Any]:
    limit_until = today + timedelta(days=LIMIT_DAYS)
    return {"now": now, "today": today, "silent_before": _days_before(now, SILENT_DAYS), "limit_until": limit_until}


async def _fetch(session: AsyncSession, sql: str, values: Mapping[str, Any]) -> list[RowMapping]:
    statement = text(sql)
    bound = {name: value for name, value in values.items() if f":{name}" in sql}
    found = await (await session.connection()).execute(statement, bound)
    return list(found.mappings().all())


def _days_before(now: datetime, days: int) -> datetime:
    return now.fromtimestamp(now.timestamp() - days * 86_400, now.tzinfo)


# Of the values themselves: to look an attribute up by its name, and an enum's member by calling it, takes as long as
# the database takes for the row.
_values = itemgetter(*QueueRow._fields)
_KINDS = {"line_of_business": LineOfBusiness, "page_state": PageState, "situation": Situation, "mover": Mover}
_MEMBERS = {word: {member.value: member for member in kind} | {None: None} for word, kind in _KINDS.items()}


def _row(row: RowMapping) -> QueueRow:
    members: dict[str, Any] = {word: known[row[word]] for word, known in _MEMBERS.items()}
    return QueueRow(*_values(row))._replace(**members)
