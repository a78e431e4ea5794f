"""The page of the back offices: what could not be read, masked, and asked for again."""

from datetime import timedelta
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.tables import RejectedCase
from claims_core.db import session_scope
from claims_core.tables import AuditEntry, RetryRequest
from claims_portal.tables import Role
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
        assert "Не удалось прочитать 1 запись" in (await browser.get("/desk/sources")).text


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
