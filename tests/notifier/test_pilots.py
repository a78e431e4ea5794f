"""A pilot from its plan to its end: locked once started, nobody moved, left at once, stopped when it harms."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, Refused
from claims_core.stages import ClaimStage, LineOfBusiness, Situation
from claims_core.tables import AuditEntry, Claim
from notifier.deciding.guardrails import Limits
from notifier.deciding.pilot import Eligible, Weighed, often_or_rare
from notifier.people import enrolments, pilots, preferences
from notifier.people.guarding import guard
from notifier.planning.facts import ready_for
from notifier.planning.pilot_end import tell_ended
from notifier.states import Arm, Cadence, Guardrail, Reason
from notifier.tables import Notification, Pilot, PilotArm, PilotEnrolment
from tests.factories import NOON, a_claim, later
from tests.notifier.scenes import KEY, known, planned, seen, the_settings
from tests.pilots import a_pilot

DAY = timedelta(days=1)
PLAN = often_or_rare("pilot-1")
MONTH = {"starts_at": NOON - 15 * DAY, "ends_at": NOON + 15 * DAY}
ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
RARE = the_settings(notifier_cadence="essential")


async def join(session: AsyncSession, claim: Claim, pilot: Pilot, now=NOON) -> PilotEnrolment:
    return await preferences.join_pilot(
        session,
        claim.policyholder_id,
        claim_id=claim.id,
        pilot_id=pilot.id,
        wording_version="pilot-1",
        now=now,
        key=KEY,
    )


async def test_a_plan_may_be_changed_until_it_starts_and_each_act_is_in_the_trail(session: AsyncSession):
    pilot = await pilots.make(session, PLAN, by="olga", now=NOON)
    with pytest.raises(Conflict):
        await pilots.make(session, PLAN, by="olga", now=NOON)
    asked = replace(PLAN, days=30, eligible=Eligible(lines=(LineOfBusiness.MOTOR,)), after=Cadence.FREQUENT)
    await pilots.change(session, pilot.id, asked, by="olga", now=NOON)
    assert pilots.plan_of(pilot, await pilots.arms_of(session, pilot.id)) == asked
    assert await pilots.running(session, NOON) is None
    await pilots.start(session, pilot.id, by="olga", now=NOON)
    assert (pilot.starts_at, pilot.planned_end, pilot.ends_at) == (NOON, NOON + 30 * DAY, NOON + 30 * DAY)
    for act in (
        pilots.change(session, pilot.id, PLAN, by="x", now=NOON),
        pilots.start(session, pilot.id, by="x", now=NOON),
    ):
        with pytest.raises(Conflict):
            await act
    with pytest.raises(BadInput):
        await pilots.stop(session, pilot.id, reason=" ", by="olga", now=NOON + DAY)
    await pilots.stop(session, pilot.id, reason="a mistake in a text", by="olga", now=NOON + DAY)
    assert (pilot.ends_at, pilot.planned_end, pilot.stopped_by) == (NOON + DAY, NOON + 30 * DAY, "olga")
    with pytest.raises(Conflict):
        await pilots.stop(session, pilot.id, reason="again", by="olga", now=NOON + DAY)
    acts = (await session.exec(select(AuditEntry.action).order_by(AuditEntry.action))).all()
    assert acts == ["pilot_changed", "pilot_ended", "pilot_made", "pilot_started"]


async def test_a_plan_whose_consent_does_not_say_its_arms_is_not_kept(session: AsyncSession):
    with pytest.raises(BadInput):
        await pilots.make(
            session, replace(PLAN, arms=(Weighed(Arm.FREQUENT), Weighed(Arm.SELF_CHOSEN))), by="o", now=NOON
        )
    with pytest.raises(BadInput):
        await pilots.make(session, replace(PLAN, days=0), by="o", now=NOON)


async def test_only_whoever_has_a_claim_that_fits_is_asked_and_may_agree(session: AsyncSession):
    motor, house = await a_claim(session), await a_claim(session, line_of_business=LineOfBusiness.PROPERTY)
    pilot = await a_pilot(session, **MONTH, eligible={"lines": ["property"]})
    assert await enrolments.offered(session, motor.id, NOON) is None
    assert (await enrolments.offered(session, house.id, NOON)) is pilot
    with pytest.raises(Refused):
        await join(session, motor, pilot)
    assert (await join(session, house, pilot)).line is LineOfBusiness.PROPERTY
    with pytest.raises(Refused):
        await preferences.join_pilot(
            session, motor.policyholder_id, claim_id=house.id, pilot_id=pilot.id, wording_version="pilot-1", now=NOON,
            key=KEY,
        )  # fmt: skip


async def test_a_resync_that_changes_line_and_stage_moves_nobody(session: AsyncSession):
    claim = await a_claim(session)
    pilot = await a_pilot(session, **MONTH, eligible={"lines": [claim.line_of_business.value]})
    arm = (await join(session, claim, pilot)).arm
    claim.line_of_business, claim.stage = LineOfBusiness.TRAVEL, ClaimStage.DECIDED
    await session.flush()
    assert (await enrolments.trial_of(session, claim.policyholder_id, NOON + DAY))[0] is arm
    again = await join(session, claim, pilot, now=NOON + DAY)
    assert (again.arm, again.line) == (arm, LineOfBusiness.MOTOR_LIABILITY)


async def test_in_the_arm_of_choice_everybody_hears_as_they_choose(session: AsyncSession):
    claim = await a_claim(session)
    await preferences.choose(session, claim.policyholder_id, cadence=Cadence.FREQUENT, how="desk", now=NOON - DAY)
    pilot = await a_pilot(session, **MONTH, arms=(Arm.SELF_CHOSEN,))
    await join(session, claim, pilot)
    assert await enrolments.trial_of(session, claim.policyholder_id, NOON) == (Arm.SELF_CHOSEN, None)
    choice = await preferences.get(session, claim.policyholder_id)
    assert choice.cadence is Cadence.FREQUENT, "what they chose before stays"
    await preferences.choose(session, claim.policyholder_id, cadence=Cadence.ESSENTIAL, how="page", now=NOON)
    assert choice.enrolment.crossed_at is None, "to choose is what this arm is"


async def moved_in(engine: AsyncEngine, arm: Arm) -> tuple[Claim, Notification]:
    """A step of a claim, planned for somebody in this arm."""
    async with session_scope(engine) as session:
        pilot = await a_pilot(session, **MONTH, arms=(arm,))
    first = await known(engine)
    async with session_scope(engine) as session:
        [claim] = (await session.exec(select(Claim))).all()
        await join(session, claim, pilot)
    await seen(engine, later(first, **ASSESSING))
    return claim, (await planned(engine, settings=RARE))[-1]


async def verdict_on(engine: AsyncEngine, told: Notification):
    async with engine.connect() as connection:
        raw = (await connection.get_raw_connection()).driver_connection
        return (await ready_for(raw, [told.id], settings=RARE, now=told.not_before))[told.id].verdict


@pytest.mark.parametrize("how", ["stays", "leaves", "chooses", "is stopped"])
async def test_whoever_takes_their_consent_back_hears_no_more_of_it_at_the_next_take(engine: AsyncEngine, how: str):
    claim, told = await moved_in(engine, Arm.FREQUENT)
    assert (told.reason, told.pilot_arm) == (None, "frequent")
    async with session_scope(engine) as session:
        if how == "leaves":
            await preferences.leave_pilot(session, claim.policyholder_id, now=NOON)
        if how == "chooses":
            await preferences.choose(session, claim.policyholder_id, cadence=Cadence.ESSENTIAL, how="page", now=NOON)
        if how == "is stopped":
            [arm] = (await session.exec(select(PilotArm))).all()
            arm.stopped_at = NOON
    assert await verdict_on(engine, told) == (None if how == "stays" else Reason.CADENCE)


async def test_after_the_end_the_cadence_that_was_settled_holds_until_they_choose(session: AsyncSession):
    claim = await a_claim(session)
    person = claim.policyholder_id
    pilot = await a_pilot(session, **MONTH, arms=(Arm.ESSENTIAL,), after=Cadence.FREQUENT)
    await join(session, claim, pilot)
    assert await enrolments.trial_of(session, person, NOON) == (Arm.ESSENTIAL, Cadence.ESSENTIAL)
    over = NOON + 15 * DAY
    assert await enrolments.trial_of(session, person, over) == (None, Cadence.FREQUENT)
    await preferences.leave_pilot(session, person, now=over)
    assert await enrolments.trial_of(session, person, over) == (None, None)


HARM = text("""
with people as (insert into policyholder (id, source, source_ref, name, language, contact_prohibited, phones_verified)
    select gen_random_uuid(), 'past', n::text, '', 'ru', false, false from generate_series(1, :people) n returning id),
  drawn as (insert into pilot_enrolment (id, pilot_id, policyholder_id, arm, line, consented_at)
    select gen_random_uuid(), :pilot, id, case when row_number() over (order by id) % 2 = 0 then 'frequent'
    else 'essential' end, 'motor', :at from people returning policyholder_id, arm)
