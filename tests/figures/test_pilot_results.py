"""What is told of a pilot, counted from a ledger whose truth is known: by the first arm, and until the end alone."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.db import session_scope
from claims_core.pilots import Measure
from claims_figures import pilot_sizes
from claims_figures.making import make
from claims_figures.pilot_ledger import Trial, people_of, trials_of
from claims_figures.pilot_results import numbers_of
from claims_figures.tables import Figure
from notifier.states import Arm
from tests.factories import NOON
from tests.figures.simulated import people
from tests.pilots import a_pilot

DAY = timedelta(days=1)
MONTH = {"starts_at": NOON - 28 * DAY, "ends_at": NOON - DAY}
TRIAL = Trial(None, Measure.CALLS, 0.2, ("essential", "frequent"), (1, 1), NOON, NOON, NOON)
# Each person of an arm: a claim of four weeks, and one call a week; of the second arm, none.
FILL = text("""
with who as (insert into policyholder (id, source, source_ref, name, language, contact_prohibited, phones_verified)
    select gen_random_uuid(), 'past', n::text, '', 'ru', false, false from generate_series(1, :people) n
    returning id, source_ref::int as n),
  drawn as (insert into pilot_enrolment (id, pilot_id, policyholder_id, arm, line, consented_at)
    select gen_random_uuid(), :pilot, id, case when n % 2 = 0 then 'frequent' else 'essential' end,
    case when n % 4 < 2 then 'motor' else 'property' end, :since from who),
  made as (insert into claim (id, source, source_ref, source_hash, mapping_version, observed_at, version,
    policyholder_id, claim_number, line_of_business, product, country, currency, reported_at, stage, page_state, mover,
    stage_since, situation_since)
    select gen_random_uuid(), 'past', n::text, '', 1, :now, 1, id, n::text, 'motor', 'x', 'ru', 'RUB', :since,
    'assessing', 'assessment', 'us', :since, :since from who)
insert into contact (id, policyholder_id, kind, at)
select gen_random_uuid(), who.id, 'call', :since + week * interval '7 days' + interval '1 hour'
from who, generate_series(0, 3) week where n % 2 = 1
""")


async def filled(session: AsyncSession, n: int = 80):
    pilot = await a_pilot(session, **MONTH)
    values = {"people": n, "pilot": pilot.id, "since": NOON - 28 * DAY, "now": NOON}
    await (await session.connection()).execute(FILL, values)
    return pilot


async def test_calls_are_counted_by_the_first_arm_until_the_pilot_ends(session: AsyncSession):
    pilot = await filled(session)
    late = text("insert into contact select gen_random_uuid(), null, id, 'call', :at from policyholder")
    await (await session.connection()).execute(late, {"at": NOON - DAY + timedelta(hours=1)})
    [trial] = await trials_of(session, NOON)
    assert (trial.arms, trial.weights, trial.main_measure) == (("essential", "frequent"), (1, 1), Measure.CALLS)
    numbers = numbers_of(trial, await people_of(session, pilot.id, NOON))
    calls = numbers["measures"]["calls"]
    assert calls["values"] == pytest.approx([400 / (27 / 7), 0])
    [difference] = calls["differences"]
    assert difference["difference"] == pytest.approx(-400 / (27 / 7))
    assert difference["reading"] == "less"
    assert [arm["people"] for arm in numbers["arms"]] == [40, 40]
    assert [(line["line"], line["people"], line["small"]) for line in numbers["lines"]] == [
        ("motor", [20, 20], True),
        ("property", [20, 20], True),
    ]
    assert numbers["fair"]["sample_ratio"] == pytest.approx(1)
    assert numbers["measures"]["clear"]["values"] == [None, None]
    assert numbers["measures"]["settle_days"]["differences"] == [None], "nothing was settled"


FACTS = text("""
with one as (select policyholder_id as id, consented_at as since,
    (select c.id from claim c where c.policyholder_id = e.policyholder_id) as claim
    from pilot_enrolment e where arm = 'frequent' order by policyholder_id limit 1),
  asked as (insert into question (id, policyholder_id, channel, category, text, asked_at, answer_due_at)
    select gen_random_uuid(), id, 'page', 'complaint', '', since + interval '2 days', since from one),
  rang as (insert into phone_call (id, source, call_ref, started_at, policyholder_id, had_to_repeat, note)
    select gen_random_uuid(), 'x', '1', since + interval '2 days', id, true, '' from one),
  number as (insert into contact_point (id, policyholder_id, kind, address, place, on_file)
    select gen_random_uuid(), id, 'phone', '+79990000001', 0, true from one),
  stop as (insert into opt_out (id, address, channel, how, at)
    select gen_random_uuid(), '+79990000001', 'sms', 'reply', since + interval '3 days' from one),
  paper as (insert into document_request (id, claim_id, request_ref, title_ru, title_en, state, asked_at)
    select gen_random_uuid(), claim, '1', '', '', 'received', since + interval '1 day' from one),
  came as (insert into case_event (id, claim_id, kind, fact_key, stage, page_state, occurred_at, recorded_at,
      tell_after, historic, detail)
    select gen_random_uuid(), claim, 'documents_received', 'k', 'assessing', 'assessment', since + interval '5 days',
    since, since, false, '{}' from one),
  paid as (insert into payment (id, claim_id, payment_ref, amount, state, sent_date)
    select gen_random_uuid(), claim, '1', 1, 'sent', (since + interval '10 days')::date from one),
  crossed as (update pilot_enrolment set crossed_at = consented_at, left_at = consented_at
    where policyholder_id = (select id from one)),
  survey as (insert into survey (id, claim_id, recipient_id, kind, ask_at)
    select gen_random_uuid(), claim, id, 'clear', since + interval '11 days' from one returning id)
