"""The journey of a call: it rings, a number hints at somebody, a code proves them, and it is in the ledger."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry, Contact, Question
from claims_portal.auth.sender import send_asked
from claims_portal.phone.reports import Event, Report, record_report
from claims_portal.tables import AccessLog, PhoneCall, Role
from notifier import direct
from tests.factories import a_person, a_question
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim
from tests.portal.portal import NOON
from tests.portal.test_getting_in import another, codes_sent

NUMBER = "+79125550011"


async def a_call(engine, number=NUMBER, ref="1", *, event=Event.RINGING, url=None, now=NOON) -> str:
    """A call that is reported; the address of its card."""
    async with session_scope(engine) as session:
        routed = await record_report(session, Report("pbx", ref, event, number, url), now=now)
    return f"/desk/calls/line/{routed.call_id}"


async def acts(engine) -> list[str]:
    async with session_scope(engine) as session:
        found = select(AuditEntry).where(col(AuditEntry.subject).like("phone_call:%")).order_by(col(AuditEntry.seq))
        return [one.action for one in (await session.exec(found)).all()]


async def the_call(engine) -> PhoneCall:
    async with session_scope(engine) as session:
        return (await session.exec(select(PhoneCall))).one()


async def test_a_call_rings_is_recognised_proved_answered_and_in_the_ledger(engine, app):
    claim = await a_known_claim(
        engine, policyholder=a_person(phones=(NUMBER,)), object_label="Kia Rio, А123ВС77", handler_ref="marina"
    )
    async with session_scope(engine) as session:
        await a_question(session, claim, text="Когда же выплата?")
    card = await a_call(engine)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        lines = (await agent.get("/desk/calls/lines")).text
        assert "Ирина Сергеевна Ковалёва" in lines
        assert card in lines
        before = (await agent.get(card)).text
        assert "identity not checked" in before
        assert "Registered" in before
        assert "not answered yet" in before
        assert (await agent.post(f"{card}/take")).status_code == 303
        taken = (await agent.get(card)).text
        for hidden in ("Kia Rio", "Когда же выплата?", f"/desk/{claim.id}/as-client"):
            assert hidden not in before
            assert hidden not in taken
        assert "code-sent" in (await agent.post(f"{card}/code")).headers["location"]
        [sent] = await codes_sent(app)
        wrong = await agent.post(f"{card}/proof", data={"code": another(sent["code"])})
        assert "wrong-code" in wrong.headers["location"]
        assert "Kia Rio" not in (await agent.get(card)).text
        right = await agent.post(f"{card}/proof", data={"code": f"{sent['code'][:3]} {sent['code'][3:]}"})
        assert "proved" in right.headers["location"]
        proved = (await agent.get(card)).text
        for shown in ("Kia Rio", "Когда же выплата?", f"/desk/{claim.id}/as-client"):
            assert shown in proved
        done = await agent.post(f"{card}/outcome", data={"outcome": "answered", "repeated": "yes", "note": "До 4 июня"})
        assert "ended" in done.headers["location"]
        assert "1 of 1" in (await agent.get("/desk/calls")).text
    assert await acts(engine) == ["call_taken", "call_code_sent", "caller_proved", "call_ended"]
    async with session_scope(engine) as session:
        [contact] = (await session.exec(select(Contact).where(Contact.claim_id == claim.id))).all()
        looks = (await session.exec(select(AccessLog).where(AccessLog.claim_id == claim.id))).all()
    assert (contact.kind, contact.at, contact.policyholder_id) == ("call", NOON, claim.policyholder_id)
    assert {(look.page, look.why) for look in looks} == {("call_card", "calls")}
    assert (await the_call(engine)).had_to_repeat


async def test_the_code_goes_to_the_telephone_on_file_and_says_that_it_is_for_a_call(engine, app):
    claim = await a_known_claim(engine, policyholder=a_person(phones=("+79261112233",)))
    card = await a_call(engine, "+79990000000")
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        assert "Unknown number" in (await agent.get(card)).text
        await agent.post(f"{card}/take")
        missing = await agent.post(f"{card}/whose", data={"number": "9999-9999"})
        assert "no-claim" in missing.headers["location"]
        assert (await agent.post(f"{card}/whose", data={"claim": str(claim.id)})).status_code == 404
        await agent.post(f"{card}/whose", data={"number": claim.claim_number})
        await agent.post(f"{card}/code")
        await send_asked(app.state.portal, direct.send_code, now=NOON)
    async with session_scope(engine) as session:
        rows = "select n.template, p.address from notification n join contact_point p on p.id = n.contact_point_id"
        told = (await (await session.connection()).execute(text(rows))).all()
    assert [tuple(row) for row in told] == [("call_code", "+79261112233")]


@pytest.mark.parametrize("number", [None, "+79990000000"])
async def test_a_withheld_or_unknown_number_shows_nobody_and_ends_without_a_contact(engine, app, number):
    await a_known_claim(engine)
    card = await a_call(engine, number)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        await agent.post(f"{card}/take")
        page = (await agent.get(card)).text
        assert ("The number is hidden" if number is None else "Unknown number") in page
        assert "Ковалёва" not in page
        assert "colleague" in (await agent.post(f"{card}/code")).headers["location"]
        needs = await agent.post(f"{card}/outcome", data={"outcome": "call_back"})
        assert "needs-claim" in needs.headers["location"]
        assert "ended" in (await agent.post(f"{card}/outcome", data={"outcome": "answered"})).headers["location"]
    async with session_scope(engine) as session:
        assert (await session.exec(select(Contact))).all() == []


async def test_of_several_people_with_one_number_nothing_is_shown_before_one_is_chosen(engine, app):
    one = await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    await a_known_claim(engine, policyholder=a_person(name="Пётр Зимин", phones=(NUMBER,)))
    card = await a_call(engine)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        page = (await agent.get(card)).text
        assert "2 people use this number" in page
        assert "Why they probably call" not in page
        await agent.post(f"{card}/take")
        await agent.post(f"{card}/whose", data={"claim": str(one.id)})
        page = (await agent.get(card)).text
        assert "Why they probably call" in page
        assert "identity not checked" in page


async def test_who_proved_to_be_somebody_has_not_proved_to_be_somebody_else(engine, app):
    await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    other = await a_known_claim(engine, object_label="Lada Vesta")
    card = await a_call(engine)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        for step, form in (("take", {}), ("code", {})):
            await agent.post(f"{card}/{step}", data=form)
        [sent] = await codes_sent(app)
        await agent.post(f"{card}/proof", data={"code": sent["code"]})
        assert "You may name sums" in (await agent.get(card)).text
        await agent.post(f"{card}/whose", data={"number": other.claim_number})
        page = (await agent.get(card)).text
    assert "identity not checked" in page
    assert "Lada Vesta" not in page


async def test_of_two_agents_who_take_a_call_at_once_one_has_it_and_the_other_reads_who(engine, app):
    await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    card = await a_call(engine)
    async with (
        at_the_desk(app, engine, Role.AGENT, login="one") as one,
        at_the_desk(app, engine, Role.AGENT, login="two") as two,
    ):
        answers = await asyncio.gather(one.post(f"{card}/take"), two.post(f"{card}/take"))
        said = sorted(answer.headers["location"].rpartition("=")[2] for answer in answers)
        assert said == ["colleague", "taken"]
        loser = one if "colleague" in answers[0].headers["location"] else two
        assert "has this call" in (await loser.get(card)).text
        for step, form in (("code", {}), ("proof", {"code": "1"}), ("outcome", {"outcome": "answered"})):
            assert "colleague" in (await loser.post(f"{card}/{step}", data=form)).headers["location"]
    assert await acts(engine) == ["call_taken"]


async def test_a_promised_call_back_is_a_task_with_a_clock_in_the_clients_thread(engine, app):
    claim = await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    card = await a_call(engine)
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        await agent.post(f"{card}/take")
        await agent.post(f"{card}/outcome", data={"outcome": "call_back"})
        again = await agent.post(f"{card}/outcome", data={"outcome": "call_back"})
        assert "colleague" in again.headers["location"]
    async with session_scope(engine) as session:
        [task] = (await session.exec(select(Question))).all()
    assert (task.claim_id, task.channel, task.text) == (claim.id, "call", "По телефону: прошу перезвонить.")
    assert task.answer_due_at == NOON + timedelta(hours=4)


async def test_a_recording_is_opened_only_with_a_reason_by_who_may_and_is_audited(engine, app):
    url = "https://pbx.example/1.wav"
    await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    card = await a_call(engine)
    await a_call(engine, event=Event.RECORDED, url=url)
    async with at_the_desk(app, engine, Role.AGENT) as agent, at_the_desk(app, engine, Role.SUPERVISOR) as head:
        assert (await agent.post(f"{card}/recording", data={"why": "said"})).status_code == 404
        assert url not in (await head.get(card)).text
        assert "no-reason" in (await head.post(f"{card}/recording", data={"why": "x"})).headers["location"]
        assert url in (await head.post(f"{card}/recording", data={"why": "complaint"})).text
    async with session_scope(engine) as session:
        [opened] = (await session.exec(select(AuditEntry).where(AuditEntry.action == "recording_opened"))).all()
    assert opened.detail["why"] == "complaint"


async def test_somebody_says_that_they_take_calls_at_an_extension_and_no_more(engine, app):
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        await agent.post("/desk/calls/duty", data={"takes": "yes", "extension": " (101) "})
        assert 'value="101"' in (await agent.get("/desk/calls")).text
        assert 'data-lines="/desk/calls/lines"' in (await agent.get("/desk")).text
        routed = await a_call(engine)
        assert "It rings at your telephone" in (await agent.get("/desk/calls/lines")).text
        await agent.post("/desk/calls/duty", data={"takes": "no", "extension": "<script>"})
        assert 'data-lines="/desk/calls/lines"' not in (await agent.get("/desk")).text
    assert re.search(r"/line/[0-9a-f-]{36}$", routed)


async def test_a_page_that_looks_for_calls_by_itself_is_no_sign_that_somebody_sits_there(engine, app, clock):
    async with at_the_desk(app, engine, Role.AGENT) as agent:
        for _ in range(3):
            clock.now += timedelta(minutes=11)
            answer = await agent.get("/desk/calls/lines", headers={"X-By-Itself": "1"})
        assert answer.status_code == 401
