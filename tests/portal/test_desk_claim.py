"""The claim at the desk: what the client knows, what they asked, what was sent, and who looked."""

import html
from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry, Question
from claims_portal.pages.claim.build import build_claim_page
from claims_portal.pages.speech import Speech
from claims_portal.queries import claim_as_owner
from claims_portal.tables import AccessLog, Role
from notifier.states import Importance
from notifier.tables import Notification
from tests.browser.desk_site import some_claims
from tests.factories import a_claim, a_person, a_question
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON, portal_settings


async def asks(engine, claim, **over) -> Question:
    async with session_scope(engine) as session:
        return await a_question(session, claim, text="Когда решение?", **over)


async def test_the_page_says_what_the_client_knows(engine, app):
    claim = await some_claims(engine, NOON)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text.replace("\xa0", " ")
    for said in (
        "Ирина Сергеевна Петрова",
        "Motor, Kia Rio",
        "Loss 18 May",
        "+7 912 ···· 45-67",
        "We promised",
        "Decision by",
        "184,300 ₽",
        "the estimate, not a decision",
        "Photos of the damage",
        "due 10 June",
        "1 h 48 min left",
        "Answered in 1 h 38 min, Марина Котова",
        "The client called",
        "Internal notes are not kept here",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    ("show", "there", "gone"),
    [
        ("all", ("The client called", "Sums updated"), ()),
        ("calls", ("The client called", "Question:"), ("Sums updated",)),
        ("sent", (), ("The client called", "Sums updated")),
        ("nonsense", ("The client called", "Sums updated"), ()),
    ],
)
async def test_the_history_is_shown_in_parts(engine, app, show, there, gone):
    claim = await some_claims(engine, NOON)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}?show={show}")).text
    assert all(words in page for words in there)
    assert not any(words in page for words in gone)


async def test_every_look_is_kept_with_who_and_why(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    async with at_the_desk(app, engine) as browser:
        for via in ("queue", "search", "", "<script>"):
            await browser.get(f"/desk/{claim.id}?via={via}")
        # A form that comes back shows as much.
        await browser.post(f"/desk/{claim.id}/preview", data={"version": "1"})
        await browser.post(f"/desk/{claim.id}/answer", data={"question": str(claim.id)})
    async with session_scope(engine) as session:
        looks = (await session.exec(select(AccessLog).order_by(col(AccessLog.at), col(AccessLog.id)))).all()
    assert [look.why for look in looks] == ["queue", "search", "address", "address", "form", "form"]
    assert {(look.viewer_kind, look.claim_id, look.page) for look in looks} == {("staff", claim.id, "desk_claim")}


async def test_a_colleague_on_the_same_claim_is_named(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    async with at_the_desk(app, engine, login="colleague") as browser:
        await browser.get(f"/desk/{claim.id}")
    async with at_the_desk(app, engine) as browser:
        assert "is looking at this too" in (await browser.get(f"/desk/{claim.id}")).text


async def test_an_answer_is_signed_audited_and_told(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    question = await asks(engine, claim)
    async with at_the_desk(app, engine, Role.AGENT) as browser:
        given = {"question": str(question.id), "answer": "Решение до 4 июня."}
        answered = await browser.post(f"/desk/{claim.id}/answer", data=given)
        assert answered.headers["location"] == f"/desk/{claim.id}?done=answered"
        page = (await browser.get(answered.headers["location"])).text
    assert "The answer is saved" in page
    async with session_scope(engine) as session:
        row = await session.get(Question, question.id)
        told = (await session.exec(select(Notification))).all()
        acts = [
            (one.actor, one.action)
            for one in (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))).all()
        ]
    assert (row.answer, row.answered_by) == ("Решение до 4 июня.", "Марина Котова")
    assert [(one.template, one.importance) for one in told] == [("answer_ready", Importance.ANSWER)]
    assert any(actor.startswith("staff:") for actor, _ in acts)


async def test_a_question_is_answered_once_and_the_second_text_is_kept(engine, app):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    question = await asks(engine, claim)
    async with at_the_desk(app, engine) as browser:
        path, given = f"/desk/{claim.id}/answer", {"question": str(question.id), "answer": "Первый ответ"}
        assert (await browser.post(path, data=given)).status_code == 303
        late = await browser.post(path, data=given | {"answer": "Мой второй ответ"})
    assert late.status_code == 409
    assert "Марина Котова answered it at 12:00. Yours was not sent" in late.text
    assert "“Первый ответ”" in late.text
    assert "Мой второй ответ" in late.text


@pytest.mark.parametrize(("text", "words"), [("", "Write the answer first"), ("x" * 4001, "Use at most 4000")])
async def test_an_answer_that_cannot_be_says_why(engine, app, text, words):
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    question = await asks(engine, claim)
    async with at_the_desk(app, engine) as browser:
        refused = await browser.post(f"/desk/{claim.id}/answer", data={"question": str(question.id), "answer": text})
    assert refused.status_code == 422
    assert words in refused.text


async def test_a_question_of_another_claim_cannot_be_answered_here(engine, app):
    async with session_scope(engine) as session:
        claim, other = await a_claim(session), await a_claim(session)
    question = await asks(engine, other)
    async with at_the_desk(app, engine) as browser:
        for wrong in (question.id, uuid4()):
            given = {"question": str(wrong), "answer": "Чужой ответ"}
            assert (await browser.post(f"/desk/{claim.id}/answer", data=given)).status_code == 404
    async with session_scope(engine) as session:
        assert (await session.get(Question, question.id)).answer is None


async def test_the_inbox_is_sorted_by_the_time_left(engine, app):
    async with session_scope(engine) as session:
        claims = [await a_claim(session, policyholder=a_person(name=name)) for name in ("Later", "Late", "Soon")]
    for claim, hours in zip(claims, (30, -1, 2), strict=True):
        await asks(engine, claim, answer_due_at=NOON + timedelta(hours=hours))
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get("/desk/questions")).text
    assert page.index("Late<") < page.index("Soon<") < page.index("Later<")
    assert "late by 1 h 0 min" in page


async def test_an_empty_inbox_says_so(engine, app):
    async with at_the_desk(app, engine) as browser:
        assert "Every question has an answer." in (await browser.get("/desk/questions")).text


async def test_the_clients_page_is_shown_as_it_is_and_the_look_is_audited(engine, app, pool):
    claim = await some_claims(engine, NOON)
    row = await claim_as_owner(pool, claim.id)
    said = Speech("ru", ZoneInfo("Europe/Moscow"), NOON)
    own = build_claim_page(row, said, portal_settings())
    async with at_the_desk(app, engine, Role.AUDITOR, language="ru") as browser:
        answer = await browser.get(f"/desk/{claim.id}/as-client")
    page = html.unescape(answer.text)
    assert own.headline.heading in page
    assert own.headline.lede in page
    assert "form-action 'none'" in answer.headers.get_list("content-security-policy")
    async with session_scope(engine) as session:
        looks = [
            (look.page, look.why)
            for look in (await session.exec(select(AccessLog).order_by(col(AccessLog.at), col(AccessLog.id)))).all()
        ]
        acts = [one.action for one in (await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))).all()]
    assert looks == [("as_owner", "as_owner")]
    assert acts[-1] == "seen_as_owner"
