"""A hundred days of claims: nobody who waits is left in silence, and nobody is written to death."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from notifier.states import Cadence
from tests.journeys.hundred_days import live


@pytest.mark.parametrize("claims", [200, pytest.param(5000, marks=[pytest.mark.soak, pytest.mark.timeout(0)])])
async def test_who_waits_hears_from_us_in_their_cadence_and_not_more(
    engine: AsyncEngine, database_url: str, claims: int
):
    heard = await live(engine, database_url, claims=claims, days=100, seed=7)
    assert heard.over_budget == 0, dict(heard.longest_silence)
    assert heard.twice_a_day == 0
    often, seldom = heard.counts(Cadence.FREQUENT), heard.counts(Cadence.ESSENTIAL)
    assert seldom[0] >= 1, "whoever waits knows at least that their claim is here"
    assert sum(often) / len(often) > sum(seldom) / len(seldom)
