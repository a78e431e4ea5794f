"""The calls that are on the line now, and those of today that are done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.i18n import marked as _
from claims_core.same_person import human_of
from claims_portal.desk.access import Staffed
from claims_portal.desk.says import Says
from claims_portal.phone.reports import LASTS_AT_MOST, RINGS_AT_MOST

AT_MOST = 20
A_DAY, A_MONTH = timedelta(days=1), timedelta(days=30)

_PEOPLE = f"""
select count(distinct {human_of("p")}) as n, min(p.name) as name from contact_point a
join policyholder p on p.id = a.policyholder_id
where a.address = k.number and a.kind = 'phone' and a.on_file
  and exists (select from claim c where c.policyholder_id = p.id and c.erased_at is null)
"""  # noqa: S608  (pieces of our own)
_SHOWN = f"""
select k.id, k.number, k.started_at, k.answered_at, k.ended_at, k.taken_by, k.outcome, t.name as taken_name,
  k.routed_to, r.name as routed_name, h.name as chosen, who.n as people, who.name as one
from phone_call k left join staff t on t.id = k.taken_by left join staff r on r.id = k.routed_to
left join policyholder h on h.id = k.policyholder_id left join lateral ({_PEOPLE}) who on k.number is not null
"""  # noqa: S608  (pieces of our own)
_ON_THE_LINE = text(f"""{_SHOWN}
where k.outcome is null and k.started_at > :day_ago and (k.taken_by = :me or k.ended_at is null and k.started_at > :old
  and (k.taken_by is not null or k.answered_at is not null or k.started_at > :rang_out))
order by (k.taken_by = :me) desc nulls last, k.started_at desc, k.id limit {AT_MOST}
""")
_DONE = text(f"""{_SHOWN}
where k.outcome is not null and k.outcome_at > :day_ago and (:all or k.taken_by = :me)
order by k.outcome_at desc, k.id limit {AT_MOST}
""")
_REPEATED = text("""
select count(*) filter (where had_to_repeat) as n, count(*) as calls from phone_call
where outcome_at > :month_ago and outcome not in ('wrong_person', 'cut_off')
""")
_DUTY = text("select takes_calls, extension from staff where id = :me")
_SET_DUTY = text("update staff set takes_calls = :takes, extension = :extension where id = :me")


@dataclass(frozen=True, slots=True)
class Line:
    """One call in a list; `who` is what the number alone says."""

    id: UUID
    address: str
    who: str
    known: str
    when: str
    tone: str
    icon: str
    state: str


@dataclass(frozen=True, slots=True)
class Lines:
    """desk/_lines.html: the calls that are on the line now."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """Does somebody take calls, and at which extension?"""

    takes: bool
    extension: str


async def lines_now(session: AsyncSession, viewer: Staffed, says: Says) -> tuple[Line, ...]:
    """The calls on the line, the reader's own first."""
    now = says.now
    values = {"me": viewer.id, "old": now - LASTS_AT_MOST, "rang_out": now - RINGS_AT_MOST, "day_ago": now - A_DAY}
    rows = (await (await session.connection()).execute(_ON_THE_LINE, values)).all()
    return tuple(_line(row, viewer, says) for row in rows)


async def lines_done(session: AsyncSession, viewer: Staffed, says: Says, *, everybodys: bool) -> tuple[Line, ...]:
    """The calls of the last day that are done: the reader's, or everybody's."""
    values = {"me": viewer.id, "day_ago": says.now - A_DAY, "all": everybodys}
    rows: Sequence[object] = (await (await session.connection()).execute(_DONE, values)).all()
    return tuple(_line(row, viewer, says) for row in rows)


async def repeated(session: AsyncSession, *, now: datetime) -> tuple[int, int]:
    """In how many calls of the last 30 days the caller had to tell it all again, and of how many."""
    row = (await (await session.connection()).execute(_REPEATED, {"month_ago": now - A_MONTH})).one()
    return row.n, row.calls


async def duty_of(session: AsyncSession, staff_id: UUID) -> Duty:
    """Whether somebody takes calls now."""
    row = (await (await session.connection()).execute(_DUTY, {"me": staff_id})).one()
    return Duty(row.takes_calls, row.extension or "")


async def set_duty(session: AsyncSession, staff_id: UUID, *, takes: bool, extension: str | None) -> None:
    """From now on calls are routed to them, or no more."""
    values = {"me": staff_id, "takes": takes, "extension": extension}
    await (await session.connection()).execute(_SET_DUTY, values)


OUTCOMES: dict[str, str] = {
    "answered": _("Answered"),
    "call_back": _("Promised to call back"),
    "not_proved": _("Could not prove who they are"),
    "wrong_person": _("Wrong person"),
    "cut_off": _("The line broke"),
}


def _line(row: object, viewer: Staffed, says: Says) -> Line:
    call_id: UUID = row.id  # type: ignore[attr-defined]
    who, known = caller_words(row.number, row.people or 0, row.chosen or row.one, says)  # type: ignore[attr-defined]
    tone, icon, state = _state(row, viewer, says)
    when = says.span(says.now - row.started_at)  # type: ignore[attr-defined]
    return Line(call_id, f"/desk/calls/line/{call_id}", who, known, when, tone, icon, state)


def caller_words(number: str | None, people: int, name: str | None, says: Says) -> tuple[str, str]:
    """Who that may be, by the number alone, and how we know."""
    if number is None:
        return says.told("The number is hidden"), says.told("Ask for the claim number")
    if people == 0:
        return number, says.told("Unknown number. Ask for the claim number or the name")
    if people == 1 and name:
        return name, says.told("number is in the claim")
    return number, says.counted("{n} person uses this number", "{n} people use this number", people)


def _state(row: object, viewer: Staffed, says: Says) -> tuple[str, str, str]:
    taken, outcome, routed = row.taken_name, row.outcome, row.routed_name  # type: ignore[attr-defined]
    if outcome:
        return "ok", "check", says.told(OUTCOMES[outcome])
    if row.taken_by == viewer.id:  # type: ignore[attr-defined]
        return "act", "tel", says.told("You have this call")
    if taken:
        return "off", "user", says.told("{name} has this call", name=taken)
    if row.routed_to == viewer.id:  # type: ignore[attr-defined]
        return "act", "tel", says.told("It rings at your telephone")
    return "info", "tel", says.told("It rings for {name}", name=routed) if routed else says.told("Nobody has it yet")
