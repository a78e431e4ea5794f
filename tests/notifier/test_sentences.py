"""Before we say that there is no news a person is asked for one true sentence; and the machine never repeats itself."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.ledger import Holder
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import Claim
from notifier.deciding.heartbeats import IN_A_ROW, SENTENCE, days_ahead, gist_of, kept_back, template_for
from notifier.planning.facts import ready_for
from notifier.planning.sentences import Asked, ask, asked_of
from notifier.rendering import render
from notifier.states import NotificationState, Reason
from notifier.tables import Notification
from notifier.wording.message import sms_parts
from notifier.wording.sentence import LONGEST, as_sentence, fits_an_sms, problems_of
from tests.factories import NOON, a_claim, a_question, later
from tests.notifier.scenes import a_background, known, planned, seen, the_settings
from tests.notifier.test_heartbeat import ASSESSING, DAY, arrive, beats

START = NOON - DAY  # the day we first saw the claim
HANDLER = Holder("staff:1", "Марина Котова")
TRUE = "Ждём справку из ГИБДД, напомнили."


async def asking(engine: AsyncEngine, now: datetime) -> Asked | None:
    """What the handler of the only claim is asked once the job has run at `now`."""
    await ask(engine, now=now, settings=the_settings())
    async with session_scope(engine) as session:
        return await asked_of(session, (await session.exec(select(Claim.id))).one(), now=now)


async def write(engine: AsyncEngine, now: datetime, text: str = TRUE) -> None:
    """The handler answers."""
    async with session_scope(engine) as session:
        claim = (await session.exec(select(Claim.id))).one()
        await ledger.write_sentence(session, claim, text=text, by=HANDLER, now=now)


async def read(engine: AsyncEngine, told: Notification, channel: str = "sms") -> str:
    """What its reader reads."""
    async with session_scope(engine) as session:
        ready = await ready_for(
            await driver_connection(session), [told.id], settings=the_settings(), now=told.planned_at
        )
    return render(told.template, channel, "ru", ready[told.id].values)


async def test_the_handler_is_asked_two_days_before_a_week_of_silence_ends(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    assert await asking(engine, START + 5 * DAY - timedelta(seconds=1)) is None
    assert await asking(engine, START + 5 * DAY) == Asked(START, START + 7 * DAY, "ru", None, None)
    assert await asking(engine, START + 7 * DAY) is None


async def test_a_sentence_that_comes_in_time_goes_in_the_place_of_no_news(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    await asking(engine, START + 5 * DAY)
    await write(engine, START + 6 * DAY)
    waits = await asking(engine, START + 6 * DAY)
    assert waits is not None
    assert (waits.sentence, waits.written_by) == (TRUE, "Марина Котова")
    [told] = await beats(engine, now=START + 7 * DAY)
    assert (told.template, told.reason) == (SENTENCE, None)
    assert TRUE in await read(engine, told)


async def test_without_one_the_honest_words_go_as_ever(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    await asking(engine, START + 5 * DAY)
    [told] = await beats(engine, now=START + 7 * DAY)
    assert (told.template, told.reason) == ("heartbeat", None)


async def test_of_two_sentences_the_newer_one_goes(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    await write(engine, START + 5 * DAY, "Первая.")
    await write(engine, START + 6 * DAY)
    [told] = await beats(engine, now=START + 7 * DAY)
    assert TRUE in await read(engine, told)


async def test_a_sentence_of_a_stage_that_is_over_is_true_no_more(engine: AsyncEngine):
    first = await known(engine, **ASSESSING)
    await write(engine, START + 5 * DAY)
    await seen(engine, later(first, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL), now=START + 6 * DAY)
    await planned(engine, now=START + 6 * DAY, settings=the_settings(notifier_market="ru"))
    async with session_scope(engine) as session:
        for told in (await session.exec(select(Notification))).all():
            told.state, told.reason = NotificationState.SUPPRESSED, Reason.CADENCE
    told = (await beats(engine, now=START + 7 * DAY))[-1]
    assert told.template == "heartbeat"


async def test_a_sentence_is_said_once(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    await write(engine, START + 6 * DAY)
    [first] = await beats(engine, now=START + 7 * DAY)
    await arrive(engine, first.id, START + 7 * DAY)
    told = await beats(engine, now=START + 14 * DAY)
    assert [each.template for each in told] == [SENTENCE, "heartbeat"]


async def test_nobody_is_asked_where_a_question_waits_or_nothing_could_be_sent(engine: AsyncEngine):
    async with session_scope(engine) as session:
        claim = await a_claim(session, **ASSESSING)
        await a_question(session, claim)
    assert await asking(engine, NOON + 6 * DAY) is None


async def test_whoever_may_not_be_written_to_is_looked_at_once(engine: AsyncEngine):
    async with session_scope(engine) as session:
        claim = await a_claim(session, **ASSESSING)
        person = (await session.exec(select(Claim.policyholder_id).where(col(Claim.id) == claim.id))).one()
        from_now_on = "update policyholder set contact_prohibited = true where id = $1"
        await (await driver_connection(session)).execute(from_now_on, person)
    assert await asking(engine, NOON + 6 * DAY) is None
    assert await ask(engine, now=NOON + 6 * DAY, settings=the_settings()) == 0


async def test_a_message_that_arrives_ends_what_the_handler_was_asked(engine: AsyncEngine):
    first = await known(engine, **ASSESSING)
    assert await asking(engine, START + 6 * DAY) is not None
    await seen(engine, later(first, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL), now=START + 6 * DAY)
    [news] = await planned(engine, now=START + 6 * DAY)
    await arrive(engine, news.id, START + 6 * DAY + timedelta(hours=1))
    assert await asking(engine, START + 6 * DAY + timedelta(hours=2)) is None


async def test_a_long_sentence_is_read_whole_where_the_link_leads_and_in_a_letter(engine: AsyncEngine):
    long = "Мы отправили запрос в ГИБДД ещё раз и ждём от них справку об аварии, без неё расчёт не закончить."
    await known(engine, **ASSESSING)
    await write(engine, START + 6 * DAY, long)
    [told] = await beats(engine, now=START + 7 * DAY)
    assert long not in await read(engine, told)
    assert "Что делаем сейчас:" in await read(engine, told)


@given(st.integers(1, 365))
def test_there_is_always_a_day_to_answer_and_never_more_than_a_third_of_the_silence_or_five(days: int):
    ahead = days_ahead(days)
    assert 1 <= ahead <= 5
    assert ahead <= max(1, days / 3)


@given(asked=st.booleans(), beyond=st.booleans(), in_a_row=st.integers(0, 5), same=st.booleans(), written=st.booleans())
def test_a_machine_never_says_the_same_twice_and_a_person_is_never_held_back_for_it(
    asked: bool, beyond: bool, in_a_row: int, same: bool, written: bool
):
    template = template_for(a_background(), missed=False, has_sentence=written)
    why = kept_back(template, asked=asked, is_beyond_cap=beyond, in_a_row=in_a_row, says_the_same=same)
    if why is None:
        assert not asked
        assert not beyond
        assert written or (not same and in_a_row < IN_A_ROW)
    if written:
        assert why is not Reason.APPROVAL
    elif same and not asked and not beyond:
        assert why is Reason.APPROVAL


def test_another_date_or_fewer_papers_are_something_else_to_say():
    stands = a_background()
    assert gist_of("heartbeat", stands) == gist_of("heartbeat", stands._replace(open_documents=3))
    assert gist_of("heartbeat", stands) != gist_of("heartbeat", stands._replace(decision_due=NOON.date()))
    assert gist_of("waiting_you", stands) != gist_of("waiting_you", stands._replace(open_documents=3))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "Write the sentence first"),
        ("x" * LONGEST, "at most"),
        ("Решим через 3 дня", "no promise"),
        ("Ответим до 12 июня", "no promise"),
        ("Смотрите www.example", "link"),
        ("Звоните 8 800 555-35-35", "telephone"),
        ("Проверяем на мошенничество", "fraud"),
        ("Вы не прислали бумаги", "accuses"),
        ("Ждём СПРАВКУ из ГИБДД напомнили!", "read just this"),
    ],
)
def test_what_may_not_be_said_is_refused_with_the_reason(typed: str, why: str):
    problems = problems_of(as_sentence(typed), before=TRUE)
    assert problems
    assert any(why in said for _, said in problems)


@given(st.text(max_size=300))
def test_whatever_is_typed_becomes_one_line_with_an_end(typed: str):
    said = as_sentence(typed)
    assert "\n" not in said
    assert said == as_sentence(said)
    assert not said or said[-1] in ".!?…"


@given(st.text(alphabet="абвгд abc,'€", min_size=1, max_size=LONGEST))
def test_a_sentence_that_fits_makes_one_sms_in_either_language(typed: str):
    said = as_sentence(typed)
    values = {"ref4": "0000", "sentence": said, "link": "primer.exm/Ab3dE6gH"}
    if said and fits_an_sms(said, values["link"]):
        assert all(sms_parts(render(SENTENCE, "sms", language, values)).segments == 1 for language in ("ru", "en"))
