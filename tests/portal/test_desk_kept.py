"""A session that ends while a handler types: after signing in again, what was typed is in the form."""

import html
import re
from datetime import timedelta

import pyotp
import pytest
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry, ChangeRequest, Question
from claims_portal.auth.tidying import TEXT_KEPT_FOR, tidy
from claims_portal.tables import Role, StaffSession
from notifier.tables import Notification
from tests.factories import a_question
from tests.portal.desk import PASSWORD, SECRET, at_the_desk
from tests.portal.test_desk_change import a_deciding_claim, able, hidden

NOTE = "Ваша машина <б> в порядке & ждёт"
TYPED = {"action": "approve", "amount": "174 300", "money_by": "2026-06-08", "note": NOTE}


async def sign_in(browser, refused, clock, login="handler"):
    """Both steps, with every hidden field of the page that refused."""
    given = {"login": login, "password": PASSWORD, "next": hidden(refused.text, "next"), **kept_in(refused)}
    second = await browser.post("/desk/sign-in", data=given)
    code = pyotp.TOTP(SECRET).at(clock.now)
    given = {"ticket": hidden(second.text, "ticket"), "code": code, **kept_in(second)}
    return await browser.post("/desk/sign-in/code", data=given)


def kept_in(page) -> dict[str, str]:
    found = re.search(r'name="kept" value="([^"]*)"', page.text)
    return {"kept": found[1]} if found else {}


@pytest.mark.parametrize("act", ["preview", "change"])
async def test_a_change_typed_while_the_session_ended_comes_back_and_is_not_saved(engine, app, clock, act):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        refused = await browser.post(f"/desk/{claim.id}/{act}", data={"version": str(claim.version), **TYPED})
        assert refused.status_code == 401
        assert "what you typed is kept" in refused.text
        assert "174 300" not in refused.text
        assert NOTE not in html.unescape(refused.text)
        entered = await sign_in(browser, refused, clock)
        assert entered.headers["location"] == f"/desk/{claim.id}?kept=1#mv"
        page = await browser.get(entered.headers["location"])
        assert NOTE in html.unescape(page.text)
        assert hidden(page.text, "amount") == "174 300"
        assert 'value="approve" checked' in page.text
        assert "nothing of it was saved" in page.text
        again = await browser.get(entered.headers["location"])
        assert hidden(again.text, "amount") == "174 300"
    async with session_scope(engine) as session:
        assert not (await session.exec(select(ChangeRequest))).all()
        assert not (await session.exec(select(Notification))).all()
        assert NOTE not in ((await session.exec(select(StaffSession.kept_sealed))).one() or "")


async def test_an_answer_typed_while_the_session_ended_comes_back_and_is_not_sent(engine, app, clock):
    claim = await a_deciding_claim(engine)
    async with session_scope(engine) as session:
        question_id = (await a_question(session, claim, now=clock.now)).id
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        given = {"question": str(question_id), "answer": NOTE}
        refused = await browser.post(f"/desk/{claim.id}/answer", data=given)
        entered = await sign_in(browser, refused, clock)
        page = await browser.get(entered.headers["location"])
        assert f"{html.escape(NOTE)}</textarea>" in page.text
        assert "<title>Error" not in page.text
    async with session_scope(engine) as session:
        assert (await session.exec(select(Question.answered_at))).one() is None


async def test_somebody_else_at_the_same_screen_does_not_get_the_text(engine, app, clock):
    claim = await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine, Role.SUPERVISOR), at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        refused = await browser.post(f"/desk/{claim.id}/preview", data={"version": "1", **TYPED})
        entered = await sign_in(browser, refused, clock, login="supervisor")
        assert entered.headers["location"] == "/desk"
        assert NOTE not in html.unescape((await browser.get(f"/desk/{claim.id}?kept=1")).text)


