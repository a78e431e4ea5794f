"""Whoever proves nothing gets the same receipt whatever exists; who is on file hears the answer, or the desk calls."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth.tidying import REQUESTS_KEPT_FOR, tidy
from claims_portal.auth.unproven import NEW_CONTACT, match_asked
from claims_portal.tables import RequestKind, Role, UnprovenRequest
from tests.factories import a_claimant, a_person
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import Clock, visiting

PHONE = "+79121234567"
QUESTION = {"number": "2041-7785", "question": "Когда выплата?"}
FATE = "select why_call, ended_how, claim_id is not null, question_id is not null from unproven_request"


async def a_request_on(engine: AsyncEngine, claim: Claim, now: datetime) -> None:
    """Somebody with a new telephone waits to be called about this claim."""
    given = {"asked_numbers": [claim.claim_number], "name": "Анна Новикова", "contact": "+79260000000"}
    fate = {"claim_id": claim.id, "needs_call": True, "why_call": NEW_CONTACT, "call_after": now, "resolved_at": now}
    times = {"created_at": now, "due_at": now + timedelta(hours=8)}
    async with session_scope(engine) as session:
        session.add(UnprovenRequest(reference="4821093712", kind=RequestKind.NEW_PHONE, **given, **fate, **times))


async def matched(app: FastAPI) -> int:
    """Do what runs beside the pages."""
    portal = app.state.portal
    return await match_asked(portal, now=portal.clock())


async def rows(engine: AsyncEngine, query: str) -> list[tuple]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def asked(app: FastAPI, place: int = 1, path: str = "/ask", **form: str) -> list[httpx.Response]:
    """Somebody without a proof sends a form, and reads the receipt."""
    async with visiting(app, address=f"192.0.{place}.1") as browser:
        sent = await browser.post(path, data=form)
        receipt = await browser.get(sent.headers["location"]) if sent.status_code == 303 else sent
    return [sent, receipt]


def masked(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, headers and body, but for the receipt's address and its number."""
    chance = r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{5}-\d{5}"
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    return answer.status_code, re.sub(chance, "…", headers), re.sub(chance, "…", answer.text)


@contextmanager
def statements(engine: AsyncEngine) -> Iterator[list[str]]:
    """What is asked of the database meanwhile: what takes the same steps takes the same time."""
    heard: list[str] = []

    def hear(connection: object, cursor: object, statement: str, *_: object) -> None:
        heard.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", hear)


async def test_four_cases_differ_in_no_byte_in_no_statement_and_in_no_row_that_is_written(
    app: FastAPI, engine: AsyncEngine
):
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=(PHONE,)))
    prohibited = a_person(phones=("+79121234500",), contact_prohibited=True)
    await a_known_claim(engine, claim_number="2041-7700", policyholder=prohibited)
    await a_known_claim(engine, claim_number="2041-7701", claimants=(a_claimant(),))
    numbers = ("2041-7785", "2041-7700", "2041-7701", "2041-9999")
    for path, form in (
        ("/ask", {"question": "Когда?"}),
        ("/help/phone", {"name": "Анна", "contact": "8 926 000 00 00"}),
    ):
        seen = []
        for place, number in enumerate(numbers):
            await rows_gone(engine)
            with statements(app.state.portal.engine) as steps:
                answers = await asked(app, place, path, number=number, **form)
            counted = await rows(engine, "select count(*), sum(count) from rate_count")
            seen.append(([masked(each) for each in answers], counted, steps))
        assert seen[0][2]
        assert seen[0] == seen[1] == seen[2] == seen[3]
        assert seen[0][0][1][0] == 200
    await matched(app)


async def rows_gone(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("delete from rate_count"))


async def test_a_question_by_number_joins_the_claim_and_its_answer_goes_to_the_contact_on_file(
    app: FastAPI, engine: AsyncEngine
):
    claim = await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=(PHONE,)))
    [_, receipt] = await asked(app, **QUESTION)
    assert "Мы получили ваш вопрос" in receipt.text
    assert "Когда выплата" not in receipt.text
    assert await matched(app) == 1
    assert await rows(engine, FATE) == [(None, "asked", True, True)]
    async with signed_in(app, claim) as owner:
        page = (await owner.get(f"/claim/{claim.id}")).text
    assert "Когда выплата?" in page
    assert "Спросили по номеру дела без кода" in page
    [(question,)] = await rows(engine, "select id from question")
    async with at_the_desk(app, engine, Role.HANDLER) as handler:
        assert "the answer goes only to the contact on file" in (await handler.get(f"/desk/{claim.id}")).text
        await handler.post(f"/desk/{claim.id}/answer", data={"question": str(question), "answer": "До 4 июня."})
    told = "select n.template, i.address from notification n join contact_point i on i.id = n.contact_point_id"
    assert await rows(engine, told) == [("answer_ready", PHONE)]


@pytest.mark.parametrize(
    ("person", "form", "why"),
    [
        ({}, {**QUESTION, "contact": "anna@mail.example"}, "new_contact"),
        ({"contact_prohibited": True}, QUESTION, "unreachable"),
        ({"phones": ()}, QUESTION, "unreachable"),
        ({}, {"number": "2041-9999", "question": "Когда?", "contact": "+7 926 000-00-00"}, "no_claim"),
    ],
    ids=["a new contact", "contact prohibited", "no address", "no such claim"],
)
async def test_what_no_answer_would_reach_becomes_a_call_of_the_desk(
    app: FastAPI, engine: AsyncEngine, person: dict, form: dict[str, str], why: str
):
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(**{"phones": (PHONE,)} | person))
    await asked(app, **form)
    await matched(app)
    assert [row[:2] for row in await rows(engine, FATE)] == [(why, None)]
    assert await rows(engine, "select count(*) from question") == [(0,)]
    assert await rows(engine, "select count(*) from notification") == [(0,)]


