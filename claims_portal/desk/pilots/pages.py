"""What the pages of pilots show: the list, the plan as a form, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from claims_core.i18n import marked as _
from claims_core.pilots import MAIN
from claims_core.stages import ClaimStage
from claims_figures.tables import Figure
from claims_portal.desk.access import Staffed
from claims_portal.desk.choices import Choice
from claims_portal.desk.claim.route import says_of
from claims_portal.desk.pilots.form import PilotForm, plan_from
from claims_portal.desk.pilots.results import Results, day_of, results_of
from claims_portal.desk.pilots.words import ARMS, LIMITS, MEASURES
from claims_portal.desk.says import Says
from claims_portal.desk.waiting.rail import Rail, rail_for
from claims_portal.desk.words import CADENCES, LINES
from claims_portal.rendering import page
from notifier.states import Cadence
from notifier.tables import Pilot, PilotArm
from notifier.wording.wordings import wording

STAGES = {
    ClaimStage.REGISTERED: _("registered"),
    ClaimStage.CHECKING: _("cover is checked"),
    ClaimStage.COLLECTING: _("papers are collected"),
    ClaimStage.ASSESSING: _("damage is assessed"),
    ClaimStage.DECIDING: _("a decision is made"),
    ClaimStage.DECIDED: _("decided"),
    ClaimStage.FULFILLING: _("money or repair"),
}
DONE = {
    "kept": ("ok", "check", _("Kept. Nobody is asked before you start it.")),
    "started": ("ok", "check", _("Started, and the plan is locked. Claim pages offer it from now on.")),
    "stopped": ("ok", "check", _("Stopped. Who takes part is told within ten minutes, or in their morning.")),
    "not": ("act", "warn", _("Not done: another pilot runs, or somebody was quicker.")),
    "reason": ("act", "warn", _("Not stopped: write the reason.")),
}


MOST_TICKS = 92


@dataclass(frozen=True, slots=True)
class Line:
    """A pilot in the list."""

    id: UUID
    name: str
    question: str
    state: tuple[str, str, str]
    when: str


@dataclass(frozen=True, slots=True)
class PilotsPage:
    """desk/pilots.html."""

    rail: Rail
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """desk/pilot_plan.html: a plan that may still be changed. `id` is None while it is not kept."""

    rail: Rail
    title: str
    id: UUID | None
    typed: PilotForm
    problems: tuple[tuple[str, str], ...]
    notice: tuple[str, str, str] | None
    arms: tuple[tuple[Choice, str], ...]
    lines: tuple[Choice, ...]
    stages: tuple[Choice, ...]
    measures: tuple[Choice, ...]
    afters: tuple[Choice, ...]
    consent: tuple[str, ...]
    sizes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PilotPage:
    """desk/pilot.html: what came of it. `results` is None until the first night."""

    rail: Rail
    title: str
    id: UUID
    question: str
    state: tuple[str, str, str]
    notice: tuple[str, str, str] | None
    day: str
    ticks: tuple[str, ...]
    peek: str
    stopped: tuple[str, ...]
    plan: tuple[tuple[str, str], ...]
    results: Results | None
    may_stop: bool
    after: str


def line_of(row: Pilot, says: Says) -> Line:
    """A pilot as a line of the list."""
    return Line(row.id, row.name, row.question, _state(row, says), _when(row, says))


async def plan_page(
    request: Request, session: AsyncSession, viewer: Staffed, pilot_id: UUID | None, typed: PilotForm,
    problems: tuple[tuple[str, str], ...] = (),
) -> Response:  # fmt: skip
    """The form with what was typed, and what is wrong with it."""
    says = says_of(request)
    plan = plan_from(typed)
    words = wording(plan.wording_version, says.language)
    made = PlanPage(
        rail=await rail_for(session, viewer, "pilots", now=says.now),
        title=plan.name if pilot_id else says.told("A new pilot"),
        id=pilot_id,
        typed=typed,
        problems=tuple((field, says.told(words)) for field, words in problems),
        notice=_notice(request, says),
        arms=tuple((each, getattr(typed, f"weight_{each.key}")) for each in _ticked(ARMS, typed.arm, says)),
        lines=_ticked(LINES, typed.line, says),
        stages=_ticked(STAGES, typed.stage, says),
        measures=_ticked({each: MEASURES[each].name for each in MAIN}, [typed.main_measure], says),
        afters=_ticked({each: CADENCES[each] for each in Cadence}, [typed.after], says),
        consent=(words.text.format(end="…"), words.data, words.check),
        sizes=await _sizes(session, says),
    )
    return page(request, "desk/pilot_plan.html", made, status=422 if problems else 200)


def _ticked(words: Mapping[Any, str], chosen: list[str], says: Says) -> tuple[Choice, ...]:
    return tuple(Choice(str(key), says.told(word), str(key) in chosen) for key, word in words.items())


async def _sizes(session: AsyncSession, says: Says) -> tuple[tuple[str, str], ...]:
    """How many people a difference in calls wants, from the calls of the last eight weeks."""
    found = select(Figure).where(Figure.name == "pilot_size", Figure.subject == "calls")
    row = (await session.exec(found)).first()
    needed = row.numbers["needed"] if row else {}
    return tuple(
        (says.told("{n}% fewer or more", n=smallest), says.counted("{n} person a group", "{n} people a group", people))
        for smallest, people in needed.items()
        if people
    )


def pilot_page(
    request: Request, rail: Rail, pilot: Pilot, arms: list[PilotArm], row: Figure | None, says: Says
) -> PilotPage:
    """A pilot that has started."""
    assert pilot.starts_at is not None
    assert pilot.planned_end is not None
    assert pilot.ends_at is not None
    n, whole = day_of(pilot.starts_at, pilot.planned_end, says)
    runs = pilot.ends_at > says.now
    stopped = [
        says.told("“{arm}” was stopped {time}: {why}.", arm=says.told(ARMS[arm.arm]), time=says.when(arm.stopped_at),
                  why=says.told(LIMITS[arm.stopped_for]))
        for arm in arms if arm.stopped_at and arm.stopped_for
    ]  # fmt: skip
    if pilot.stop_reason:
        stopped.append(says.told("Stopped early by {name}: {why}", name=pilot.stopped_by or "", why=pilot.stop_reason))
    return PilotPage(
        rail=rail,
        title=pilot.name,
        id=pilot.id,
        question=pilot.question,
        state=_state(pilot, says),
        notice=_notice(request, says),
        day=says.told("Day {n} of {of}, planned end {date}", n=n, of=whole, date=says.local(pilot.planned_end)),
        ticks=_ticks(n, whole),
        peek=says.told("Decide on the planned day. Early leads often shrink.") if runs else "",
        stopped=tuple(stopped),
        plan=tuple(_plan_lines(pilot, arms, says)),
        results=results_of(row, says) if row else None,
        may_stop=runs,
        after=_after(pilot, says),
    )


def _ticks(n: int, whole: int) -> tuple[str, ...]:
    """A stroke for each day; of a very long pilot none, they would be a grey bar."""
    if whole > MOST_TICKS:
        return ()
    return tuple("past" if at < n else "today" if at == n else "" for at in range(1, whole + 1))


def _plan_lines(pilot: Pilot, arms: list[PilotArm], says: Says) -> list[tuple[str, str]]:
    limits = says.told(
        "{stops}% turn texts off, {complaints}% complain, {messages} messages a claim",
        stops=f"{100 * pilot.opt_out_limit:g}",
        complaints=f"{100 * pilot.complaint_limit:g}",
        messages=f"{pilot.message_limit:g}",
    )
    return [
        (says.told("Groups"), ", ".join(f"{says.told(ARMS[arm.arm])} ({arm.weight})" for arm in arms)),
        (says.told("Main measure"), says.told(MEASURES[pilot.main_measure].name)),
        (says.told("Smallest useful difference"), f"{100 * pilot.smallest:g}%"),
        (says.told("An arm stops by itself when more than"), limits),
        (says.told("Afterwards"), _after(pilot, says)),
        (says.told("Wording of the consent"), pilot.wording_version),
    ]


def _after(pilot: Pilot, says: Says) -> str:
    return says.told(CADENCES[pilot.after]) if pilot.after else says.told("as the insurer writes to everybody")


def _state(pilot: Pilot, says: Says) -> tuple[str, str, str]:
    if pilot.starts_at is None or pilot.ends_at is None:
        return "off", "note", says.told("Planned")
    if pilot.ends_at > says.now:
        return "info", "clock", says.told("Running")
    return ("act", "flag", says.told("Stopped early")) if pilot.stop_reason else ("ok", "check", says.told("Over"))


def _when(pilot: Pilot, says: Says) -> str:
    if pilot.starts_at is None or pilot.ends_at is None:
        return says.told("not started")
    return says.told("{first} to {last}", first=says.local(pilot.starts_at), last=says.local(pilot.ends_at))


def _notice(request: Request, says: Says) -> tuple[str, str, str] | None:
    done = DONE.get(request.query_params.get("done", ""))
    return (done[0], done[1], says.told(done[2])) if done else None
