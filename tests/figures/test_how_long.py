"""The figures of the public page, counted from a ledger whose truth is known."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlmodel import select

import claims_cli
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.settings import CoreSettings
from claims_core.stages import LineOfBusiness, Outcome
from claims_core.ticks import run_job
from claims_figures import commands
from claims_figures.how_long import FEWEST, numbers_of
from claims_figures.jobs import JOBS
from claims_figures.ledger import End, Group, Kept
from claims_figures.making import make
from claims_figures.tables import Figure
from tests.factories import NOON
from tests.figures.population import Past, fill

ZONE = "Europe/Moscow"
MOTOR = LineOfBusiness.MOTOR


async def counted(engine, *pasts: Past, **overrides) -> dict[tuple[str, str], dict]:
    async with session_scope(engine) as session:
        await fill(session, *pasts, now=NOON, **overrides)
    await make(engine, "how_long", now=NOON, zone=ZONE)
    async with session_scope(engine) as session:
        rows = (await session.exec(select(Figure))).all()
    return {(row.subject, row.period): row.numbers for row in rows}


async def test_open_claims_count_where_the_settled_ones_alone_would_flatter(engine):
    """Of the settled half took 10 days. Of all, half take 60: it is the slow ones that are still open."""
    found = await counted(
        engine,
        Past(40, ago=100, took=10, outcome=Outcome.APPROVED),
        Past(20, ago=100, took=60, outcome=Outcome.REFUSED),
        Past(40, ago=30),
    )
    motor = found["motor", "latest"]
    assert (motor["claims"], motor["open"]) == (100, 40)
    assert (motor["half"], motor["eight_in_ten"]) == (60, 60)
    assert motor["within"] == pytest.approx({"14": 0.4, "30": 0.4, "60": 1.0})
    assert motor["ended"] == pytest.approx({"paid": 0.4, "declined": 0.6})


async def test_lines_and_half_years_are_told_apart_and_few_claims_are_not_told(engine):
    found = await counted(
        engine,
        Past(30, ago=100, took=5, outcome=Outcome.APPROVED),
        Past(30, ago=250, took=40, outcome=Outcome.APPROVED),
        Past(FEWEST - 1, ago=20, took=3, outcome=Outcome.APPROVED, line=LineOfBusiness.TRAVEL),
        Past(40, ago=400, took=3, outcome=Outcome.APPROVED, line=LineOfBusiness.LIFE),
    )
    assert found.keys() == {("motor", "latest"), ("motor", "before"), ("travel", "latest")}
    assert (found["motor", "latest"]["half"], found["motor", "before"]["half"]) == (5, 40)
    assert found["travel", "latest"] == {"few": True}


async def test_a_joined_claim_is_not_counted_twice_and_one_that_went_was_watched_until_then(engine):
    found = await counted(engine, Past(30, ago=50, took=10, outcome=Outcome.REFUSED), merged_into="another")
    assert found == {}
    found = await counted(engine, Past(30, ago=50), gone_at=NOON - timedelta(days=40))
    assert found["motor", "latest"]["within"] == {"14": None, "30": None, "60": None}


async def test_dates_kept_checks_and_the_wait_by_size_are_counted(engine):
    found = await counted(
        engine,
        Past(40, ago=90, took=5, outcome=Outcome.APPROVED, size=1_000, kept=True),
        Past(40, ago=90, took=6, outcome=Outcome.APPROVED, size=2_000, kept=True),
        Past(40, ago=90, took=7, outcome=Outcome.APPROVED_PARTLY, size=3_000, kept=False),
        Past(40, ago=90, took=8, outcome=Outcome.APPROVED, size=4_000, was_extended=True),
    )
    motor = found["motor", "latest"]
    assert motor["promises"] == {"kept": 80, "missed": 40}
    assert motor["extended"] == 0.25
    assert [quarter["half"] for quarter in motor["by_size"]] == [5, 6, 7, 8]
    assert motor["complaints"] == {"sent": 0, "in_time": 0}


def groups(*ends: tuple[End, int]) -> list[Group]:
    return [Group(MOTOR, "latest", None, 10, end, False, claims) for end, claims in ends]


def test_an_ending_of_a_few_claims_is_told_with_another():
    assert numbers_of(groups((End.PAID, 60), (End.PARTLY, 9), (End.DECLINED, 9), (End.OTHERWISE, 22)))["ended"] == (
        pytest.approx({"paid": 0.69, "otherwise": 0.31})
    )


def test_a_rate_of_a_few_dates_is_not_told():
    few, enough = Kept(MOTOR, "latest", 20, 9), Kept(MOTOR, "latest", 20, 10)
    assert numbers_of(groups((End.PAID, 60)), [few])["promises"] is None
    assert numbers_of(groups((End.PAID, 60)), [enough])["promises"] == {"kept": 20, "missed": 10}


async def test_each_night_takes_the_place_of_the_one_before_and_says_when_and_how(engine):
    await counted(engine, Past(30, ago=10, took=5, outcome=Outcome.APPROVED))
    settings = CoreSettings(insurer_timezone=ZONE)
    assert await run_job(engine, JOBS[0], now=NOON + timedelta(days=1), settings=settings)
    assert not await run_job(engine, JOBS[0], now=NOON + timedelta(days=1, hours=1), settings=settings)
    async with session_scope(engine) as session:
        (row,) = (await session.exec(select(Figure))).all()
    assert (row.data_at, row.version, row.method) == (NOON + timedelta(days=1), 1, "kaplan-meier, aalen-johansen")
    assert json.loads(json.dumps(commands.as_json(row)))["numbers"]["half"] == 5
    assert "30 claims" in commands.as_line(row)


async def test_the_command_counts_says_what_it_counted_and_lists_it_again(engine, monkeypatch, database_url, capsys):
    async def claims(*words: str) -> tuple[int, str]:
        code = await asyncio.to_thread(claims_cli.main, ["figures", *words])
        return code, capsys.readouterr().out

    monkeypatch.setenv("DATABASE_URL", database_url)
    assert await claims() == (0, "no claim of the last year to count\n")
    async with session_scope(engine) as session:
        await fill(session, Past(30, ago=10, took=5, outcome=Outcome.APPROVED), now=utc_now())
    assert await claims("--list") == (0, "nothing was computed yet: claims figures\n")
    code, said = await claims("how_long", "--json")
    assert (code, json.loads(said)["numbers"]["claims"]) == (0, 30)
    assert "30 claims" in (await claims("--list"))[1]
    assert (await claims("boats"))[0] == 1