insert into question (id, policyholder_id, channel, category, text, asked_at, answer_due_at)
select gen_random_uuid(), policyholder_id, 'page', 'complaint', '', :at, :at from drawn where arm = 'frequent'
limit :wrote
""")


async def test_a_harmful_arm_is_stopped_by_itself_and_its_people_are_told(engine: AsyncEngine):
    async with session_scope(engine) as session:
        pilot = await a_pilot(session, **MONTH, complaint_limit=0.05)
        claim = await a_claim(session)
        values = {"people": 120, "pilot": pilot.id, "at": NOON - DAY, "wrote": 3}
        await (await session.connection()).execute(HARM, values)
    assert await guard(engine, now=NOON) == 0, "three of sixty are within the limit"
    async with session_scope(engine) as session:
        await session.exec(text("update pilot set complaint_limit = 0.04"))
    assert await guard(engine, now=NOON) == 1
    assert await guard(engine, now=NOON) == 0, "once"
    async with session_scope(engine) as session:
        arms = {each.arm: each for each in await pilots.arms_of(session, pilot.id)}
        assert (arms[Arm.FREQUENT].stopped_for, arms[Arm.FREQUENT].stopped_at) == (Guardrail.COMPLAINTS, NOON)
        assert arms[Arm.ESSENTIAL].stopped_at is None
        assert await enrolments.offered(session, claim.id, NOON) is None, "nobody new is drawn"
        entry = (await session.exec(select(AuditEntry).where(AuditEntry.action == "pilot_arm_stopped"))).one()
        assert (entry.actor, entry.detail["complained"]) == ("guardrail", 3)
    assert await tell_ended(engine, now=NOON, settings=the_settings()) == 60


def test_limits_are_those_of_the_example():
    assert PLAN.limits == Limits(opt_outs=0.05, complaints=0.05, messages=10)
