"""`/desk`: the queue, ordered by the promise that breaks first, then by silence."""

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from claims_core.db import session_scope
from claims_core.stages import LineOfBusiness, Mover, PageState
from claims_portal.deps import look_of, now_of, portal_of
from claims_portal.desk.access import READERS, Staffed, may_answer, may_change
from claims_portal.desk.choices import Choice, choices
from claims_portal.desk.filters import QueueFilters, Term, Waiting, filters_from
from claims_portal.desk.queue.rows import SILENT_DAYS, QueueRow, QueueRows, Tiles, read_rows, read_tiles
from claims_portal.desk.queue.sql import COUNTED_AT_MOST
from claims_portal.desk.queue.views import View, kept, read_views
from claims_portal.desk.says import Says
from claims_portal.desk.strip import Strip, strip_of
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.desk.words import LATE, LINES, PAUSED, STATUS_OF, TERMS, WAITING
from claims_portal.rendering import page
from claims_portal.tables import Role

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure above the queue, and the list behind it."""

    words: str
    figure: int
    more: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One claim of the queue, in words."""

    id: UUID
    number: str
    name: str
    line: str
    status: tuple[str, str, str]
    due: str
    days_left: str
    late: bool
    strip: Strip | None
    heard: str
    silent: bool
    question: str | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """desk/queue.html: everything the page may show, and nothing it may not."""

    rail: Rail
    filters: QueueFilters
    title: str
    limits: tuple[str, ...]
    limits_at: str
    tiles: tuple[Tile, ...]
    stages: tuple[Choice, ...]
    lines: tuple[Choice, ...]
    waiting: tuple[Choice, ...]
    terms: tuple[Choice, ...]
    rows: tuple[Line, ...]
    total: str
    via: str
    empty: str
    clear: str | None
    may_date: bool
    views: tuple[View, ...]
    keeps: str | None
    may_share: bool
    start: str | None
    older: str | None


@router.get("/desk", include_in_schema=False)
async def show_queue(request: Request, viewer: Staffed = Depends(READERS)) -> Response:
    """The queue with the filters of the address."""
    portal, now = portal_of(request), now_of(request)
    says = Says(look_of(request).language, portal.settings.zone, now)
    filters = filters_from(request.query_params)
    countries = portal.settings.portal_phone_countries
    async with session_scope(portal.engine) as session:
        found = await read_rows(session, filters, login=viewer.login, countries=countries, now=now, today=says.today)
        tiles = await read_tiles(session, mine=filters.mine, login=viewer.login, now=now, today=says.today)
        rail = await rail_for(session, viewer, "claims", now=says.now)
        views = await read_views(session, viewer, filters)
    made = queue_page(filters, found, tiles, rail, says, views=views, viewer=viewer)
    return page(request, "desk/queue.html", made)


def queue_page(
    filters: QueueFilters,
    found: QueueRows,
    tiles: Tiles,
    rail: Rail,
    says: Says,
    *,
    views: tuple[View, ...],
    viewer: Staffed,
) -> QueuePage:
    """The page in words (pure)."""
    return QueuePage(
        rail=rail,
        filters=filters,
        title=says.told("My claims") if filters.mine else says.told("All claims"),
        limits=_limits(tiles, says),
        limits_at=QueueFilters(mine=filters.mine, limit=True).address(),
        tiles=_tiles(filters, tiles, says),
        stages=choices({state: words for state, (_, _, words) in STATUS_OF.items()}, filters.stage, says),
        lines=choices(LINES, filters.line, says),
        waiting=choices(WAITING, filters.waiting, says),
        terms=choices(TERMS, filters.term, says),
        rows=tuple(_line(row, says) for row in found.rows),
        total=_total(found, says),
        via="search" if filters.search else "queue",
        empty=_empty(filters, tiles, says),
        clear="/desk" if filters.is_narrowed else None,
        may_date=may_change(viewer),
        views=views,
        keeps=_to_keep(filters, views) if may_answer(viewer) else None,
        may_share=viewer.role is Role.SUPERVISOR,
        start=filters.address() if filters.after else None,
        older=filters.address(after=found.rows[-1].place) if found.more else None,
    )


def _to_keep(filters: QueueFilters, views: tuple[View, ...]) -> str | None:
    """What a name can be given to: filters that have none yet."""
    asked, is_kept = kept(filters), any(view.current and view.is_own for view in views)
    return urlsplit(asked.address()).query if asked.is_narrowed and not is_kept else None


