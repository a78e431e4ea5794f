"""Pilots at the desk: planned, locked by the start, told as the intervals say, and stopped with a reason."""

import csv
import re
from datetime import timedelta
from io import StringIO
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.pilots import Measure
from claims_figures import compare
from claims_figures.pilot_ledger import Trial
from claims_figures.pilot_results import METHOD, NAME, VERSION, numbers_of
from claims_figures.tables import Figure
from claims_portal.desk.pilots.results import results_of
from claims_portal.desk.pilots.words import LESS, MORE, NONE_YET, headline
from claims_portal.desk.says import Says
from claims_portal.tables import Role
from notifier.states import Arm, Guardrail
from notifier.tables import Pilot, PilotArm
from tests.factories import NOON
from tests.figures.simulated import people
from tests.pilots import a_pilot
from tests.portal.desk import at_the_desk

SAYS = Says("en", ZoneInfo("Europe/Moscow"), NOON)
DAY = timedelta(days=1)
SHOWN = UUID(int=0x86)
PLAN = {
    "name": "autumn", "question": "Do texts spare calls?", "arm": ["essential", "frequent"], "days": "30",
    "main_measure": "calls", "smallest": "20", "opt_outs": "5", "complaints": "5", "messages": "10", "after": "",
    "line": ["motor"], "countries": "RU",
}  # fmt: skip


def a_row(pilot_id: UUID, *, effect: float = -0.12, each: int = 400, seed: int = 7) -> Figure:
    """The row of a night: a pilot of this many people an arm, with a known effect on calls."""
    rng = np.random.default_rng(seed)
    everybody = people(rng, "essential", each, calls=0.30) + people(rng, "frequent", each, calls=0.30 + effect)
    trial = Trial(pilot_id, Measure.CALLS, 0.2, ("essential", "frequent"), (1, 1), NOON, NOON, NOON)
    return Figure(
        name=NAME, subject=str(pilot_id), period="all", since=NOON.date(), until=NOON.date(), method=METHOD,
        version=VERSION, data_at=NOON, made_at=NOON, numbers=numbers_of(trial, everybody),
    )  # fmt: skip


async def a_counted_pilot(engine: AsyncEngine, now) -> Pilot:
    """A pilot on its 42nd day of 56, counted last night."""
    async with session_scope(engine) as session:
        pilot = await a_pilot(
            session, id=SHOWN, name="Frequent or rare texts", starts_at=now - 41 * DAY, ends_at=now + 15 * DAY
        )
        session.add(a_row(pilot.id))
        return pilot


