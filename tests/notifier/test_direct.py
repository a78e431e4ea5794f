"""Codes, answers, and a preview that is what will be sent."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import driver_connection, session_scope
from claims_core.foreseen import foreseen
from claims_core.requested import (
    Approve,
    Asked,
    AskedDocument,
    ChangeAction,
    Close,
    Decline,
    Extend,
    ExtensionReason,
    RequestDocuments,
    to_values,
)
from claims_core.snapshot import ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome, Situation
from claims_core.tables import Claim, ContactPoint
from notifier import direct
from notifier.direct import ProposedChange
from notifier.people import preferences
from notifier.planning.facts import ready_for
from notifier.rendering import render
from notifier.states import Cadence, Importance, NotificationState, Reason
from notifier.wording.links import SAMPLE_LINK
from tests.factories import NOON, a_claim, a_question
from tests.notifier.scenes import KEY, known, notifications, planned, seen, the_settings

ASKED: dict[ChangeAction, Asked] = {
    ChangeAction.APPROVE: Approve(amount=Decimal("174300"), money_by=date(2026, 6, 9)),
    ChangeAction.DECLINE: Decline(reason="Шины не застрахованы", clause="4.2", document="Акт осмотра"),
    ChangeAction.REQUEST_DOCUMENTS: RequestDocuments(
        documents=(AskedDocument(title_ru="Справка", title_en="Certificate"),), due_date=date(2026, 6, 9)
    ),
    ChangeAction.EXTEND: Extend(reason=ExtensionReason.POLICE_PAPERS, new_date=date(2026, 7, 19)),
    ChangeAction.CLOSE: Close(outcome=Outcome.NO_RESPONSE),
}


async def the_claim(session: AsyncSession) -> Claim:
    return (await session.exec(select(Claim))).one()


async def shown(engine: AsyncEngine, asked: Asked, action: ChangeAction, **how) -> direct.Preview:
    values = {"now": NOON, "settings": the_settings()} | how
    told = values.pop("told", True)
    async with session_scope(engine) as session:
        change = ProposedChange(action, to_values(asked), told=told)
        return await direct.preview(session, claim_id=(await the_claim(session)).id, change=change, **values)


async def sent(engine: AsyncEngine, first: ClaimSnapshot, asked: Asked) -> list[str]:
    """What goes out when the change becomes a fact, without the tokens of the links."""
    after = foreseen(first, asked, change_ref="c1")
    await seen(engine, after.model_copy(update={"source_hash": b"later"}))
    texts = []
    for told in await planned(engine):
        if told.state is NotificationState.PLANNED:
            async with session_scope(engine) as session:
                ready = await ready_for(await driver_connection(session), [told.id], settings=the_settings(), now=NOON)
            text = render(told.template, told.channel, told.language, ready[told.id].values)
            texts.append(text.replace(ready[told.id].values["link"][-8:], SAMPLE_LINK))
    return texts


@pytest.mark.parametrize("action", list(ChangeAction))
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_the_preview_is_what_is_sent_letter_by_letter(engine: AsyncEngine, action: ChangeAction, language: str):
    first = await known(engine, stage=ClaimStage.ASSESSING, situation=Situation.CALCULATION)
    async with session_scope(engine) as session:
        person = (await the_claim(session)).policyholder_id
        await preferences.choose(session, person, language=language, how="desk", now=NOON)
    preview = await shown(engine, ASKED[action], action)
    assert preview.why_not is None
    assert preview.segments == 1
    assert preview.cost == Decimal("4.20")
    assert await sent(engine, first, ASKED[action]) == [preview.text]


async def test_a_preview_writes_nothing(engine: AsyncEngine):
    await known(engine)
    await shown(engine, ASKED[ChangeAction.APPROVE], ChangeAction.APPROVE)
    async with session_scope(engine) as session:
        assert await notifications(session) == []
        assert (await the_claim(session)).outcome is None


async def test_the_preview_says_when_a_night_holds_the_text_back(engine: AsyncEngine):
    await known(engine)
    late = NOON + timedelta(hours=11)  # eleven in the evening in Moscow
    preview = await shown(engine, ASKED[ChangeAction.APPROVE], ChangeAction.APPROVE, now=late)
    assert preview.leaves_at == NOON + timedelta(hours=21)
    assert [(guard.name, guard.good) for guard in preview.guards] == [("reachable", True), ("now", False)]


async def test_the_preview_says_why_nothing_will_be_sent(engine: AsyncEngine):
    await known(engine)
    untold = await shown(engine, ASKED[ChangeAction.APPROVE], ChangeAction.APPROVE, told=False)
    assert untold.why_not is Reason.HANDLER_SAID_NO
    async with session_scope(engine) as session:
        person = (await the_claim(session)).policyholder_id
        await preferences.choose(session, person, stop=True, how="page", now=NOON)
    stopped = await shown(engine, ASKED[ChangeAction.APPROVE], ChangeAction.APPROVE)
    assert stopped.why_not is Reason.OPTED_OUT
    assert stopped.guards[0] == direct.Guard("reachable", False, word=Reason.OPTED_OUT)


async def a_code(session: AsyncSession) -> None:
    claim = await a_claim(session)
    points = select(ContactPoint).where(ContactPoint.policyholder_id == claim.policyholder_id)
    point = (await session.exec(points)).one()
    await direct.send_code(
        session,
        cause_id=UUID(int=9),
        policyholder_id=claim.policyholder_id,
        claim_id=claim.id,
        contact_point_id=point.id,
        language="en",
        code="482915",
        domain="claims.example",
        now=NOON,
        key=KEY,
    )


async def test_a_code_is_sealed_until_it_leaves_and_lives_ten_minutes(session: AsyncSession):
    await a_code(session)
    [told] = await notifications(session)
    assert (told.importance, told.priority, told.send_by) == (Importance.CODE, 0, NOON + timedelta(minutes=10))
    assert "482915" not in str(told.values)
    night = NOON + timedelta(minutes=9)
    ready = await ready_for(await driver_connection(session), [told.id], settings=the_settings(), now=night)
    assert ready[told.id].verdict is None
    text = render("otp", "sms", ready[told.id].language, ready[told.id].values)
    assert text == "482915 is your code. Valid 10 min. We never ask for it by phone.\n@claims.example #482915"


async def test_a_code_goes_out_at_night_and_in_spite_of_a_stop_but_never_late(session: AsyncSession):
    await a_code(session)
    [told] = await notifications(session)
    await preferences.choose(session, told.recipient_id, stop=True, how="page", now=NOON)
    connection = await driver_connection(session)
    night = NOON + timedelta(hours=12)
    told.send_by = night + timedelta(minutes=1)
    await session.flush()
    ready = await ready_for(connection, [told.id], settings=the_settings(), now=night)
    assert ready[told.id].verdict is None
    ready = await ready_for(connection, [told.id], settings=the_settings(), now=night + timedelta(minutes=1))
    assert ready[told.id].verdict is Reason.TOO_LATE


async def test_an_answer_is_told_once_and_waits_for_no_morning(session: AsyncSession):
    claim = await a_claim(session)
    question = await a_question(session, claim)
    await ledger.answer_question(session, question.id, answer="До 4 июня.", by="marina", now=NOON)
    await preferences.choose(session, claim.policyholder_id, cadence=Cadence.ESSENTIAL, how="desk", now=NOON)
    night = NOON + timedelta(hours=12)
    for _ in range(2):
        await direct.tell_answer(session, question_id=question.id, now=night, settings=the_settings())
    [told] = await notifications(session)
    assert (told.importance, told.not_before) == (Importance.ANSWER, night)
    ready = await ready_for(await driver_connection(session), [told.id], settings=the_settings(), now=night)
    text = render("answer_ready", "sms", "ru", ready[told.id].values)
    assert text.startswith("Марина: ответ на ваш вопрос, дело ")
