"""The one question at the end of a claim, on its page and at the desk."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_portal.tables import Role
from notifier.tables import Survey
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import NOON

CLOSED = {"stage": ClaimStage.CLOSED, "situation": Situation.PAYMENT_CREDITED, "outcome": Outcome.APPROVED}
QUESTION = "Было ли понятно, что происходит с делом?"


async def a_survey(engine, *, kind="clear", ask_at=NOON, **how):
    """A closed claim whose reader is asked."""
    claim = await a_known_claim(engine, **CLOSED | how)
    async with session_scope(engine) as session:
        session.add(
            Survey(id=new_id(), claim_id=claim.id, recipient_id=claim.policyholder_id, kind=kind, ask_at=ask_at)
        )
    return claim


async def answers(engine) -> list[tuple]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("select rating, said, how from survey_answer order by at, id"))
        return [tuple(row) for row in rows]


async def test_a_closed_claim_asks_once_and_the_desk_reads_the_answer(app, engine):
    claim = await a_survey(engine)
    async with signed_in(app, claim) as browser:
        assert QUESTION in (await browser.get(f"/claim/{claim.id}")).text
        form = {"rating": "2", "said": " Долго молчали <b>"}
        answer = await browser.post(f"/claim/{claim.id}/survey", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/claim/{claim.id}#survey")
        page = (await browser.get(f"/claim/{claim.id}")).text
        assert "Спасибо. Ваш ответ: 2 из 5." in page
        assert 'name="rating"' not in page
    assert await answers(engine) == [(2, "Долго молчали <b>", "page")]
    async with at_the_desk(app, engine, Role.HANDLER) as handler:
        shown = (await handler.get(f"/desk/{claim.id}")).text
    assert "The client on whether it was clear what happened: 2 of 5" in shown
    assert "“Долго молчали &lt;b&gt;”" in shown


@pytest.mark.parametrize("rating", ["6", "0", "-1", "²", "99999", "x"])
async def test_what_is_no_figure_of_the_question_is_not_kept(app, engine, rating):
    claim = await a_survey(engine)
    async with signed_in(app, claim) as browser:
        assert (await browser.post(f"/claim/{claim.id}/survey", data={"rating": rating})).status_code == 303
    assert await answers(engine) == []


async def test_without_a_figure_the_page_says_so_and_keeps_the_sentence(app, engine):
    claim = await a_survey(engine, kind="nps")
    async with signed_in(app, claim) as browser:
        answer = await browser.post(f"/claim/{claim.id}/survey", data={"said": "Всё хорошо"})
    assert answer.status_code == 422
    assert "Выберите цифру" in answer.text
    assert "Всё хорошо</textarea>" in answer.text
    assert answer.text.count('name="rating"') == 11


async def test_a_claim_that_is_not_asked_about_shows_nothing_and_keeps_nothing(app, engine):
    late = await a_survey(engine, ask_at=NOON - timedelta(days=31))
    other = await a_survey(engine)
    async with signed_in(app, late) as browser:
        assert QUESTION not in (await browser.get(f"/claim/{late.id}")).text
        assert (await browser.post(f"/claim/{late.id}/survey", data={"rating": "3"})).status_code == 303
        assert (await browser.post(f"/claim/{late.id}/survey", data={})).status_code == 422
        assert (await browser.post(f"/claim/{other.id}/survey", data={"rating": "3"})).status_code == 404
    assert await answers(engine) == []
