"""The formal complaint: composed out of the ledger from a broken promise on, served once, with a receipt for ever."""

import asyncio
import hashlib
import re
from datetime import date, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlmodel import select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.deadlines import PromiseBasis, PromiseKind
from claims_core.stages import ClaimStage, Mover, PageState, Situation
from claims_core.tables import Claim, FormalComplaint, Question, QuestionCategory
from claims_portal.pages.claim.complaint import compose, ground_of
from claims_portal.pages.claim.facts import Facts, Told
from claims_portal.pages.speech import Speech
from claims_portal.queries import ClaimRow
from claims_portal.tables import Role
from tests.factories import a_claimant, a_person, a_snapshot
from tests.portal.desk import at_the_desk
from tests.portal.people import signed_in
from tests.portal.portal import NOON
from tests.portal.states import a_claim_in

SHOWN = re.compile(r'name="shown" value="([0-9a-f]{64})"')
TODAY = NOON.date()


async def known(engine, name: str, clock, **over):
    async with session_scope(engine) as session:
        return await a_claim_in(session, name, now=clock.now, **over)


async def served(engine) -> list[tuple[FormalComplaint, Question]]:
    async with session_scope(engine) as session:
        joined = select(FormalComplaint, Question).join(Question, Question.id == FormalComplaint.question_id)
        return list((await session.exec(joined)).all())


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).replace("\u00a0", " ")


async def test_a_broken_promise_becomes_a_complaint_with_one_press_and_twice_is_once(app, engine, clock):
    claim = await known(engine, "late", clock, product="osago")
    home, complaint = f"/claim/{claim.id}", f"/claim/{claim.id}/complaint"
    async with signed_in(app, claim) as browser, at_the_desk(app, engine, Role.AGENT) as desk:
        assert f'href="{complaint}"' in (await browser.get(home)).text
        page = (await browser.get(complaint)).text
        words = plain(page)
        for said in ("Вы обещали решение до", "День прошёл без решения.", "Закон № 40‑ФЗ, пункт 21 статьи 12", "Прошу"):
            assert said in words
        assert await served(engine) == []
        form = {"shown": SHOWN.search(page)[1], "addition": "Жду третий месяц.\r\nИрина"}
        for _ in range(2):
            assert (await browser.post(complaint, data=form)).headers["location"] == f"{complaint}?sent=yes"
        [(kept, task)] = await served(engine)
        assert (task.category, task.channel, kept.text_hash) == (
            QuestionCategory.COMPLAINT,
            "page",
            hashlib.sha256(task.text.encode()).digest(),
        )
        assert "Своими словами\nЖду третий месяц.\nИрина\n\nСоставлено" in task.text
        # Ten days without the holiday of 12 June: as every complaint about this product.
        assert task.answer_due_at.date() == date(2026, 6, 11)
        after = plain((await browser.get(home)).text)
        assert f"Претензия {kept.reference[:4]} {kept.reference[4:8]} {kept.reference[8:]}, подана" in after
        assert "Прочитать и подать" not in after
        assert "Жду третий месяц" not in after
        assert "Жду третий месяц" in (await desk.get("/desk/questions")).text
        await desk.post(f"/desk/{claim.id}/answer", data={"question": str(task.id), "answer": "Решим до пятницы"})
        assert "Ответили" in plain((await browser.get(complaint)).text)


async def test_the_receipt_is_the_same_pdf_whenever_it_is_fetched_and_wants_a_fresh_code(app, engine, clock):
    claim = await known(engine, "late", clock)
    complaint = f"/claim/{claim.id}/complaint"
    async with signed_in(app, claim) as browser:
        page = (await browser.get(complaint)).text
        await browser.post(complaint, data={"shown": SHOWN.search(page)[1]})
        [(kept, task)] = await served(engine)
        first = await browser.get(f"{complaint}/{task.id}")
        clock.now += timedelta(minutes=9)
        again = await browser.get(f"{complaint}/{task.id}")
        assert (first.headers["content-type"], first.content) == ("application/pdf", again.content)
        assert "attachment" in first.headers["content-disposition"]
        paper = " ".join("".join(page.extract_text() for page in PdfReader(BytesIO(first.content)).pages).split())
        groups = [kept.reference[at : at + 4] for at in (0, 4, 8)]
        for said in (" ".join(groups), "Квитанция", "1 июня 2026, 12:00", "Тест Страхование", "Вы обещали"):
            assert said in paper
        assert kept.text_hash.hex() in paper.replace(" ", "")
        clock.now += timedelta(minutes=2)
        assert (await browser.get(f"{complaint}/{task.id}")).status_code == 403


async def test_what_was_not_read_is_not_served(app, engine, clock):
    claim = await known(engine, "late", clock)
    complaint = f"/claim/{claim.id}/complaint"
    async with signed_in(app, claim) as browser:
        page = (await browser.get(complaint)).text
        shown = SHOWN.search(page)[1]
        for form in ({}, {"shown": "0" * 64}, {"shown": shown, "addition": "x" * 2001}):
            assert (await browser.post(complaint, data=form)).status_code == 422
        # The day after it would say another date.
        clock.now += timedelta(minutes=14)
        async with session_scope(engine) as session:
            await ledger.ask_question(
                session, claim_id=claim.id, policyholder_id=claim.policyholder_id, channel="page", text="Когда?",
                now=clock.now - timedelta(days=5), answer_due_at=clock.now - timedelta(days=4),
            )  # fmt: skip
        stale = await browser.post(complaint, data={"shown": shown, "addition": "Мои слова"})
        assert (stale.status_code, "Мои слова" in stale.text) == (422, True)
        assert "ответа нет" in plain(stale.text)
    assert await served(engine) == []


