"""What a policyholder chooses holds at once, beats a pilot, and can be shown to them later."""

from datetime import time, timedelta
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.errors import NotFound, Refused
from claims_core.stages import ClaimStage, Situation
from claims_core.tables import Claim
from notifier.people import preferences
from notifier.people.pilots import running
from notifier.states import Arm, Cadence, NotificationState, Reason
from notifier.tables import OptOut, Pilot, PilotEnrolment
from notifier.wording.wordings import versions, wording
from tests import pilots
from tests.factories import NOON, a_claim, later
from tests.notifier.scenes import KEY, known, notifications, planned, seen, the_settings

ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}


async def a_pilot(session: AsyncSession, **overrides) -> Pilot:
    """A pilot of two arms that runs for a month around NOON."""
    month = {"starts_at": NOON - timedelta(days=15), "ends_at": NOON + timedelta(days=15)}
    return await pilots.a_pilot(session, **month | overrides)


async def join(session: AsyncSession, policyholder_id: UUID, pilot: Pilot, now=NOON) -> PilotEnrolment:
    return await preferences.join_pilot(
        session,
        policyholder_id,
        claim_id=await pilots.a_claim_of(session, policyholder_id),
        pilot_id=pilot.id,
        wording_version="pilot-1",
        now=now,
        key=KEY,
    )


async def test_who_has_chosen_nothing_has_nothing_on_file(session: AsyncSession):
    claim = await a_claim(session)
    choice = await preferences.get(session, claim.policyholder_id)
    assert (choice.cadence, choice.language, choice.quiet, choice.stopped) == (None, None, None, False)
    assert (choice.enrolment, choice.consents) == (None, ())


async def test_a_choice_is_kept_and_what_is_not_named_stays(session: AsyncSession):
    person = (await a_claim(session)).policyholder_id
    await preferences.choose(session, person, cadence=Cadence.FREQUENT, language="en", how="page", now=NOON)
    await preferences.choose(session, person, quiet=(time(22), time(8)), how="page", now=NOON)
    choice = await preferences.get(session, person)
    assert (choice.cadence, choice.language, choice.quiet) == (Cadence.FREQUENT, "en", (time(22), time(8)))


@pytest.mark.parametrize(
    ("cadence", "template"), [(Cadence.FREQUENT, "optin_often"), (Cadence.ESSENTIAL, "optin_rare")]
)
async def test_a_choice_on_the_page_is_confirmed_by_a_text(session: AsyncSession, cadence: Cadence, template: str):
    claim = await a_claim(session)
    await preferences.choose(session, claim.policyholder_id, cadence=cadence, how="page", now=NOON)
    [told] = await notifications(session)
    assert (told.template, told.cadence, told.claim_id) == (template, cadence, claim.id)


async def test_a_stop_on_the_page_takes_back_what_is_planned_and_a_start_lets_texts_go_again(engine: AsyncEngine):
    first = await known(engine)
    await seen(engine, later(first, **ASSESSING))
    [told] = await planned(engine)
    async with session_scope(engine) as session:
        await preferences.choose(session, told.recipient_id, stop=True, how="page", now=NOON)
        await preferences.choose(session, told.recipient_id, stop=True, how="page", now=NOON)  # twice is once
    async with session_scope(engine) as session:
        assert (await preferences.get(session, told.recipient_id)).stopped
        [told] = await notifications(session)
        assert (told.state, told.reason) == (NotificationState.SUPPRESSED, Reason.OPTED_OUT)
        assert len((await session.exec(select(OptOut))).all()) == 3  # SMS, WhatsApp and calls to the number, once each
        await preferences.choose(session, told.recipient_id, stop=False, how="page", now=NOON)
        assert not (await preferences.get(session, told.recipient_id)).stopped


async def test_taking_part_draws_an_arm_records_the_wording_and_says_so(session: AsyncSession):
    claim = await a_claim(session)
    pilot = await a_pilot(session)
    enrolment = await join(session, claim.policyholder_id, pilot)
    again = await join(session, claim.policyholder_id, pilot, now=NOON + timedelta(days=1))
    assert again.id == enrolment.id
    assert again.arm in (Arm.ESSENTIAL, Arm.FREQUENT)
    [consent] = (await preferences.get(session, claim.policyholder_id)).consents
    assert (consent.purpose, consent.wording_version, consent.given_at) == ("pilot:autumn", "pilot-1", NOON)
    [told] = await notifications(session)
    assert told.template == ("optin_rare" if enrolment.arm is Arm.ESSENTIAL else "optin_often")