insert into survey_answer (id, survey_id, rating, how, at)
select gen_random_uuid(), survey.id, n, 'page', one.since + interval '12 days' + n * interval '1 hour'
from survey, one, generate_series(3, 5) n
""")


async def test_each_fact_of_a_person_is_read_and_who_left_stays_in_the_first_arm(session: AsyncSession):
    pilot = await filled(session)
    await (await session.connection()).execute(FACTS)
    [one] = [each for each in await people_of(session, pilot.id, NOON) if each.crossed]
    assert (one.arm, one.gone, one.repeated, one.opted_out, one.complained) == ("frequent", True, True, True, True)
    assert (one.asked, one.answered, one.happy) == (1, 1, 1), "the last answer counts"
    assert (one.document_days, one.document_came) == (4.0, True)
    assert one.settled
    assert 9 < one.settle_days < 11
    assert (one.messages, one.cost) == (0, None)


async def test_the_nightly_job_writes_a_row_for_each_pilot_and_how_many_people_one_needs(engine):
    async with session_scope(engine) as session:
        pilot = await filled(session)
    for name in ("pilot", "pilot_size"):
        await make(engine, name, now=NOON, zone="Europe/Moscow")
    async with session_scope(engine) as session:
        rows = {(row.name, row.subject): row for row in (await session.exec(select(Figure))).all()}
    assert rows.keys() == {("pilot", str(pilot.id)), ("pilot_size", "calls"), ("pilot_size", "contacts")}
    assert rows["pilot", str(pilot.id)].numbers["main"] == "calls"
    size = rows["pilot_size", "calls"].numbers
    assert (size["mean"], size["people"]) == (2.0, 80)
    assert size["needed"]["50"] < size["needed"]["20"] < size["needed"]["10"]
    assert pilot_sizes.numbers_of(0, 0, 1_000) is None, "nobody ever called"


def test_of_a_pilot_without_people_nothing_is_said_and_nothing_breaks():
    numbers = numbers_of(TRIAL, [])
    assert all(measure["differences"] == [None] for measure in numbers["measures"].values())
    assert numbers["fair"]["sample_ratio"] is None
    assert (numbers["lines"], numbers["more_needed"]) == ([], None)


def test_a_pilot_of_a_known_effect_is_told_with_everything_around_it():
    rng = np.random.default_rng(7)
    everybody = people(rng, "essential", 400, calls=0.30) + people(rng, "frequent", 400, calls=0.18)
    numbers = numbers_of(TRIAL, everybody)
    assert numbers["measures"]["calls"]["differences"][0]["reading"] == "less"
    assert numbers["measures"]["opt_outs"]["differences"][0]["reading"] == "close"
    assert numbers["compared"] == len(Measure)
    assert (numbers["fair"]["asked"], numbers["fair"]["crossed"]) == (800, 40)
    assert not any(line["small"] for line in numbers["lines"])
    assert numbers["more_needed"] is not None
    for shares in numbers["settled"]["arms"]:
        assert shares[:4] == sorted(shares[:4]), "what is over stays over"
        assert shares[1] == pytest.approx(1 - np.exp(-1), abs=0.08), "waits are drawn with a mean of two weeks"
        assert shares[4:] == [None] * 4, "nobody was watched for longer than four weeks"
    swapped = numbers_of(replace(TRIAL, arms=("frequent", "essential")), everybody)
    assert swapped["measures"]["calls"]["differences"][0]["reading"] == "more"


def test_an_arm_of_choice_is_one_like_the_others():
    rng = np.random.default_rng(7)
    three = replace(TRIAL, arms=(*TRIAL.arms, Arm.SELF_CHOSEN), weights=(1, 1, 1))
    everybody = [each for arm in three.arms for each in people(rng, arm, 60, calls=0.3)]
    assert len(numbers_of(three, everybody)["measures"]["calls"]["differences"]) == 2