async def test_a_text_is_kept_for_half_an_hour_and_for_its_claim_alone(engine, app, clock):
    claim, other = await a_deciding_claim(engine), await a_deciding_claim(engine)
    await able(engine)
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        refused = await browser.post(f"/desk/{claim.id}/preview", data={"version": "1", **TYPED})
        entered = await sign_in(browser, refused, clock)
        assert "174 300" not in (await browser.get(f"/desk/{other.id}?kept=1")).text
        clock.now += timedelta(minutes=20)
        assert "174 300" in (await browser.get(entered.headers["location"])).text
        clock.now += timedelta(minutes=11)
        assert "174 300" not in (await browser.get(entered.headers["location"])).text
    await tidy(engine, now=clock.now + TEXT_KEPT_FOR)
    async with session_scope(engine) as session:
        assert set((await session.exec(select(StaffSession.kept_sealed))).all()) == {None}


@pytest.mark.parametrize("cookie", [None, "never-a-session"])
async def test_who_was_never_signed_in_leaves_nothing(engine, app, clock, cookie):
    claim = await a_deciding_claim(engine)
    async with at_the_desk(app, engine) as browser:
        browser.cookies.clear()
        if cookie:
            browser.cookies.set("__Host-staff", cookie, domain="claims.example")
        refused = await browser.post(f"/desk/{claim.id}/preview", data={"version": "1", **TYPED})
    assert refused.status_code == 401
    assert 'name="kept"' not in refused.text


@pytest.mark.parametrize("forged", ["x", "\0", "é" * 500, "gAAAAA" * 60_000])
async def test_a_forged_or_endless_kept_text_changes_nothing(engine, app, clock, forged):
    await a_deciding_claim(engine)
    async with at_the_desk(app, engine) as browser:
        first = await browser.get("/desk/sign-in")
        given = {"login": "handler", "password": PASSWORD, "next": hidden(first.text, "next"), "kept": forged}
        second = await browser.post("/desk/sign-in", data=given)
        if second.status_code == 413:
            return
        code = pyotp.TOTP(SECRET).at(clock.now)
        given = {"ticket": hidden(second.text, "ticket"), "code": code, "kept": forged}
        entered = await browser.post("/desk/sign-in/code", data=given)
        assert (entered.status_code, entered.headers["location"]) == (303, "/desk")


async def test_a_form_too_long_to_be_one_of_ours_is_not_kept(engine, app, clock):
    claim = await a_deciding_claim(engine)
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        refused = await browser.post(f"/desk/{claim.id}/preview", data={"note": "x" * 20_000})
        assert refused.status_code == 401
        assert 'name="kept"' not in refused.text
        many = {f"f{n}": "x" for n in range(100)}
        assert (await browser.post(f"/desk/{claim.id}/preview", data=many)).status_code in (400, 401, 422)
    async with session_scope(engine) as session:
        assert [row for row in (await session.exec(select(AuditEntry.action))).all() if row == "change_requested"] == []


@pytest.mark.parametrize("act", ["preview", "save"])
async def test_one_date_for_several_claims_comes_back_too_and_must_be_looked_at_again(engine, app, clock, act):
    claims = [await a_deciding_claim(engine), await a_deciding_claim(engine)]
    await able(engine)
    typed = {"extend_reason": "police_papers", "new_date": "2026-06-08", "note": NOTE, "previewed": "0" * 24}
    async with at_the_desk(app, engine) as browser:
        clock.now += timedelta(minutes=31)
        given = {"claim": [f"{one.id}_{one.version}" for one in claims], **typed}
        refused = await browser.post(f"/desk/dates/{act}", data=given)
        entered = await sign_in(browser, refused, clock)
        assert entered.headers["location"] == "/desk/dates?kept=1"
        page = await browser.get(entered.headers["location"])
        assert (page.status_code, NOTE in html.unescape(page.text)) == (200, True)
        assert "A new date for 2 claims" in page.text
        assert 'value="police_papers" selected' in page.text
        assert "nothing of it was saved" in page.text
        assert "Save and send" not in page.text
        assert "No claim is chosen" not in (await browser.get(f"/desk/{claims[0].id}?kept=1")).text
    async with session_scope(engine) as session:
        assert not (await session.exec(select(ChangeRequest))).all()
