"""The page of the back offices: what could not be read, masked, and asked for again."""

from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from backoffice_adapter.tables import RejectedCase, RunState, SyncRun
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import AuditEntry, RetryRequest
from claims_portal.tables import Role
from notifier.states import NotificationState
from notifier.tables import Notification
from tests.factories import a_snapshot, later
from tests.notifier.scenes import planned
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON


async def a_rejected(engine: AsyncEngine, **over: object) -> UUID:
    values: dict[str, object] = {
        "source": "life",
        "place": "claims-01.csv, line 7",
        "content_hash": "aa",
        "reason": "reported_at: '31/31/2026' is not a date as %d/%m/%Y",
        "raw": '{"name": "Irina Petrova", "phone": "+79161234567", "ok": true}',
        "mapping_version": 1,
        "first_seen_at": NOON - timedelta(days=1),
        "last_seen_at": NOON,
        "times": 2,
    }
    row = RejectedCase(**values | over)
    async with session_scope(engine) as session:
        session.add(row)
    return row.id


async def test_a_rejected_case_is_shown_with_its_reason_and_never_with_a_persons_data(
    engine: AsyncEngine, app: FastAPI
):
    await a_rejected(engine)
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.get("/desk/sources")).text
    assert "<b>reported_at</b>: &#39;31/31/2026&#39; is not a date" in page
    assert "claims-01.csv, line 7" in page
    assert "2 times, last" in page
    assert "xxxxx xxxxxxx" in page
    assert "Irina" not in page
    assert "9161234567" not in page
    assert "Questions" not in page, "an administrator reads no claim"


async def test_the_page_is_in_russian_for_who_reads_russian_and_says_when_there_is_nothing(
    engine: AsyncEngine, app: FastAPI
):
    async with at_the_desk(app, engine, Role.SUPERVISOR, language="ru") as browser:
        assert "Все записи прочитаны." in (await browser.get("/desk/sources")).text
        await a_rejected(engine)
        page = (await browser.get("/desk/sources")).text
    assert "Не удалось прочитать 1 запись" in page
    assert "<b>reported_at</b>: «31/31/2026» — не дата вида %d/%m/%Y" in page
    assert "is not a date" not in page
    assert "claims-01.csv, строка 7" in page
    assert "line 7" not in page


async def test_who_asks_for_another_try_is_written_down_and_the_page_says_that_it_is_under_way(
    engine: AsyncEngine, app: FastAPI
):
    rejected = await a_rejected(engine)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        answer = await browser.post(f"/desk/sources/rejected/{rejected}/retry")
        assert answer.headers["location"] == "/desk/sources?done=retry"
        assert "is being tried again" in (await browser.get("/desk/sources?done=retry")).text
    async with session_scope(engine) as session:
        (asked,) = (await session.exec(select(RetryRequest))).all()
        (entry,) = (await session.exec(select(AuditEntry).where(AuditEntry.action == "retry_requested"))).all()
    assert (asked.rejected_case_id, entry.subject) == (rejected, f"rejected_case:{rejected}")


async def test_a_case_that_could_be_read_meanwhile_is_not_there_any_more(engine: AsyncEngine, app: FastAPI):
    rejected = await a_rejected(engine, settled_at=NOON)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert (await browser.post(f"/desk/sources/rejected/{rejected}/retry")).status_code == 404


async def a_held_run(engine: AsyncEngine) -> UUID:
    """A run that moved 60 of 100 claims, with one message that waits."""
    run = SyncRun(source="cc", started_at=NOON, state=RunState.DONE, moved=60, claims=100, held_at=NOON)
    first = a_snapshot(claim_number="2041-7785")
    async with session_scope(engine) as session:
        session.add(run)
        await ledger.record(session, [first], now=NOON - timedelta(days=1), settle=timedelta(0), first_load=True)
        moved = later(first, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION)
        await ledger.record(session, [moved], now=NOON, settle=timedelta(0), run_id=run.id)
    await planned(engine, now=NOON)
    return run.id


async def test_two_heads_of_team_see_what_waits_and_let_it_go(engine: AsyncEngine, app: FastAPI):
    run = await a_held_run(engine)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        page = (await browser.get("/desk/sources")).text
        assert "cc: 60 claims of 100 changed stage" in page
        assert "1 message: In assessment" in page
        assert "Propose to send them" in page
        said = await browser.post(f"/desk/sources/runs/{run}/release")
        assert said.headers["location"] == "/desk/sources?done=proposed"
        assert "would send them" in (await browser.get("/desk/sources")).text
        alone = await browser.post(f"/desk/sources/runs/{run}/release")
        assert alone.headers["location"] == "/desk/sources?done=alone"
    async with session_scope(engine) as session:
        assert (await session.exec(select(Notification.state))).one() is NotificationState.HELD
    async with at_the_desk(app, engine, Role.SUPERVISOR, login="second") as browser:
        assert "Send them" in (await browser.get("/desk/sources")).text
        answer = await browser.post(f"/desk/sources/runs/{run}/release")
        assert answer.headers["location"] == "/desk/sources?done=released"
        assert "Sent by Марина Котова" in (await browser.get("/desk/sources")).text
        late = await browser.post(f"/desk/sources/runs/{run}/release")
        assert late.headers["location"] == "/desk/sources?done=decided"
        again = await browser.post(f"/desk/sources/runs/{run}/drop")
        assert again.headers["location"] == "/desk/sources?done=decided"
    async with session_scope(engine) as session:
        (told,) = (await session.exec(select(Notification))).all()
        its = select(AuditEntry).where(col(AuditEntry.subject) == f"sync_run:{run}").order_by(col(AuditEntry.action))
        (entry, first) = (await session.exec(its)).all()
    assert told.state is NotificationState.PLANNED
    assert first.action == "release_proposed"
    assert first.actor != entry.actor
    assert (entry.action, entry.detail) == ("message_released", {"messages": 1})


async def test_an_administrator_sees_that_messages_wait_and_no_claim(engine: AsyncEngine, app: FastAPI):
    await a_held_run(engine)
    async with at_the_desk(app, engine, Role.ADMINISTRATOR) as browser:
        page = (await browser.get("/desk/sources")).text
    assert "waits for the head of team" in page
    assert "for example this claim" not in page
    assert "Send them" not in page
