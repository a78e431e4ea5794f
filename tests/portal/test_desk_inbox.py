"""The inbox: who has which question, taken once, handed over with its clock, and read by the client."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID

from sqlmodel import select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import AuditEntry, Claim, Question
from claims_portal.staff import find_staff
from claims_portal.tables import Role
from notifier.tables import Notification
from tests.factories import a_claim, a_question
from tests.portal.desk import a_staff, at_the_desk
from tests.portal.people import signed_in
from tests.portal.portal import NOON

TEXT = "Когда будет смета?"


async def somebody_asks(engine, *, minutes: int = 60) -> tuple[Claim, UUID]:
    """A question whose answer is due in so many minutes."""
    due = NOON + timedelta(minutes=minutes)
    async with session_scope(engine) as session:
        claim = await a_claim(session)
        return claim, (await a_question(session, claim, text=TEXT, now=NOON - timedelta(hours=1), answer_due_at=due)).id


async def as_it_is(engine, question_id: UUID) -> Question:
    async with session_scope(engine) as session:
        return await session.get_one(Question, question_id)


async def acts(engine, question_id: UUID) -> list[tuple[str, dict]]:
    found = select(AuditEntry).where(AuditEntry.subject == f"question:{question_id}").order_by(AuditEntry.seq)
    async with session_scope(engine) as session:
        return [(row.action, row.detail) for row in (await session.exec(found)).all()]


async def test_a_question_is_taken_and_everybody_sees_who_has_it(engine, app):
    claim, question = await somebody_asks(engine)
    await a_staff(engine, login="oleg", name="Олег Ким")
    async with at_the_desk(app, engine, login="oleg") as oleg:
        assert "nobody" in (await oleg.get("/desk/questions")).text
        assert "Nobody has it yet" in (await oleg.get(f"/desk/{claim.id}")).text
        answer = await oleg.post(f"/desk/questions/{question}/take")
        assert answer.headers["location"] == "/desk/questions?done=taken"
        page = (await oleg.get("/desk/questions?done=taken&show=mine")).text
        assert "The question is yours" in page
        assert "Mine 1" in page
        assert "you<small>since 12:00" in page
    async with at_the_desk(app, engine, Role.AUDITOR) as auditor:
        page = (await auditor.get("/desk/questions")).text
        assert "Олег Ким<small>since 12:00" in page
        assert "/take" not in page
        assert "hand-over" not in page
        assert "Олег Ким has it since 12:00" in (await auditor.get(f"/desk/{claim.id}")).text
    assert await acts(engine, question) == [("question_taken", {})]


async def test_of_two_who_take_at_once_one_has_it_and_the_other_reads_who(engine, app):
    _, question = await somebody_asks(engine)
    await a_staff(engine, login="oleg", name="Олег Ким")
    await a_staff(engine, login="anna", name="Анна Ли")
    async with at_the_desk(app, engine, login="oleg") as oleg, at_the_desk(app, engine, login="anna") as anna:
        answers = await asyncio.gather(*(one.post(f"/desk/questions/{question}/take") for one in (oleg, anna)))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    winner = (await as_it_is(engine, question)).taken_by_name
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert f"{winner} has this question since 12:00. Nothing was changed." in lost.text
    assert [action for action, _ in await acts(engine, question)] == ["question_taken"]


async def test_a_question_is_handed_over_with_its_clock_and_only_by_who_has_it(engine, app):
    _, question = await somebody_asks(engine)
    anna = await a_staff(engine, login="anna", name="Анна Ли")
    await a_staff(engine, login="oleg", name="Олег Ким")
    before = (await as_it_is(engine, question)).answer_due_at
    async with at_the_desk(app, engine, login="oleg") as oleg:
        nobodys = await oleg.post(f"/desk/questions/{question}/hand-over", data={"to": str(anna.id), "had": ""})
        assert nobodys.status_code == 409
        await oleg.post(f"/desk/questions/{question}/take", data={"show": "claim"})
        had = (await as_it_is(engine, question)).taken_by
        given = await oleg.post(f"/desk/questions/{question}/hand-over", data={"to": str(anna.id), "had": had})
        assert given.headers["location"] == "/desk/questions?done=handed"
        again = await oleg.post(f"/desk/questions/{question}/hand-over", data={"to": "", "had": had})
        assert again.status_code == 409
        assert "Анна Ли has this question" in again.text
        theirs = await oleg.post(f"/desk/questions/{question}/hand-over", data={"had": f"staff:{anna.id}"})
        assert theirs.status_code == 409, "a colleague's question is theirs to give"
    now = await as_it_is(engine, question)
    assert (now.taken_by_name, now.answer_due_at) == ("Анна Ли", before)
    assert (await acts(engine, question))[-1] == (
        "question_handed_over",
        {"from": had, "to": f"staff:{anna.id}"},
    )
    async with at_the_desk(app, engine, login="anna") as browser:
        back = await browser.post(f"/desk/questions/{question}/hand-over", data={"had": f"staff:{anna.id}"})
        assert back.headers["location"] == "/desk/questions?done=back"
    assert (await as_it_is(engine, question)).taken_by is None


async def test_the_head_of_the_team_gives_any_question_to_anybody_who_answers(engine, app):
    _, question = await somebody_asks(engine)
    anna = await a_staff(engine, login="anna", name="Анна Ли")
    auditor = await a_staff(engine, Role.AUDITOR)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as head:
        path = f"/desk/questions/{question}/hand-over"
        assert (await head.post(path, data={"to": str(auditor.id)})).status_code == 422
        assert (await head.post(path, data={"to": "x" * 300})).status_code == 422
        assert (await head.post(path, data={"to": str(anna.id)})).status_code == 303
    assert (await as_it_is(engine, question)).taken_by_name == "Анна Ли"


async def test_a_colleagues_question_is_answered_only_by_who_takes_it_over_knowingly(engine, app):
    claim, question = await somebody_asks(engine)
    await a_staff(engine, login="oleg", name="Олег Ким")
    path, given = f"/desk/{claim.id}/answer", {"question": str(question), "answer": "Смета в пятницу"}
    async with at_the_desk(app, engine, login="oleg") as oleg, at_the_desk(app, engine) as marina:
        assert "Take it over" not in (await marina.get(f"/desk/{claim.id}")).text
        await oleg.post(f"/desk/questions/{question}/take")
        unaware = await marina.post(path, data=given)
        assert unaware.status_code == 422
        assert "Олег Ким has this question since 12:00. Nothing was sent" in unaware.text
        assert "Смета в пятницу</textarea>" in unaware.text
        assert "Take it over and answer" in unaware.text
        assert "Take it over" not in (await oleg.get(f"/desk/{claim.id}")).text
        over = re.search(r'name="over" value="([^"]+)"', unaware.text)[1]
        await oleg.post(f"/desk/questions/{question}/hand-over", data={"had": over, "to": ""})
        assert (await marina.post(path, data=given | {"over": over})).status_code == 303, "it was nobody's by then"
        late = await oleg.post(path, data=given | {"answer": "Смета завтра"})
    assert late.status_code == 409
    assert "“Смета в пятницу”" in late.text, "whoever is late reads what the client has"
    assert (await as_it_is(engine, question)).answer == "Смета в пятницу"


async def test_what_is_taken_over_and_answered_is_in_the_audit_and_goes_out_once(engine, app):
    claim, question = await somebody_asks(engine)
    await a_staff(engine, login="oleg", name="Олег Ким")
    await a_staff(engine, login="anna", name="Анна Ли")
    async with (
        at_the_desk(app, engine, login="oleg") as oleg,
        at_the_desk(app, engine, login="anna") as anna,
        at_the_desk(app, engine) as marina,
    ):
        await oleg.post(f"/desk/questions/{question}/take")
        page = (await marina.get(f"/desk/{claim.id}")).text
        given = {"question": str(question), "over": re.search(r'name="over" value="([^"]+)"', page)[1]}
        path = f"/desk/{claim.id}/answer"
        sent = [one.post(path, data=given | {"answer": f"Ответ {n}"}) for n, one in enumerate((oleg, anna, marina))]
        answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers).count(303) == 1
    said = await as_it_is(engine, question)
    kept = [action for action, _ in await acts(engine, question)]
    assert kept.count("question_answered") == 1
    assert kept.count("question_handed_over") == (said.answered_by != "Олег Ким")
    async with session_scope(engine) as session:
        told = (await session.exec(select(Notification).where(Notification.template == "answer_ready"))).all()
    assert len(told) == 1


async def test_a_question_with_its_answer_is_taken_by_nobody(engine, app):
    _, question = await somebody_asks(engine)
    async with session_scope(engine) as session:
        await ledger.answer_question(session, question, answer="Завтра", by="Анна", now=NOON)
    async with at_the_desk(app, engine, language="ru") as browser:
        answer = await browser.post(f"/desk/questions/{question}/take")
    assert answer.status_code == 409
    assert "На этот вопрос уже ответили" in answer.text


async def test_the_parts_of_the_inbox_hold_what_they_say(engine, app):
    _, late = await somebody_asks(engine, minutes=-20)
    await somebody_asks(engine, minutes=50)
    async with at_the_desk(app, engine) as browser:
        await browser.post(f"/desk/questions/{late}/take", data={"show": "late"})
        page = (await browser.get("/desk/questions")).text
        for words in ("Team 2", "Mine 1", "Nobody&#39;s 1", "Late 1", "late by 20 min"):
            assert words in page
        rows = {
            part: (await browser.get(f"/desk/questions?show={part}")).text.count('<tr><td data-label="Time"')
            for part in ("all", "mine", "nobodys", "late", "nonsense")
        }
    assert rows == {"all": 2, "mine": 1, "nobodys": 1, "late": 1, "nonsense": 2}


async def test_the_client_reads_the_name_of_who_answers(engine, app):
    claim, question = await somebody_asks(engine)
    async with at_the_desk(app, engine) as handler:
        await handler.post(f"/desk/questions/{question}/take")
    async with session_scope(engine) as session:
        name = (await find_staff(session, "handler")).name
    async with signed_in(app, claim) as browser:
        assert f"{name} отвечает. Срок: сегодня, 13:00" in (await browser.get(f"/claim/{claim.id}")).text
