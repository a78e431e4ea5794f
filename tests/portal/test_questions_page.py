"""The place of questions on the claim page: what is published first, who is there, an idea, one thread for all."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.stages import PageState
from claims_core.tables import Question, QuestionCategory
from claims_portal.pages.claim.published import PUBLISHED
from tests.factories import a_question
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.states import a_claim_in

FIELD = 'id="q" name="question"'


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (datetime(2026, 6, 1, 9, 0, tzinfo=UTC), None),
        (datetime(2026, 6, 1, 6, 0, tzinfo=UTC), None),
        (datetime(2026, 6, 1, 5, 59, tzinfo=UTC), "Откроемся сегодня в 09:00"),
        (datetime(2026, 6, 1, 15, 0, tzinfo=UTC), "Откроемся 2 июня, вторник, в 09:00"),
        # Friday the 12th is a holiday: three days nobody is there.
        (datetime(2026, 6, 11, 18, 0, tzinfo=UTC), "Откроемся 15 июня, понедельник, в 09:00"),
    ],
)
async def test_where_nobody_is_there_it_stands_when_we_open(app, engine, clock, now, said):
    claim, clock.now = await a_known_claim(engine), now
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}")).text.replace("\u00a0", " ")
        before_field = page[: page.index(FIELD)]
        assert ("Сейчас никого нет" in before_field, "Оставить вопрос сейчас" in before_field) == (
            said is not None,
        ) * 2
        assert said is None or said in before_field
        # Nothing is lost outside of our hours: the question is left, and answered after we open.
        await browser.post(f"/claim/{claim.id}/questions", data={"question": "Когда?"})
        assert "Когда?" in (await browser.get(f"/claim/{claim.id}")).text


def test_every_state_has_an_answer_that_is_published():
    assert PUBLISHED.keys() == set(PageState)


async def test_what_is_published_for_the_stage_stands_before_the_field(app, engine, clock):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}")).text
    assert "Мне заплатят столько, сколько в оценке?" in page[: page.index(FIELD)]
    assert "Можно снова открыть дело?" not in page


async def test_an_idea_is_told_from_a_question(app, engine):
    claim = await a_known_claim(engine)
    async with signed_in(app, claim) as browser, at_the_desk(app, engine) as desk:
        form = {"question": "Покажите фото эксперта", "category": "idea"}
        await browser.post(f"/claim/{claim.id}/questions", data=form)
        assert "Спасибо за идею" in (await browser.get(f"/claim/{claim.id}")).text
        assert "<b>Idea.</b> Покажите фото эксперта" in (await desk.get("/desk/questions")).text
        # Nothing else may be made of the field of questions.
        await browser.post(f"/claim/{claim.id}/questions", data={"question": "?", "category": "account"})
    async with session_scope(engine) as session:
        kinds = (await session.exec(select(Question.category).order_by(Question.id))).all()
    assert kinds == [QuestionCategory.IDEA, QuestionCategory.QUESTION]


async def test_the_thread_is_one_whatever_the_channel(app, engine, clock):
    claim = await a_known_claim(engine)
    async with session_scope(engine) as session:
        for channel in ("page", "sms", "telegram", "max"):
            await a_question(session, claim, now=clock.now, channel=channel, text=f"Вопрос {channel}")
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}")).text
    assert all(f"Вопрос {channel}" in page for channel in ("page", "sms", "telegram", "max"))
    assert all(by in page for by in ("через Telegram", "через MAX"))
