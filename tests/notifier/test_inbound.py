"""What a policyholder writes is done at once, answered within reason, and never lost."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import driver_connection, session_scope
from claims_core.ids import new_id
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import Contact, ContactPoint, Question
from notifier.deciding.response_clock import answer_due
from notifier.incoming import inbound
from notifier.people import preferences
from notifier.planning.facts import ready_for
from notifier.rendering import render
from notifier.states import Cadence, CauseKind, ChannelName, DeliveryState, Importance, NotificationState, Reason
from notifier.tables import Delivery, Inbound, Notification, OptOut
from tests.factories import NOON, a_claim, a_person, later
from tests.notifier.scenes import known, notifications, planned, seen, the_settings

ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
PHONE = "+79120000777"
_refs = iter(range(10**6))


async def hear(session: AsyncSession, body: str, *, address: str = PHONE, ref: str | None = None, **how) -> Inbound:
    """A message comes in; given back as it was handled."""
    values = {"provider": "twilio", "channel": ChannelName.SMS, "now": NOON, "settings": the_settings()} | how
    ref = ref or f"SM{next(_refs)}"
    await inbound.receive(session, provider_ref=ref, address=address, body=body, **values)
    return (await session.exec(select(Inbound).where(Inbound.provider_ref == ref))).one()


async def somebody(session: AsyncSession, **overrides):
    return await a_claim(session, policyholder=a_person(phones=(PHONE,)), **overrides)


async def texts(session: AsyncSession, now=NOON) -> list[str]:
    """What is answered, as it will leave."""
    told = [each for each in await notifications(session) if each.cause_kind is CauseKind.INBOUND]
    await session.flush()
    connection = await driver_connection(session)
    ready = await ready_for(connection, [each.id for each in told], settings=the_settings(), now=now)
    return [
        render(each.template, each.channel, each.language, ready[each.id].values)
        for each in told
        if ready[each.id].verdict is None and each.state is NotificationState.PLANNED
    ]


async def test_a_stop_holds_at_once_for_what_is_planned_too_and_is_confirmed(engine: AsyncEngine):
    first = await known(engine, policyholder=a_person(phones=(PHONE,)))
    await seen(engine, later(first, **ASSESSING))
    await planned(engine)
    async with session_scope(engine) as session:
        heard = await hear(session, "стоп, надоело")
        assert (heard.command, heard.outcome) == ("stop", "optout")
    async with session_scope(engine) as session:
        news = next(each for each in await notifications(session) if each.cause_kind is CauseKind.CASE_EVENT)
        assert (news.state, news.reason) == (NotificationState.SUPPRESSED, Reason.OPTED_OUT)
        assert await texts(session) == ["SMS отключены. Решение пришлём письмом. Включить: СТАРТ"]
    await seen(engine, later(later(first, **ASSESSING), stage=ClaimStage.DECIDING, situation=Situation.APPROVAL))
    assert [each.reason for each in await planned(engine) if each.template == "awaiting"] == [Reason.OPTED_OUT]


async def test_a_second_stop_and_a_repeated_one_get_no_answer(session: AsyncSession):
    await somebody(session)
    await hear(session, "STOP", ref="SM-once")
    await hear(session, "STOP", ref="SM-once")
    assert (await hear(session, "Stop")).outcome == "stopped_before"
    assert len(await texts(session)) == 1
    assert len((await session.exec(select(Inbound))).all()) == 2


async def test_every_stop_and_start_stays_in_the_ledger_with_where_it_came_from(session: AsyncSession):
    await somebody(session)
    for day, word in enumerate(("STOP", "START", "СТОП", "СТАРТ", "START")):
        await hear(session, word, now=NOON + timedelta(days=day))
    rows = (await session.exec(select(OptOut).where(OptOut.channel == ChannelName.SMS).order_by(OptOut.at))).all()
    said = [(row.at, row.how, row.ended_at, row.ended_how, row.ended_wording) for row in rows]
    day = timedelta(days=1)
    assert said == [
        (NOON, "reply", NOON + day, "reply", "optout-1"),
        (NOON + 2 * day, "reply", NOON + 3 * day, "reply", "optout-1"),
    ]


async def test_a_stop_from_an_unknown_number_is_kept_and_obeyed(session: AsyncSession):
    heard = await hear(session, "STOP", address="+12015550123")
    assert heard.outcome == "stopped"
    stops = (await session.exec(select(OptOut))).all()
    assert {each.channel for each in stops} >= {ChannelName.SMS, ChannelName.WHATSAPP, ChannelName.VOICE}
    assert {each.address for each in stops} == {"+12015550123"}
    assert await notifications(session) == []


async def test_where_the_provider_answers_a_stop_itself_we_say_nothing(session: AsyncSession):
    await somebody(session)
    settings = the_settings(notifier_stop_answered=True)
    await hear(session, "STOP", settings=settings)
    await hear(session, "START", settings=settings)
    assert await notifications(session) == []


async def test_start_lets_texts_go_again_and_says_how_often(session: AsyncSession):
    claim = await somebody(session)
    await hear(session, "STOP")
    assert (await hear(session, "СТАРТ")).outcome == "optin_often"
    assert not (await preferences.get(session, claim.policyholder_id)).stopped
    assert (await texts(session))[-1] == "Пишем о каждом шаге и раз в 7 дн. Реже: РЕЖЕ. Отказ: СТОП"
    assert (await hear(session, "START")).outcome == "never_stopped"


@pytest.mark.parametrize(
    ("body", "cadence", "text"),
    [
        ("MORE", Cadence.FREQUENT, "Done: a text at every step and every 7 days. Fewer: LESS. None: STOP"),
        ("реже", Cadence.ESSENTIAL, "Готово: пишем только о главном. Чаще: ЧАЩЕ. Отказ: СТОП"),
    ],
)
async def test_more_and_less_change_the_cadence_and_answer_in_their_own_language(session, body, cadence, text):
    claim = await somebody(session)
    await hear(session, body)
    assert (await preferences.get(session, claim.policyholder_id)).cadence is cadence
    assert await texts(session) == [text]


async def test_status_says_where_the_claim_stands(session: AsyncSession):
    await somebody(session, documents_complete_at=NOON - timedelta(days=2), **ASSESSING)
    await hear(session, "status")
    [text] = await texts(session)
    assert text.startswith(
        f"Claim {(await session.exec(select(Question))).first() or text[6:10]}: being assessed, decision by "
    )
    assert "Day 2 of 20." in text
    [contact] = (await session.exec(select(Contact))).all()
    assert contact.kind == "status"


async def test_status_of_several_claims_and_of_none(session: AsyncSession):
    person = a_person(phones=(PHONE,))
    await a_claim(session, policyholder=person)
    await a_claim(session, policyholder=person)
    await hear(session, "статус")
    assert (await texts(session))[0].startswith("Открытых дел: 2. Ближайший срок ")
    await a_claim(session, policyholder=a_person(phones=("+79120000888",)), stage=ClaimStage.CLOSED, situation=None)
    assert (await hear(session, "STATUS", address="+79120000888")).outcome == "kw_status_none"


async def test_a_number_of_several_people_hears_nothing_about_a_claim(session: AsyncSession):
    await somebody(session)
    await somebody(session)
    assert (await hear(session, "STATUS")).outcome == "kw_help"


@pytest.mark.parametrize("many", [50, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_a_number_gets_three_answers_a_day_and_then_silence(session: AsyncSession, many: int):
    await somebody(session)
    for _ in range(many):
        await hear(session, "STATUS")
    assert len(await notifications(session)) == 3
    await hear(session, "STATUS", now=NOON + timedelta(days=1, minutes=1))
    assert len(await notifications(session)) == 4


async def test_a_machine_that_answers_every_answer_is_left_alone_after_three(session: AsyncSession):
    """Whatever it says of ours comes back: commands, questions, our very words; and nothing ends it but we."""
    await somebody(session)
    body = "STATUS"
    for _ in range(12):
        await hear(session, body)
        said = await texts(session)
        body = said[-1] if said else "STATUS"
    told = [each for each in await notifications(session) if each.cause_kind is CauseKind.INBOUND]
    assert len(told) <= 3


async def test_a_machine_that_sends_our_own_words_back_is_not_answered(session: AsyncSession):
    claim = await somebody(session)
    point = (
        await session.exec(select(ContactPoint).where(ContactPoint.policyholder_id == claim.policyholder_id))
    ).one()
    told = Notification(
        cause_kind=CauseKind.INBOUND,
        cause_id=new_id(),
        template="free_text",
        recipient_id=claim.policyholder_id,
        importance=Importance.ANSWER,
        channel=ChannelName.SMS,
        contact_point_id=point.id,
        not_before=NOON,
        send_by=NOON,
        state=NotificationState.SENT,
    )
    session.add(told)
    await session.flush()
    session.add(
        Delivery(
            notification_id=told.id,
            attempt=1,
            token_hash=b"t",
            channel=ChannelName.SMS,
            provider="twilio",
            address=PHONE,
            text="Передали специалисту.",
            state=DeliveryState.DELIVERED,
            worker="w",
            started_at=NOON - timedelta(minutes=1),
            send_by=NOON,
        )
    )
    await session.flush()
    assert (await hear(session, "Передали специалисту.")).outcome == "heard_before"
    assert (await session.exec(select(Question))).all() == []


async def test_anything_else_is_a_question_with_a_clock(session: AsyncSession):
    claim = await somebody(session)
    await hear(session, "Можно приехать в субботу?")
    [question] = (await session.exec(select(Question))).all()
    assert (question.claim_id, question.text) == (claim.id, "Можно приехать в субботу?")
    assert question.answer_due_at == NOON + timedelta(hours=4)
    [text] = await texts(session)
    assert text.startswith("Передали специалисту. Ответ до 16:00 01.06. ")
    assert (await hear(session, "Можно приехать в субботу?")).outcome == "heard_before"


@pytest.mark.parametrize("body", ["\x00Who are you?" + "x" * 10_000, "HELP", "STATUS", "MORE", "START", "1"])
async def test_an_unknown_number_is_heard_and_answered_by_nobody(session: AsyncSession, body: str):
    heard = await hear(session, body, address="+12015550123")
    assert heard.handled_at == NOON
    assert heard.outcome in ("unknown_number", "never_stopped")
    assert len(heard.body) <= 4_000
    assert await notifications(session) == []


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-06-01T09:00", "2026-06-01T13:00"),  # Monday noon in Moscow: by four
        ("2026-06-01T13:00", "2026-06-02T08:00"),  # at four: two hours today, two tomorrow
        ("2026-06-05T15:30", "2026-06-08T10:00"),  # Friday after closing: Monday at one
        ("2026-06-06T09:00", "2026-06-08T10:00"),  # Saturday: Monday at one
        ("2026-06-11T14:00", "2026-06-15T09:00"),  # the 12th is a holiday
        ("2026-06-01T03:00", "2026-06-01T10:00"),  # before opening
    ],
)
def test_a_question_is_answered_within_four_working_hours(asked: str, due: str):
    moment = datetime.fromisoformat(asked).replace(tzinfo=UTC)
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert answer_due(moment, zone=ZoneInfo("Europe/Moscow"), country="ru") == expected


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC)))
def test_the_promised_moment_is_always_within_working_hours(asked: datetime):
    due = answer_due(asked, zone=ZoneInfo("Europe/Moscow"), country="ru")
    local = due.astimezone(ZoneInfo("Europe/Moscow"))
    assert due >= asked + timedelta(hours=4)
    assert 9 <= local.hour + local.minute / 60 + local.second / 3600 <= 18.0003


async def test_somebody_without_a_claim_is_told_to_call_instead_of_waiting_for_an_answer(session: AsyncSession):
    claim = await somebody(session)
    other = await a_claim(session)
    claim.policyholder_id = other.policyholder_id  # the back office has put somebody else in their place
    await session.flush()
    heard = await hear(session, "Пришлите мне акт осмотра, пожалуйста")
    assert heard.outcome == "kw_status_none"
    assert (await session.exec(select(Question))).all() == []
    assert await texts(session) == ["По этому номеру открытых дел нет. Позвоните: 8 800 555-35-35"]