async def test_a_plan_is_kept_changed_started_and_then_locked(app, engine, clock):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert "The example is ready" in (await browser.get("/desk/pilots")).text
        assert 'value="often-or-rare"' in (await browser.get("/desk/pilots/new")).text
        kept = await browser.post("/desk/pilots", data=PLAN)
        here = kept.headers["location"].partition("?")[0]
        await browser.post(here, data=PLAN | {"arm": ["frequent", "self_chosen"], "weight_frequent": "3"})
        page = (await browser.get(here)).text
        assert "or that you choose it yourself" in page, "the consent says what is drawn"
        assert "Nobody is asked before you start it" in (await browser.get(kept.headers["location"])).text
        started = await browser.post(f"{here}/start")
        page = (await browser.get(started.headers["location"])).text
        assert "the plan is locked" in page
        assert "Often (3), Their choice (1)" in page
        assert "Nothing was counted yet" in page
        assert "done=not" in (await browser.post(here, data=PLAN)).headers["location"]
        assert "done=not" in (await browser.post(f"{here}/start")).headers["location"]
        assert "Running" in (await browser.get("/desk/pilots")).text
    async with session_scope(engine) as session:
        pilot = (await session.exec(select(Pilot))).one()
        assert (pilot.days, pilot.eligible["lines"], pilot.eligible["countries"]) == (30, ["motor"], ["ru"])
        arms = (await session.exec(select(PilotArm).order_by(PilotArm.place))).all()
        assert [(each.arm, each.weight) for each in arms] == [(Arm.FREQUENT, 3), (Arm.SELF_CHOSEN, 1)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Give the pilot a name"),
        ({"question": " "}, "Write the question"),
        ({"arm": ["essential"]}, "Choose two to four"),
        ({"weight_frequent": "much"}, "A weight is a whole number"),
        ({"days": "9" * 50}, "A pilot lasts"),
        ({"main_measure": "luck"}, "Choose the main measure"),
        ({"smallest": "nan"}, "The smallest useful difference"),
        ({"opt_outs": "0"}, "A limit is more than nothing"),
        ({"messages": "1e400"}, "A limit is more than nothing"),
    ],
)
async def test_what_is_wrong_with_a_plan_is_said_and_nothing_typed_is_lost(app, engine, wrong, words):
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        answer = await browser.post("/desk/pilots", data=PLAN | wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'name="countries" value="RU"' in answer.text
    async with session_scope(engine) as session:
        assert (await session.exec(select(Pilot))).all() == []


async def test_a_name_is_used_once_and_one_pilot_runs_at_a_time(app, engine):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        first = (await browser.post("/desk/pilots", data=PLAN)).headers["location"].partition("?")[0]
        again = await browser.post("/desk/pilots", data=PLAN)
        assert (again.status_code, "There was a pilot of this name" in again.text) == (422, True)
        other = (await browser.post("/desk/pilots", data=PLAN | {"name": "winter"})).headers["location"].partition("?")
        await browser.post(f"{first}/start")
        assert "done=not" in (await browser.post(f"{other[0]}/start")).headers["location"]


async def test_a_result_is_told_in_words_with_its_intervals_lines_and_doubts_and_given_as_a_sheet(app, engine, clock):
    pilot = await a_counted_pilot(engine, clock.now)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        page = (await browser.get(f"/desk/pilots/{pilot.id}")).text
        sheet = (await browser.get(f"/desk/pilots/{pilot.id}/sheet")).text
    assert re.search(r"“Often”: clients call \d+% less than with “Main things”", page)
    for said in (
        "Day 42 of 56",
        "Decide on the planned day",
        "Fewer calls",
        "Too close to call",
        "Motor",
        "Property",
        "chance alone",
        "6 in 10 skipped the survey",
        "Groups are as large as drawn",
        "within 28 days",
    ):
        assert said in page, said
    rows = list(csv.DictReader(StringIO(sheet)))
    calls = next(row for row in rows if (row["measure"], row["arm"], row["line"]) == ("calls", "frequent", ""))
    assert float(calls["low"]) <= float(calls["difference"]) <= float(calls["high"]) < 0
    assert {row["line"] for row in rows} == {"", "motor", "property"}


async def test_a_pilot_is_stopped_with_a_reason_and_the_page_says_which_arm_a_guardrail_stopped(app, engine, clock):
    pilot = await a_counted_pilot(engine, clock.now)
    here = f"/desk/pilots/{pilot.id}"
    async with session_scope(engine) as session:
        arm = await session.get_one(PilotArm, (pilot.id, Arm.FREQUENT))
        arm.stopped_at, arm.stopped_for = clock.now - DAY, Guardrail.OPT_OUTS
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert "done=reason" in (await browser.post(f"{here}/stop", data={"reason": " "})).headers["location"]
        stopped = await browser.post(f"{here}/stop", data={"reason": "A mistake in a text"})
        page = (await browser.get(stopped.headers["location"])).text
        assert "done=not" in (await browser.post(f"{here}/stop", data={"reason": "again"})).headers["location"]
    assert "too many turned texts off" in page
    assert "Stopped early by" in page
    assert "A mistake in a text" in page
    assert "Stop the pilot" not in page


async def test_a_pilot_that_never_was_is_not_there(app, engine):
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        for path in (f"/desk/pilots/{SHOWN}", f"/desk/pilots/{SHOWN}/sheet"):
            assert (await browser.get(path)).status_code == 404
        for act in ("", "/start", "/stop"):
            answer = await browser.post(f"/desk/pilots/{SHOWN}{act}", data=PLAN | {"reason": "x"})
            assert answer.status_code == 404


def told_of(effect: float, seed: int) -> tuple[str, dict]:
    """The sentence about a pilot of this truth, and the difference it is about."""
    row = a_row(SHOWN, effect=effect, each=60, seed=seed)
    return results_of(row, SAYS).compared[0].headline, row.numbers["measures"]["calls"]["differences"][0]


def agrees(top: str, difference: dict) -> bool:
    if difference["low"] > 0:
        return " more than with " in top
    return " less than with " in top if difference["high"] < 0 else top == NONE_YET[Measure.CALLS]


def test_the_sentence_agrees_with_its_interval():
    """Pilots of every kind, the same each time: more calls, fewer, and no difference."""
    told = [told_of(effect, seed) for seed in range(4) for effect in (-0.2, 0.0, 0.3)]
    assert all(agrees(*each) for each in told)
    assert {difference["reading"] for _, difference in told} == {"less", "close", "more"}


@pytest.mark.soak
def test_in_a_thousand_pilots_the_sentence_agrees_with_its_interval():
    assert all(agrees(*told_of(effect, seed)) for seed in range(250) for effect in (-0.2, -0.05, 0.0, 0.2))


@pytest.mark.parametrize("measure", list(LESS))
@pytest.mark.parametrize("reading", list(compare.Reading))
def test_no_sentence_says_more_than_its_reading(measure: Measure, reading: compare.Reading):
    difference = {"difference": -1.0, "low": -2.0, "high": 1.0, "reading": reading.value}
    top, under = headline(measure, 4.0, difference, ("Main things", "Often"), SAYS)
    certain = {"less": LESS, "more": MORE}.get(reading.value)
    assert (top != NONE_YET[measure]) is (certain is not None)
    assert "{" not in top + under
    none = headline(measure, 4.0, None, ("Main things", "Often"), SAYS)
    assert none[0] == NONE_YET[measure]