async def test_the_arm_decides_until_the_person_chooses_and_the_crossing_is_recorded(engine: AsyncEngine):
    async with session_scope(engine) as session:
        pilot = await a_pilot(session, arms=(Arm.ESSENTIAL,))
    first = await known(engine)
    async with session_scope(engine) as session:
        [claim] = (await session.exec(select(Claim))).all()
        await join(session, claim.policyholder_id, pilot)
    await seen(engine, later(first, **ASSESSING))
    told = (await planned(engine))[-1]
    assert (told.reason, told.cadence, told.pilot_arm) == (Reason.CADENCE, Cadence.ESSENTIAL, "essential")
    async with session_scope(engine) as session:
        await preferences.choose(session, told.recipient_id, cadence=Cadence.FREQUENT, how="reply", now=NOON)
        enrolment = (await preferences.get(session, told.recipient_id)).enrolment
        assert (enrolment.arm, enrolment.crossed_at) == (Arm.ESSENTIAL, NOON)
    second = later(later(first, **ASSESSING), stage=ClaimStage.DECIDING, situation=Situation.APPROVAL)
    await seen(engine, second)
    told = (await planned(engine))[-1]
    assert (told.template, told.reason, told.cadence) == ("awaiting", None, Cadence.FREQUENT)


async def test_leaving_ends_the_arm_withdraws_the_consent_and_coming_back_finds_the_same_arm(session: AsyncSession):
    person = (await a_claim(session)).policyholder_id
    pilot = await a_pilot(session)
    arm = (await join(session, person, pilot)).arm
    await preferences.leave_pilot(session, person, now=NOON)
    choice = await preferences.get(session, person)
    assert choice.enrolment is None
    await session.refresh(choice.consents[0])
    assert choice.consents[0].withdrawn_at == NOON
    assert (await join(session, person, pilot, now=NOON + timedelta(days=1))).arm is arm


async def test_a_pilot_that_is_over_takes_nobody_in(session: AsyncSession):
    person = (await a_claim(session)).policyholder_id
    pilot = await a_pilot(session, ends_at=NOON)
    assert await running(session, NOON) is None
    with pytest.raises(Refused):
        await join(session, person, pilot)


async def test_the_forecast_follows_from_the_rules_and_then_from_history(engine: AsyncEngine):
    async with session_scope(engine) as session:
        often = await preferences.forecast(session, Cadence.FREQUENT)
        rarely = await preferences.forecast(session, Cadence.ESSENTIAL)
        assert 3 <= rarely < often <= 12
    for _ in range(30):
        first = await known(engine)
        await seen(engine, later(first, stage=ClaimStage.CLOSED, situation=None, outcome="approved"))
    for told in await planned(engine, settings=the_settings()):
        assert told.cadence is Cadence.FREQUENT
    async with session_scope(engine) as session:
        for told in await notifications(session):
            told.state = NotificationState.SETTLED
    async with session_scope(engine) as session:
        assert await preferences.forecast(session, Cadence.FREQUENT) == 1
        assert await preferences.forecast(session, Cadence.ESSENTIAL) == rarely


def test_every_wording_stands_in_both_languages():
    for version in versions():
        russian, english = wording(version, "ru"), wording(version, "en")
        assert "{end}" in russian.text
        assert "{end}" in english.text
        assert "СТОП" in russian.check
        assert "STOP" in english.check
    with pytest.raises(NotFound):
        wording("pilot-0", "ru")


async def test_what_was_chosen_already_is_confirmed_by_no_further_text(session: AsyncSession):
    person = (await a_claim(session)).policyholder_id
    for language in ("ru", "en", "ru"):
        await preferences.choose(session, person, cadence=Cadence.FREQUENT, language=language, how="page", now=NOON)
    assert [told.template for told in await notifications(session)] == ["optin_often"]


async def test_who_changes_their_mind_all_day_is_not_texted_each_time(session: AsyncSession):
    person = (await a_claim(session)).policyholder_id
    for cadence in [Cadence.FREQUENT, Cadence.ESSENTIAL] * 5:
        await preferences.choose(session, person, cadence=cadence, how="page", now=NOON)
    assert len(await notifications(session)) == 3
