"""How long a silence may be, by rules that an operator edits; and the notice with reasons that some laws ask for."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import driver_connection, session_scope
from claims_core.errors import BadInput
from claims_core.stages import ClaimStage, LineOfBusiness, Outcome, Situation
from notifier.deciding.silences import (
    Silence,
    days_of_silence,
    shipped_silences,
    silences_from_text,
    text_from_silences,
)
from notifier.planning.facts import ready_for
from notifier.planning.heartbeat import beat
from notifier.planning.rulebook import longest_silence, replace_silences, silences_in_force
from notifier.rendering import render
from notifier.states import Cadence, Importance, NotificationState
from tests.factories import NOON, later
from tests.notifier.samples import longest_for
from tests.notifier.scenes import known, notifications, planned, seen, the_settings
from tests.notifier.test_heartbeat import arrive, beats

DAY = timedelta(days=1)
ASSESSING = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION}
START = NOON - DAY  # the day on which we first saw the claim


def test_the_narrowest_span_holds_and_the_file_keeps_them_all():
    spans = (*shipped_silences(), Silence(14, line=LineOfBusiness.LIFE), Silence(3, market="us_ca"))
    assert days_of_silence(spans, Cadence.FREQUENT, "motor") == 7
    assert days_of_silence(spans, Cadence.FREQUENT, "life") == 14
    assert days_of_silence(spans, Cadence.FREQUENT, "life", ("us_ca",)) == 3
    assert set(silences_from_text(text_from_silences(spans))) == set(spans)
    laws = {each.market: each.days for each in shipped_silences() if each.by_law}
    assert laws == {"us_ca": 30, "us_nh": 30, "us_md": 45, "us_ar": 45, "us_az": 45, "us_ak": 63}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[silence]]\ndays = 0", "days is a whole number"),
        ('[[silence]]\ndays = 7\nline = "boats"', "boats"),
        ("[[silence]]\ndays = 7\nweeks = 1", "unknown entry weeks"),
        ("[[silence]]\ndays = 7\n[[silence]]\ndays = 8", "two silences for the same"),
        ('[[silence]]\ndays = 7\ncadence = "frequent"', "no silence for every claim of the cadence"),
        ('[[silence]]\ndays = 7\nby_law = true\ncadence = "frequent"', "knows no cadence"),
    ],
)
def test_what_is_wrong_with_a_span_is_said(text: str, says: str):
    with pytest.raises(BadInput, match=says):
        silences_from_text(text)


async def test_an_edited_span_holds_from_the_next_look_on_and_gets_the_next_version(engine: AsyncEngine):
    await known(engine, **ASSESSING)
    assert await beats(engine, now=START + 5 * DAY) == []
    edited = [Silence(5, cadence=Cadence.FREQUENT), *(each for each in shipped_silences() if each.days != 7)]
    async with session_scope(engine) as session:
        assert await longest_silence(session, Cadence.FREQUENT) == 7
        assert (await replace_silences(session, edited))["changed"] == 1
        assert [each.version for each in await silences_in_force(session) if each.days == 5] == [2]
    assert len(await beats(engine, now=START + 5 * DAY)) == 1


async def test_a_line_of_business_has_its_own_span(engine: AsyncEngine):
    await known(engine, **ASSESSING, line_of_business=LineOfBusiness.LIFE)
    async with session_scope(engine) as session:
        await replace_silences(session, [*shipped_silences(), Silence(20, line=LineOfBusiness.LIFE)])
    assert await beats(engine, now=START + 19 * DAY) == []
    assert len(await beats(engine, now=START + 20 * DAY)) == 1


async def test_the_law_asks_for_reasons_every_thirty_days_whatever_else_was_said(engine: AsyncEngine):
    claim = await known(engine, **ASSESSING, reason="police_papers")
    how = {"notifier_jurisdiction": "us_ca", "notifier_cadence": "essential", "notifier_claim_cap": 1}
    await seen(engine, later(claim, stage=ClaimStage.DECIDING, situation=Situation.APPROVAL))
    [news] = [each for each in await planned(engine) if each.state is NotificationState.PLANNED]
    await arrive(engine, news.id, NOON + 20 * DAY)  # no reasons in that: the law's clock goes on
    assert await beats(engine, now=START + 30 * DAY - timedelta(hours=1), **how) == []
    [notice] = await beats(engine, now=START + 30 * DAY, **how)
    assert (notice.template, notice.importance, notice.reason) == ("delay_reasons", Importance.REQUIRED, None)
    assert len(await beats(engine, now=START + 31 * DAY, **how)) == 1
    async with session_scope(engine) as session:
        ready = await ready_for(
            await driver_connection(session), [notice.id], settings=the_settings(**how), now=START + 31 * DAY
        )
    assert "пока не решено" in render("delay_reasons", "sms", "ru", ready[notice.id].values)
    letter = render("delay_reasons", "email", "en", {**longest_for("en"), "reason": "we wait for the police"})
    assert "The reason: we wait for the police." in letter
    assert "within 30 days" in letter
    await arrive(engine, notice.id, START + 30 * DAY)
    assert [each.template for each in await beats(engine, now=START + 60 * DAY, **how)].count("delay_reasons") == 2


async def test_after_the_decision_and_elsewhere_no_law_asks(engine: AsyncEngine):
    claim = await known(engine, **ASSESSING)
    now = START + 30 * DAY
    await beat(engine, now=now - timedelta(hours=1), settings=the_settings(notifier_cadence="essential"))
    async with session_scope(engine) as session:
        assert await notifications(session) == []
    how = {"notifier_jurisdiction": "us_ca", "notifier_cadence": "essential"}
    [notice] = await beats(engine, now=now, **how)
    await seen(engine, later(claim, stage=ClaimStage.DECIDED, situation=None, outcome=Outcome.REFUSED), now=now)
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        ready = await ready_for(connection, [notice.id], settings=the_settings(), now=now)
    assert ready[notice.id].verdict == "no_longer_true"