@pytest.mark.parametrize("state", ["registered", "docs_needed", "approved", "paused_once"])
async def test_nothing_is_offered_while_no_promise_is_broken(app, engine, clock, state):
    claim = await known(engine, state, clock)
    async with signed_in(app, claim) as browser:
        assert "/complaint" not in (await browser.get(f"/claim/{claim.id}")).text.replace("ask/complaint", "")
        assert (await browser.get(f"/claim/{claim.id}/complaint")).status_code == 404
        assert (await browser.post(f"/claim/{claim.id}/complaint", data={})).status_code == 404


SAID = Speech("ru", ZoneInfo("Europe/Moscow"), NOON)
DAYS = st.integers(-30, 30).map(lambda n: TODAY + timedelta(days=n))
TOLD = st.builds(
    Told,
    kind=st.sampled_from(PromiseKind),
    basis=st.sampled_from(PromiseBasis),
    start=st.just(TODAY - timedelta(days=40)),
    due=DAYS,
    is_open=st.booleans(),
    kept=st.sampled_from([None, True, False]),
)


def facts(told, **over) -> Facts:
    columns = {
        "claim_number": "2041-7785", "product": "osago", "country": "ru", "name": "Ирина", "policy_number": None,
        "reported_at": NOON - timedelta(days=40), "documents_complete_at": None, "part_of": None,
        "has_claimants": False, "approved": None, "questions": None, "pauses": None, "complaints": None,
    }  # fmt: skip
    row = ClaimRow(columns)  # type: ignore[arg-type]
    given_facts = {
        "row": row, "today": TODAY, "stage": ClaimStage.ASSESSING, "situation": None, "outcome": None,
        "mover": Mover.US, "state": PageState.ASSESSMENT, "line": "motor_liability", "told": tuple(told),
        "payments": (),
    }  # fmt: skip
    return Facts(**given_facts | over)


def composed(found: Facts):
    return compose(found, SAID, insurer="Тест", answer_by=TODAY)


@given(st.lists(TOLD, max_size=6), st.sampled_from(Situation), st.sampled_from(Mover))
def test_a_complaint_says_nothing_of_why_it_takes_longer(told, situation, mover):
    """What is looked into behind the scenes is a situation and whose move it is: neither changes a word."""
    assert composed(facts(told)) == composed(facts(told, situation=situation, mover=mover))


@given(st.lists(TOLD, max_size=6))
def test_a_complaint_is_there_exactly_from_a_broken_promise_on(told):
    found = facts(told)
    broken = [one for one in told if one.kept is False or (one.is_open and one.due < TODAY)]
    assert (ground_of(found) is None) is (not broken)
    assert (composed(found) is None) is (not broken)
    if broken:
        assert max(one.due for one in broken).isoformat() in (ground_of(found) or "")


async def test_a_representative_is_offered_nothing(app, engine, clock):
    claim = await known(engine, "late", clock)
    async with session_scope(engine) as session:
        named = ledger.Named("Олег", "+79260000009", "page", None, "ru", clock.now + timedelta(days=9))
        one = await ledger.name_representative(session, claim.id, named, by="a test", now=clock.now)
        await ledger.agree_to_represent(session, one, wording="w", now=clock.now)
        reader = (await ledger.representatives_of(session, claim.id, now=clock.now))[0].person_id
    claim.policyholder_id = reader
    async with signed_in(app, claim) as browser:
        page = await browser.get(f"/claim/{claim.id}")
        assert (page.status_code, "/complaint" in page.text) == (200, False)
        assert (await browser.get(f"/claim/{claim.id}/complaint")).status_code == 404


async def test_of_two_who_press_at_once_one_serves(engine, clock):
    claim = await known(engine, "late", clock)

    async def press() -> bool:
        async with session_scope(engine) as session:
            served_now = await ledger.serve_complaint(
                session, claim_id=claim.id, policyholder_id=claim.policyholder_id, ground="decision:target:2026-05-17",
                language="ru", text="Претензия", now=clock.now, answer_due_at=clock.now,
            )  # fmt: skip
            return served_now is not None

    assert sorted(await asyncio.gather(press(), press(), press())) == [False, False, True]
    async with session_scope(engine) as session:
        assert len((await session.exec(select(Question))).all()) == 1


async def test_a_claimant_has_a_complaint_of_their_own(app, engine, clock):
    """Whoever claims against another's policy is promised dates, too; the policyholder's name is not in it."""
    begun = clock.now - timedelta(days=30)
    harmed = a_claimant(person=a_person(name="Пётр Зимин"))
    first = a_snapshot(reported_at=begun, documents_complete_at=begun, claimants=(harmed,))
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=begun, settle=timedelta(0))
        await ledger.miss_promises(session, now=clock.now)
        side = (await session.exec(select(Claim).where(Claim.part_of.is_not(None)))).one()
    async with signed_in(app, side) as browser:
        complaint = f"/claim/{side.id}/complaint"
        page = (await browser.get(complaint)).text
        assert ("Пётр Зимин" in page, "Ирина" in page, "Полис:" in page) == (True, False, False)
        await browser.post(complaint, data={"shown": SHOWN.search(page)[1]})
    [(kept, task)] = await served(engine)
    assert (kept.claim_id, task.policyholder_id) == (side.id, side.policyholder_id)
