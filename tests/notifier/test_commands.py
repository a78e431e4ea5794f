"""An operator reads and changes the rules, runs a pilot, and can answer "why did I not hear from you?"."""

import argparse
import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

import claims_cli
from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import AuditEntry, Claim
from notifier.commands import notifications as why_command
from notifier.commands import pilot as pilot_command
from notifier.people import preferences
from tests.factories import NOON, later
from tests.notifier.scenes import KEY, known, planned, seen, the_settings

ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
ARGS = argparse.Namespace(name="autumn", days=30, arms=["essential", "frequent"], wording="pilot-1")


async def test_each_fact_has_its_reason(engine: AsyncEngine):
    first = await known(engine, claim_number="2041-7785")
    await seen(engine, later(first, **ASSESSING, handler_name="Пётр Ильин"))
    await planned(engine, settings=the_settings(notifier_cadence="essential"))
    async with session_scope(engine) as session:
        rows = await why_command.account_of(session, "2041-7785")
    assert {row["what"]: row["why"] for row in rows} == {
        "registered": "first_sight",
        "stage_changed": "cadence",
        "handler_changed": "silent_on_purpose",
    }
    assert [why_command._as_line(row) for row in rows]


async def test_a_fact_that_is_not_decided_yet_says_so_and_an_unknown_number_too(engine: AsyncEngine):
    first = await known(engine, claim_number="2041-7785")
    await seen(engine, later(first, **ASSESSING))
    async with session_scope(engine) as session:
        rows = await why_command.account_of(session, "2041-7785")
        assert [row["why"] for row in rows] == ["first_sight", "not_decided_yet"]
        with pytest.raises(NotFound):
            await why_command.account_of(session, "0000")


async def test_what_waits_and_what_was_given_up_is_counted_by_reason(
    engine: AsyncEngine, capsys: pytest.CaptureFixture[str]
):
    first = await known(engine, claim_number="2041-7785")
    await seen(engine, later(first, **ASSESSING))
    await planned(engine)
    async with session_scope(engine) as session:
        rows = await why_command.what_waits(session, since=NOON)
    assert [(row["state"], row["messages"]) for row in rows] == [("planned", 1)]
    async with session_scope(engine) as session:
        await session.exec(text("update notification set state = 'failed', reason = 'gave_up'"))
        given_up = await why_command.what_waits(session, since=NOON - timedelta(days=1))
        assert await why_command.what_waits(session, since=NOON + timedelta(days=1)) == []
    why_command._tell_waiting(given_up, as_json=False)
    assert capsys.readouterr().out.startswith("failed    gave_up ")


async def test_the_figures_of_a_pilot_that_never_was_are_not_there(engine: AsyncEngine):
    async with session_scope(engine) as session:
        assert await pilot_command.figures(session, None) == []
        with pytest.raises(NotFound, match="spring"):
            await pilot_command.figures(session, "spring")


async def test_a_pilot_is_started_once_and_its_figures_stay_with_the_arm_that_was_drawn(engine: AsyncEngine):
    for _ in range(6):
        await known(engine)
    async with session_scope(engine) as session:
        pilot = await pilot_command.start(session, ARGS, NOON)
        with pytest.raises(Conflict):
            await pilot_command.start(session, ARGS, NOON)
        acts = (await session.exec(select(AuditEntry.action).order_by(col(AuditEntry.action)))).all()
        assert acts == ["pilot_made", "pilot_started"]
        claims = (await session.exec(select(Claim))).all()
        people, agreed = [claim.policyholder_id for claim in claims], {"wording_version": "pilot-1", "now": NOON}
        drawn = [
            (
                await preferences.join_pilot(
                    session, claim.policyholder_id, claim_id=claim.id, pilot_id=pilot.id, key=KEY, **agreed
                )
            ).arm
            for claim in claims
        ]
        await preferences.choose(session, people[0], cadence="every_step", stop=True, how="page", now=NOON)
        rows = await pilot_command.figures(session, None)
    by_arm = {row["arm"]: row for row in rows}
    assert {arm: row["people"] for arm, row in by_arm.items()} == {
        arm: drawn.count(arm) for arm in ("essential", "frequent")
    }
    mine = by_arm[drawn[0]]
    assert (mine["stops"], mine["crossed"], mine["messages"]) == (1, 1, 0)
    assert sum(row["stops"] for row in rows) == 1


async def test_a_second_pilot_waits_until_the_first_is_over(engine: AsyncEngine):
    async with session_scope(engine) as session:
        await pilot_command.start(session, ARGS, NOON)
        again = argparse.Namespace(**vars(ARGS) | {"name": "winter"})
        with pytest.raises(Conflict):
            await pilot_command.start(session, again, NOON + timedelta(days=29))
        await pilot_command.start(session, again, NOON + timedelta(days=31))
        assert len(await pilot_command.figures(session, None)) == 4
        assert len(await pilot_command.figures(session, "winter")) == 2


def test_the_commands_run_from_the_command_line(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path, capsys
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert claims_cli.main(["rules", "export"]) == 0
    exported = capsys.readouterr().out
    path = tmp_path / "rules.toml"
    path.write_text(exported.replace("fresh_hours = 48", "fresh_hours = 24"), encoding="utf-8")
    assert claims_cli.main(["rules", "check", str(path)]) == 0
    assert claims_cli.main(["rules", "import", str(path)]) == 0
    assert "0 added, 14 changed, 0 removed" in capsys.readouterr().out
    assert claims_cli.main(["pilot", "start", "autumn", "--days", "10"]) == 0
    capsys.readouterr()
    assert claims_cli.main(["pilot", "show", "--json"]) == 0
    assert [json.loads(line)["people"] for line in capsys.readouterr().out.splitlines()] == [0, 0]
    assert claims_cli.main(["notifications", "why", "0000"]) == 1
    path.write_text("", encoding="utf-8")
    assert claims_cli.main(["rules", "import", str(path)]) == 1
    assert "holds no rule" in capsys.readouterr().err, "an empty file puts nothing in force"
    assert claims_cli.main(["notifications", "why", "\udcff"]) == 2
    assert "is not UTF-8" in capsys.readouterr().err
    path.write_text('[[rule]]\nevent = "x"', encoding="utf-8")
    assert claims_cli.main(["rules", "import", str(path)]) == 1
