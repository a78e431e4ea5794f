"""What is told although no claim moved: a question was heard, its answer is late, a pilot is over, a new device."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.errors import NotFound
from claims_core.ids import new_id
from claims_core.tables import AuditEntry, Claim
from notifier import direct
from notifier.commands import pilot as pilot_command
from notifier.incoming.late_answers import apologise
from notifier.people import preferences
from notifier.planning.facts import Ready, ready_for
from notifier.planning.pilot_end import tell_ended
from notifier.rendering import render
from notifier.states import Importance, NotificationState, Reason
from notifier.tables import Notification, Pilot
from tests.factories import NOON, a_claim, a_person, a_question
from tests.notifier.scenes import KEY, notifications, the_settings
from tests.pilots import a_pilot

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def somebody(engine: AsyncEngine, **person) -> Claim:
    async with session_scope(engine) as session:
        return await a_claim(session, policyholder=a_person(**person))


async def asks(engine: AsyncEngine, claim: Claim, *, now=NOON, text: str = "Когда?") -> UUID:
    """Somebody asks, and is promised an answer in four hours."""
    async with session_scope(engine) as session:
        return (await a_question(session, claim, now=now, text=text)).id


async def told(engine: AsyncEngine, template: str) -> list[Notification]:
    async with session_scope(engine) as session:
        return [each for each in await notifications(session) if each.template == template]


async def leaves(engine: AsyncEngine, one: Notification, *, now=NOON) -> tuple[Ready, str]:
    """What is decided when it is taken, and its text."""
    async with session_scope(engine) as session:
        ready = await ready_for(await driver_connection(session), [one.id], settings=the_settings(), now=now)
    return ready[one.id], render(one.template, "sms", one.language, ready[one.id].values)


async def test_a_question_from_the_page_is_acknowledged_with_its_date_and_not_without_end(engine: AsyncEngine):
    claim = await somebody(engine)
    for number in range(5):
        question = await asks(engine, claim, text=f"Вопрос {number}")
        async with session_scope(engine) as session:
            for _ in range(2):
                await direct.tell_question_heard(session, question_id=question, now=NOON, settings=the_settings())
    heard = await told(engine, "question_ack")
    assert len(heard) == direct.HEARD_A_DAY
    _, text = await leaves(engine, heard[0])
    assert text.startswith("Вопрос получили. Ответим до 16:00 01.06. primer.exm/")
    question = await asks(engine, claim, now=NOON + DAY + HOUR)
    async with session_scope(engine) as session:
        await direct.tell_question_heard(session, question_id=question, now=NOON + DAY + HOUR, settings=the_settings())
    assert len(await told(engine, "question_ack")) == direct.HEARD_A_DAY + 1


async def test_a_late_answer_is_apologised_for_once_with_a_new_time(engine: AsyncEngine):
    question = await asks(engine, await somebody(engine))
    assert await apologise(engine, now=NOON + 4 * HOUR - timedelta(minutes=1), settings=the_settings()) == 0
    late = NOON + 4 * HOUR  # four in the afternoon in Moscow
    assert await apologise(engine, now=late, settings=the_settings()) == 1
    assert await apologise(engine, now=late + HOUR, settings=the_settings()) == 0
    [sorry] = await told(engine, "question_late")
    assert sorry.importance is Importance.ANSWER
    verdict, text = await leaves(engine, sorry, now=late)
    assert verdict.verdict is None
    assert text.startswith("Ещё готовим ответ, извините. Ответим до 18:00. primer.exm/")
    async with session_scope(engine) as session:
        await ledger.answer_question(session, question, answer="До 4 июня.", by="marina", now=late)
    assert (await leaves(engine, sorry, now=late))[0].verdict is Reason.NO_LONGER_TRUE


async def test_an_apology_late_in_the_day_names_the_next_working_day(engine: AsyncEngine):
    await asks(engine, await somebody(engine, language="en"))
    late = NOON + 5 * HOUR
    await apologise(engine, now=late, settings=the_settings())
    [sorry] = await told(engine, "question_late")
    _, text = await leaves(engine, sorry, now=late)
    assert text.startswith("We have not answered you in time, sorry. Answer by 10:00 on 2 Jun. primer.exm/")


async def test_a_question_that_was_answered_in_time_needs_no_apology(engine: AsyncEngine):
    question = await asks(engine, await somebody(engine))
    async with session_scope(engine) as session:
        await ledger.answer_question(session, question, answer="Завтра.", by="marina", now=NOON + HOUR)
    assert await apologise(engine, now=NOON + 9 * HOUR, settings=the_settings()) == 0


async def a_pilot_with(engine: AsyncEngine, *people: Claim) -> Pilot:
    """A pilot that began a month ago and ends at NOON, and who takes part."""
    async with session_scope(engine) as session:
        pilot = await a_pilot(session, starts_at=NOON - 30 * DAY, ends_at=NOON)
        for claim in people:
            await preferences.join_pilot(
                session,
                claim.policyholder_id,
                claim_id=claim.id,
                pilot_id=pilot.id,
                wording_version="pilot-1",
                now=NOON - DAY,
                key=KEY,
            )
    return pilot


async def test_who_took_part_in_a_pilot_is_told_once_that_it_is_over(engine: AsyncEngine):
    stays, left, silent = await somebody(engine), await somebody(engine), await somebody(engine)
    await a_pilot_with(engine, stays, left, silent)
    async with session_scope(engine) as session:
        await preferences.leave_pilot(session, left.policyholder_id, now=NOON - HOUR)
        await preferences.choose(session, silent.policyholder_id, stop=True, how="reply", now=NOON - HOUR)
    assert await tell_ended(engine, now=NOON - timedelta(minutes=1), settings=the_settings()) == 0
    async with session_scope(engine) as session:
        await preferences.choose(session, silent.policyholder_id, stop=True, how="reply", now=NOON)
        [enrolled] = [(await preferences.get(session, stays.policyholder_id)).enrolment]
        assert enrolled is not None
    for moment in (NOON, NOON + HOUR):
        await tell_ended(engine, now=moment, settings=the_settings())
    states = {each.recipient_id: (each.state, each.reason) for each in await told(engine, "pilot_end")}
    assert states[stays.policyholder_id] == (NotificationState.PLANNED, None)
    assert states[silent.policyholder_id] == (NotificationState.SUPPRESSED, Reason.OPTED_OUT)
    assert left.policyholder_id not in states
    [one] = [each for each in await told(engine, "pilot_end") if each.recipient_id == stays.policyholder_id]
    _, text = await leaves(engine, one)
    assert text.startswith("Проверка окончена. Выберите, как часто писать: primer.exm/")


async def test_the_end_of_a_pilot_waits_for_the_morning_and_is_no_news_a_week_later(engine: AsyncEngine):
    await a_pilot_with(engine, await somebody(engine, language="en"))
    assert await tell_ended(engine, now=NOON + 8 * DAY, settings=the_settings()) == 0
    night = NOON + 12 * HOUR  # midnight in Moscow
    await tell_ended(engine, now=night, settings=the_settings())
    [one] = await told(engine, "pilot_end")
    assert one.not_before == night + 9 * HOUR
    _, text = await leaves(engine, one)
    assert text.startswith("The test ended on 1 Jun. Choose how often we text you: primer.exm/")


async def test_a_pilot_can_be_ended_before_its_time_and_only_while_it_runs(engine: AsyncEngine):
    pilot = await a_pilot_with(engine, await somebody(engine))
    async with session_scope(engine) as session:
        await pilot_command.end(session, "autumn", NOON - HOUR, reason="a mistake")
    async with session_scope(engine) as session:
        assert (await session.get_one(Pilot, pilot.id)).ends_at == NOON - HOUR
        assert (await session.exec(select(AuditEntry.action))).all() == ["pilot_ended"]
        with pytest.raises(NotFound):
            await pilot_command.end(session, "autumn", NOON, reason="a mistake")
    assert await tell_ended(engine, now=NOON - HOUR, settings=the_settings()) == 1


async def test_a_new_device_is_told_about_at_once_even_at_night(engine: AsyncEngine):
    claim = await somebody(engine)
    code, night = new_id(), NOON + 12 * HOUR
    async with session_scope(engine) as session:
        for _ in range(2):
            await direct.tell_new_device(
                session,
                code_id=code,
                policyholder_id=claim.policyholder_id,
                claim_id=claim.id,
                now=night,
                settings=the_settings(),
            )
    [one] = await told(engine, "new_device")
    assert one.not_before == night
    _, text = await leaves(engine, one, now=night)
    assert text.startswith(f"Дело {claim.claim_number[-4:]} открыли на новом устройстве. Не вы? primer.exm/")
