"""One question a day after a claim was closed: asked once, within every limit, answered by a bare figure."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection, session_scope
from claims_core.ids import new_id
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import Question
from notifier.people.surveys import answers_of, rate_on_page
from notifier.planning.facts import ready_for
from notifier.planning.surveys import ask_surveys
from notifier.rendering import render
from notifier.states import CauseKind, DeliveryState, NotificationState, Reason
from notifier.tables import Delivery, Notification, Survey, SurveyAnswer
from tests.factories import NOON, a_person, later
from tests.notifier.scenes import known, notifications, planned, seen, the_settings
from tests.notifier.test_inbound import PHONE, hear

CLOSED = {"stage": ClaimStage.CLOSED, "situation": Situation.PAYMENT_CREDITED, "outcome": Outcome.APPROVED}
MARK = text("""
insert into planner_mark (id, mark, candidate, candidate_xid, noted_at)
select 1, max(seq), max(seq), 0, max(recorded_at) from case_event
on conflict (id) do update set mark = excluded.mark
""")
TOMORROW = NOON + timedelta(days=1, minutes=1)


async def closed(engine: AsyncEngine, *, phone: str = PHONE, **how):
    """A claim that was closed at NOON, and decided on by the planner."""
    first = await known(engine, policyholder=a_person(phones=(phone,)), stage=ClaimStage.FULFILLING)
    ended = later(first, **CLOSED | how)
    await seen(engine, ended)
    await planned(engine)
    return ended


async def asked(engine: AsyncEngine, *, now=TOMORROW, **settings) -> list[Notification]:
    """What the timed work plans to ask at `now`."""
    async with session_scope(engine) as session:  # the mark follows as soon as nobody else's transaction is older
        await session.exec(MARK)
    await ask_surveys(engine, now=now, settings=the_settings(**settings))
    async with session_scope(engine) as session:
        return [each for each in await notifications(session) if each.cause_kind is CauseKind.SURVEY]


async def texted(session: AsyncSession, told: Notification, *, at=TOMORROW) -> None:
    """The question has left."""
    told.state = NotificationState.SENT
    session.add(told)
    session.add(
        Delivery(
            notification_id=told.id,
            attempt=1,
            token_hash=new_id().bytes,
            channel=told.channel,
            provider="twilio",
            address=PHONE,
            text="",
            state=DeliveryState.DELIVERED,
            worker="w",
            started_at=at,
            send_by=at,
        )
    )
    await session.flush()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "Понятно ли, что с делом {ref4}? Ответьте цифрой: 1 нет … 5 да"),
        ({"notifier_survey": "nps"}, "Дело {ref4}: посоветуете нас? Цифра от 0 (нет) до 10 (да)"),
        ({"notifier_replies": False}, "Понятно ли, что было с делом {ref4}? primer.exm/"),
    ],
)
async def test_a_day_after_closing_one_question_is_asked_and_never_again(engine: AsyncEngine, settings, words):
    claim = await closed(engine)
    assert await asked(engine, now=NOON + timedelta(hours=23), **settings) == []
    [told] = await asked(engine, **settings)
    assert await asked(engine, **settings) == [told]
    async with session_scope(engine) as session:
        ready = await ready_for(
            await driver_connection(session), [told.id], settings=the_settings(**settings), now=TOMORROW
        )
        assert ready[told.id].verdict is None
        said = render(told.template, told.channel, told.language, ready[told.id].values)
    assert said.startswith(words.format(ref4=claim.claim_number[-4:]))
    await seen(engine, later(later(claim, stage=ClaimStage.ASSESSING), **CLOSED), now=NOON + timedelta(days=2))
    await planned(engine, now=NOON + timedelta(days=2))
    assert len(await asked(engine, now=NOON + timedelta(days=4), **settings)) == 1


async def test_who_withdrew_or_was_closed_before_we_came_is_not_asked(engine: AsyncEngine):
    await closed(engine, outcome=Outcome.WITHDRAWN)
    await seen(engine, (await known(engine, **CLOSED)), now=NOON)
    assert await asked(engine) == []
    async with session_scope(engine) as session:
        assert (await session.exec(select(Survey))).all() == []


async def test_nobody_is_asked_too_late_or_into_an_open_question(engine: AsyncEngine):
    await closed(engine)
    assert await asked(engine, notifier_survey="off") == []
    assert await asked(engine, now=NOON + timedelta(hours=1)) == []
    assert await asked(engine, now=NOON + timedelta(days=9)) == []
    async with session_scope(engine) as session:
        [survey] = (await session.exec(select(Survey))).all()
        about = {"claim_id": survey.claim_id, "policyholder_id": survey.recipient_id, "channel": "sms"}
        session.add(Question(text="?", asked_at=NOON, answer_due_at=NOON, **about))
    assert await asked(engine) == []


async def test_a_stop_and_an_opening_anew_keep_the_question_from_leaving(engine: AsyncEngine):
    await closed(engine)
    opened = await closed(engine, phone="+79120000888")
    async with session_scope(engine) as session:
        await hear(session, "STOP", now=NOON)
    told = {each.reason: each for each in await asked(engine)}
    assert told.keys() == {None, Reason.OPTED_OUT}
    again = {"stage": ClaimStage.ASSESSING, "situation": Situation.REOPENED, "outcome": None}
    await seen(engine, later(opened, **again), now=TOMORROW)
    async with session_scope(engine) as session:
        waits = told[None].id
        ready = await ready_for(await driver_connection(session), [waits], settings=the_settings(), now=TOMORROW)
    assert ready[waits].verdict is Reason.NO_LONGER_TRUE


async def test_a_bare_figure_is_the_answer_for_a_week_and_gets_no_reply(engine: AsyncEngine):
    await closed(engine)
    [told] = await asked(engine)
    async with session_scope(engine) as session:
        assert (await hear(session, "4", now=NOON)).outcome != "rated"  # nobody has asked yet
        await texted(session, told)
        hour = timedelta(hours=1)
        outcomes = [
            (await hear(session, body, now=TOMORROW + n * hour)).outcome
            for n, body in enumerate(("4", " 5! ", "6", "5 звёзд", "пять"), start=1)
        ]
        assert outcomes[:2] == ["rated", "rated"]
        assert "rated" not in outcomes[2:]
        assert (await hear(session, "3", now=TOMORROW + timedelta(days=7))).outcome != "rated"
        rows = (await session.exec(select(SurveyAnswer).order_by(SurveyAnswer.at))).all()
        assert [(row.rating, row.said, row.how) for row in rows] == [(4, None, "reply"), (5, None, "reply")]
        replied = [each for each in await notifications(session) if each.template == "survey"]
        assert len(replied) == 1


async def test_an_answer_on_the_page_spares_the_text(engine: AsyncEngine):
    await closed(engine)
    [told] = await asked(engine)
    async with session_scope(engine) as session:
        [survey] = (await session.exec(select(Survey))).all()
        assert not await rate_on_page(session, survey.claim_id, 6, "", now=TOMORROW)
        assert await rate_on_page(session, survey.claim_id, 2, "  Долго\x00 молчали ", now=TOMORROW)
        assert [each[:3] for each in await answers_of(session, survey.claim_id)] == [("clear", 2, "Долго молчали")]
    async with session_scope(engine) as session:
        kept = await session.get_one(Notification, told.id)
        assert (kept.state, kept.reason) == (NotificationState.SUPPRESSED, Reason.NO_LONGER_TRUE)
        assert not await rate_on_page(session, survey.claim_id, 2, "", now=TOMORROW + timedelta(days=31))