async def test_a_claim_that_several_read_is_asked_about_by_nobody_in_particular(app: FastAPI, engine: AsyncEngine):
    await a_known_claim(engine, claim_number="2041-7785", claimants=(a_claimant(),))
    await asked(app, **QUESTION)
    await matched(app)
    assert await rows(engine, FATE) == [("several_readers", None, True, False)]


async def test_a_wrong_number_without_a_contact_costs_nobody_a_minute(app: FastAPI, engine: AsyncEngine):
    await asked(app, number="2041-9999", question="Когда?")
    await matched(app)
    assert await rows(engine, FATE) == [(None, "nobody_to_answer", False, False)]


async def test_strangers_do_not_bury_what_the_owner_asks(app: FastAPI, engine: AsyncEngine, clock: Clock):
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=(PHONE,)))
    for place in range(5):
        clock.now += timedelta(hours=1)
        await asked(app, place, **QUESTION)
    await matched(app)
    assert await rows(engine, "select ended_how, count(*) from unproven_request group by 1 order by 1") == [
        ("asked", 3),
        ("enough", 2),
    ]


async def test_the_limits_are_the_same_whatever_exists(app: FastAPI, engine: AsyncEngine):
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=(PHONE,)))
    for number in ("2041-7785", "2041-9999"):
        states = [(await asked(app, place, number=number, question="?"))[0].status_code for place in range(4)]
        assert states == [303, 303, 303, 429]


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/ask", {}, "Введите номер дела или полиса"),
        ("/ask", {"number": "2041-7785"}, "Сначала напишите вопрос"),
        ("/ask", {**QUESTION, "contact": "anna@"}, "Введите телефон с кодом страны или адрес почты"),
        ("/ask", {**QUESTION, "contact": "12"}, "Введите телефон с кодом страны или адрес почты"),
        ("/ask", {**QUESTION, "question": "а" * 2001}, "Вопрос слишком длинный"),
        ("/help/number", {}, "Введите имя"),
        ("/help/number", {"name": "Анна", "contact": "anna@mail.example"}, "Введите телефон с кодом страны, например"),
        ("/help/phone", {"number": "x!", "name": "Анна", "contact": "+79260000000"}, "от 4 до 40 цифр"),
        ("/help/phone", {"number": "2041-7785", "name": "а" * 121, "contact": "+79260000000"}, "Имя слишком длинное"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    app: FastAPI, engine: AsyncEngine, path: str, form: dict[str, str], said: str
):
    [answer, _] = await asked(app, path=path, **form)
    assert (answer.status_code, answer.text.count(said) >= 2) == (422, True)
    assert await rows(engine, "select count(*) from unproven_request") == [(0,)]


async def test_the_desk_calls_compares_and_closes(app: FastAPI, engine: AsyncEngine, clock: Clock):
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=(PHONE,)))
    await asked(app, path="/help/phone", number="2041 7785", name="<b>Анна</b>", contact="8 926 000-00-00")
    await asked(app, path="/help/number", name="Олег", contact="+79260000001", question="ДТП 28 мая")
    await matched(app)
    [(changed,)] = await rows(engine, "select id from unproven_request where kind = 'new_phone'")
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        seen = (await auditor.get("/desk/calls")).text
        assert "+79260000000" not in seen
        assert (await auditor.post(f"/desk/calls/{changed}", data={"outcome": "reached"})).status_code == 403
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        listed = (await agent.get("/desk/calls")).text
        assert all(each in listed for each in ("+79260000000", PHONE, "2041-7785", "Олег", "ДТП 28 мая"))
        assert "&lt;b&gt;Анна" in listed
        await agent.post(f"/desk/calls/{changed}", data={"outcome": "no_answer"})
        assert "+79260000000" not in (await agent.get("/desk/calls")).text
        clock.now += timedelta(days=1)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        assert "+79260000000" in (await agent.get("/desk/calls")).text
        done = await agent.post(f"/desk/calls/{changed}", data={"outcome": "reached"})
        again = await agent.post(f"/desk/calls/{changed}", data={"outcome": "stranger"})
        assert [each.headers["location"] for each in (done, again)] == [
            "/desk/calls?done=asked-over",
            "/desk/calls?done=call-over",
        ]
        assert "+79260000000" not in (await agent.get("/desk/calls")).text
    audited = "select detail ->> 'outcome' from audit_entry where action = 'called_unproven' order by seq"
    assert await rows(engine, audited) == [("no_answer",), ("reached",)]


async def test_what_is_over_is_forgotten_after_a_month_and_what_waits_is_not(
    app: FastAPI, engine: AsyncEngine, clock: Clock
):
    await asked(app, number="2041-9999", question="Когда?")
    await asked(app, path="/help/number", name="Олег", contact="+79260000001")
    await matched(app)
    await tidy(engine, now=clock.now + REQUESTS_KEPT_FOR)
    assert await rows(engine, "select kind from unproven_request") == [("no_number",)]