def _total(found: QueueRows, says: Says) -> str:
    if found.total > COUNTED_AT_MOST:
        return says.told("more than 1,000 claims")
    counted = says.counted("{n} claim", "{n} claims", found.total)
    return says.told("{claims}, and more are found: type another word", claims=counted) if found.more_found else counted


def _tiles(filters: QueueFilters, tiles: Tiles, says: Says) -> tuple[Tile, ...]:
    bare = QueueFilters(mine=filters.mine)
    next_by = says.told("next by {time}", time=says.by(tiles.next_question)) if tiles.next_question else ""
    silent = says.told("Client heard nothing for {d}+ days", d=SILENT_DAYS)
    found = (
        Tile(says.told("Due today"), tiles.due, "", bare.address(term=Term.TODAY), filters.term is Term.TODAY),
        Tile(says.told("Past our date"), tiles.missed, "", bare.address(term=Term.MISSED), filters.term is Term.MISSED),
        Tile(silent, tiles.silent, "", bare.address(silent=True), filters.silent),
        Tile(says.told("Questions"), tiles.questions, next_by, bare.address(questions=True), filters.questions),
    )
    if not tiles.sentences and not filters.sentence:
        return found
    asked = says.told("A true sentence is asked for")
    return (*found, Tile(asked, tiles.sentences, "", bare.address(sentence=True), filters.sentence))


def _limits(tiles: Tiles, says: Says) -> tuple[str, ...]:
    """What has passed the law's limit, and what passes it next, a sentence each."""
    over = sum(claims for day, claims in tiles.limits if day < says.today)
    ahead = next(((day, claims) for day, claims in tiles.limits if day >= says.today), None)
    passed = says.counted("{n} claim has passed the legal limit", "{n} claims have passed the legal limit", over)
    return (
        *((passed,) if over else ()),
        *((_passes(*ahead, says),) if ahead else ()),
    )


def _passes(day: date, claims: int, says: Says) -> str:
    if day == says.today:
        return says.counted("{n} claim reaches the legal limit today", "{n} claims reach the legal limit today", claims)
    return says.counted(
        "{n} claim will pass the legal limit on {day}",
        "{n} claims will pass the legal limit on {day}",
        claims,
        day=says.long_day(day),
    )


def _line(row: QueueRow, says: Says) -> Line:
    late = row.missed or (row.due_date is not None and row.due_date < says.today)
    paused = row.page_state is PageState.DOCS_NEEDED and row.mover is Mover.POLICYHOLDER
    status = LATE if late else PAUSED if paused else STATUS_OF[row.page_state]
    heard = says.local(row.heard_at) if row.heard_at else None
    silent_since = heard or says.local(row.reported_at)
    line = says.told(LINES[row.line_of_business])
    return Line(
        id=row.id,
        number=row.claim_number,
        name=row.name,
        line=says.told("{line}, claimant", line=line) if row.is_claimants else line,
        status=(status[0], status[1], says.told(status[2])),
        due=says.day(row.due_date) if row.due_date else says.told("no date"),
        days_left=says.relative(row.due_date) if row.due_date else "",
        late=late,
        strip=strip_of(
            says,
            product=row.product,
            country=row.country,
            start=row.start_date,
            due=row.due_date,
            limit=row.limit_date,
            missed=(row.due_date,) if late and row.due_date else (),
        ),
        heard=says.relative(heard) if heard else says.told("never"),
        silent=(says.today - silent_since).days >= SILENT_DAYS,
        question=says.told("has an unanswered question") if row.question_due_at else None,
    )


def _empty(filters: QueueFilters, tiles: Tiles, says: Says) -> str:
    if filters.is_narrowed:
        return says.told("No claims match: {filters}.", filters=", ".join(_said(filters, says)))
    if tiles.next_date:
        return says.told("Nothing due today. Next date: {date}.", date=tiles.next_date)
    return says.told("There are no open claims.")


def _said(filters: QueueFilters, says: Says) -> list[str]:
    asked: tuple[str | None, ...] = (
        f"“{filters.search}”" if filters.search else None,
        says.told(STATUS_OF[filters.stage][2]) if filters.stage else None,
        says.told(LINES[LineOfBusiness(filters.line)]) if filters.line else None,
        says.told(WAITING[Waiting(filters.waiting)]) if filters.waiting else None,
        says.told(TERMS[Term(filters.term)]) if filters.term else None,
        says.told("My claims") if filters.mine else None,
        says.told("silence") if filters.silent else None,
        says.told("Questions") if filters.questions else None,
        says.told("a true sentence") if filters.sentence else None,
        says.told("the legal limit is near or passed") if filters.limit else None,
    )
    return [word for word in asked if word]
