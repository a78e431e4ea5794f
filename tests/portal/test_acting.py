"""What a policyholder does about a claim: an account, a disagreement, a time, a place; each with a clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.errors import BadInput
from claims_core.tables import AuditEntry, Question, QuestionCategory
from claims_portal.accounts import iban_account, russian_account
from claims_portal.pages.claim.wishes import position_of
from claims_portal.tables import Role
from tests.portal.desk import at_the_desk
from tests.portal.people import signed_in
from tests.portal.states import a_claim_in

BIC, NUMBER = "044525225", "40817810438000012345"
# Published accounts of banks with the Bank of Russia: the key is counted with the zero in front.
PUBLISHED = ["30101810400000000225", "30101810145250000974", "30101810200000000593"]
C = QuestionCategory


async def known(engine, name: str, clock, **over):
    async with session_scope(engine) as session:
        return await a_claim_in(session, name, now=clock.now, **over)


async def tasks(engine) -> list[Question]:
    async with session_scope(engine) as session:
        return list((await session.exec(select(Question).order_by(Question.id))).all())


@given(st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_of_an_account_is_always_found(place: int, by: int):
    wrong = NUMBER[:place] + str((int(NUMBER[place]) + by) % 10) + NUMBER[place + 1 :]
    assert russian_account(BIC, NUMBER).masked == "•••• 2345"
    with pytest.raises(BadInput):
        russian_account(BIC, wrong)


@pytest.mark.parametrize("number", PUBLISHED)
def test_the_key_is_that_of_published_accounts(number: str):
    assert russian_account("044525000", number).number == number


@pytest.mark.parametrize(("bic", "number"), [("", NUMBER), ("144525225", NUMBER), (BIC, NUMBER[:-1]), (BIC, "x" * 20)])
def test_what_is_no_account_is_refused_with_words(bic: str, number: str):
    with pytest.raises(BadInput, match="digits"):
        russian_account(bic, number)


def test_an_account_may_be_typed_with_blanks():
    assert russian_account("044 525 225", " 40817 810 4 3800 0012345 ").number == NUMBER


def test_an_iban_is_checked_by_its_digits_and_its_country():
    assert iban_account("GB82 WEST 1234 5698 7654 32").masked == "•••• 5432"
    for wrong in ("GB82 WEST 1234 5698 7654 33", "GB82 WEST 1234", "XX00", "", "9" * 5000, "\u0662" * 22):
        with pytest.raises(BadInput):
            iban_account(wrong)


async def test_an_account_is_masked_and_goes_whole_to_one_handler(app, engine, clock):
    claim = await known(engine, "details_needed", clock)
    account = f"/claim/{claim.id}/account"
    async with signed_in(app, claim) as browser, at_the_desk(app, engine) as desk:
        form = {"holder": "Ирина Соколова", "bic": BIC, "number": NUMBER}
        slip = await browser.post(account, data=form | {"number": NUMBER[:-1] + "6"})
        assert (slip.status_code, "Счёт не подходит к банку" in slip.text) == (422, True)
        assert await tasks(engine) == []
        assert (await browser.post(account, data=form)).headers["location"] == f"{account}?sent=yes"
        page = (await browser.get(account)).text + (await browser.get(f"/claim/{claim.id}")).text
        assert "•••• 2345" in page
        assert "Отвечает человек. Срок: сегодня, 18:00" in page.replace("\u00a0", " ")
        assert NUMBER not in page
        [task] = await tasks(engine)
        assert (task.category, NUMBER in task.text, NUMBER in task.sealed) == (C.ACCOUNT, False, False)
        seen = await desk.get(f"/desk/{claim.id}")
        assert ("Account for the payment" in seen.text, NUMBER in seen.text) == (True, False)
        opened = await desk.post(f"/desk/{claim.id}/account", data={"question": str(task.id)})
        assert all(part in opened.text for part in (NUMBER, BIC, "Ирина Соколова"))
        await desk.post(f"/desk/{claim.id}/answer", data={"question": str(task.id), "answer": "Внесли"})
        again = await desk.post(f"/desk/{claim.id}/account", data={"question": str(task.id)})
        assert again.status_code == 404
        assert "Внесли" in (await browser.get(account)).text
    assert (await tasks(engine))[0].sealed is None
    async with session_scope(engine) as session:
        acts = (await session.exec(select(AuditEntry.action).where(AuditEntry.action == "account_opened"))).all()
    assert acts == ["account_opened"]


async def test_an_account_wants_a_fresh_code(app, engine, clock):
    claim = await known(engine, "details_needed", clock)
    async with signed_in(app, claim) as browser:
        clock.now += timedelta(minutes=11)
        form = {"holder": "И", "bic": BIC, "number": NUMBER}
        assert (await browser.post(f"/claim/{claim.id}/account", data=form)).status_code == 403
        assert 'name="number"' not in (await browser.get(f"/claim/{claim.id}/account")).text
    assert await tasks(engine) == []


@pytest.mark.parametrize(
    ("state", "key", "form", "category", "answered_by"),
    [
        ("declined", "objection", {"text": "Шина была целая"}, C.OBJECTION, datetime(2026, 6, 11, 15, tzinfo=UTC)),
        ("awaiting", "complaint", {"text": "Не отвечаете"}, C.COMPLAINT, datetime(2026, 6, 11, 15, tzinfo=UTC)),
        ("inspection", "inspection", {"slot": "2026-06-03 12-15"}, C.INSPECTION, datetime(2026, 6, 1, 15, tzinfo=UTC)),
        ("registered", "place", {"text": "Лесная, 12"}, C.PLACE, datetime(2026, 6, 1, 15, tzinfo=UTC)),
    ],
)
async def test_a_wish_is_a_task_with_its_own_clock(app, engine, clock, state, key, form, category, answered_by):
    claim = await known(engine, state, clock, product="osago")
    async with signed_in(app, claim) as browser, at_the_desk(app, engine, Role.AGENT) as desk:
        assert f"/claim/{claim.id}/ask/{key}" in (await browser.get(f"/claim/{claim.id}")).text
        empty = await browser.post(f"/claim/{claim.id}/ask/{key}", data={})
        assert (empty.status_code, await tasks(engine)) == (422, [])
        sent = await browser.post(f"/claim/{claim.id}/ask/{key}", data=form)
        assert sent.headers["location"] == f"/claim/{claim.id}/ask/{key}?sent=yes"
        page = (await browser.get(sent.headers["location"])).text
        assert "У человека" in page
        [task] = await tasks(engine)
        # Ten days without the holiday of 12 June end on the 11th: no holiday lies before it.
        assert (task.category, task.answer_due_at) == (category, answered_by)
        assert task.text in (await desk.get("/desk/questions")).text


async def test_only_what_has_a_meaning_is_offered(app, engine, clock):
    offered = {}
    for state in ("registered", "declined", "inspection"):
        claim = await known(engine, state, clock)
        async with signed_in(app, claim) as browser:
            for key in ("objection", "complaint", "inspection", "place", "other"):
                offered[state, key] = (await browser.get(f"/claim/{claim.id}/ask/{key}")).status_code == 200
    assert {pair for pair, yes in offered.items() if yes} == {
        ("registered", "complaint"),
        ("registered", "place"),
        ("declined", "objection"),
        ("declined", "complaint"),
        ("inspection", "complaint"),
        ("inspection", "inspection"),
        ("inspection", "place"),
    }


async def test_a_time_that_nobody_offered_is_not_taken(app, engine, clock):
    claim = await known(engine, "inspection", clock)
    async with signed_in(app, claim) as browser:
        for slot in ("2026-06-06 09-12", "2026-06-01 09-12", "2030-01-01 09-12", "x", "\0"):
            answer = await browser.post(f"/claim/{claim.id}/ask/inspection", data={"slot": slot, "text": "!"})
            assert (answer.status_code, "Выберите время" in answer.text) == (422, True)
    assert await tasks(engine) == []


async def test_the_phone_may_say_where_it_happened(app, engine, clock):
    claim = await known(engine, "registered", clock)
    where = {"latitude": "55.7558", "longitude": "37.6173"}
    async with signed_in(app, claim) as browser:
        await browser.post(f"/claim/{claim.id}/ask/place", data=where)
        nowhere = await browser.post(f"/claim/{claim.id}/ask/place", data={"latitude": "955", "longitude": "nan"})
    [task] = await tasks(engine)
    assert (task.text, nowhere.status_code) == ("По данным телефона: 55.75580, 37.61730", 422)
    assert position_of("-90", "-180") == "-90.00000, -180.00000"
    assert position_of("1e3", "0") is None
