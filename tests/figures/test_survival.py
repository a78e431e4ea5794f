"""How long claims take: those that are still open count, and the figures are those of the published libraries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from claims_figures.survival import STILL_OPEN, Waited, ended_how, waiting

PAID, DECLINED = 1, 3
rows = st.lists(
    st.builds(Waited, st.integers(0, 90), st.sampled_from([STILL_OPEN, PAID, 2, DECLINED]), st.integers(1, 40)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=50)
@given(rows)
def test_the_share_that_waits_is_that_of_another_published_library(rows):
    """statsmodels counts here; scipy, which shares no code with it, checks it claim by claim."""
    each = [(row.days, row.cause) for row in rows for _ in range(row.claims)]
    ended = [day for day, cause in each if cause]
    found = waiting(rows)
    if not ended:
        assert found.ended_by(found.watched) == 0
        return
    open_since = [day for day, cause in each if not cause]
    curve = stats.ecdf(stats.CensoredData(uncensored=ended, right=open_since)).sf
    for day in range(found.watched + 1):
        assert found.ended_by(day) == pytest.approx(1 - float(curve.evaluate(day)), abs=1e-9)


@settings(max_examples=50)
@given(rows, st.integers(0, 100))
def test_the_ways_to_end_and_what_is_open_are_all_there_is(rows, day):
    ended, how = waiting(rows).ended_by(day), ended_how(rows, day)
    assert (ended is None) == (how is None)
    if how is not None:
        assert sum(how.values()) == pytest.approx(ended, abs=1e-9)


@settings(max_examples=50)
@given(rows, st.integers(0, 90))
def test_with_nobody_left_waiting_each_way_is_its_plain_share(rows, day):
    over = [row._replace(cause=row.cause or PAID) for row in rows]
    how, claims = ended_how(over, day), sum(row.claims for row in over)
    for cause, share in how.items():
        plain = sum(row.claims for row in over if row.cause == cause and row.days <= day) / claims
        assert share == pytest.approx(plain, abs=1e-9)


def test_a_textbook_example_comes_out_as_in_the_book():
    """Remission times of 21 patients on 6-MP (Freireich 1963; Kalbfleisch & Prentice, table 1.4 of survival texts)."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    lost = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    found = waiting([Waited(day, PAID, 1) for day in ended] + [Waited(day, STILL_OPEN, 1) for day in lost])
    left = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert found.days == (6, 7, 10, 13, 16, 22, 23)
    assert np.allclose(found.ended, 1 - np.array(left), atol=5e-5)
    assert found.days_for(0.5) == 23


def test_counting_settled_claims_only_flatters_and_we_do_not():
    """Four in ten are quick. Of those that are settled two in three were: the slow ones of late are still open."""
    quick, slow, young = Waited(10, PAID, 400), Waited(60, PAID, 200), Waited(30, STILL_OPEN, 400)
    settled_only = np.median([row.days for row in (quick, slow) for _ in range(row.claims)])
    assert settled_only == 10
    ours = waiting([quick, slow, young])
    assert ours.days_for(0.5) == 60
    assert ours.ended_by(30) == pytest.approx(0.4)


def test_a_claim_that_was_declined_is_not_counted_as_one_that_may_still_be_paid():
    """To censor declined claims would say that all are paid in the end; a half is."""
    both = [Waited(5, DECLINED, 50), Waited(10, PAID, 50)]
    assert ended_how(both, 30) == pytest.approx({PAID: 0.5, DECLINED: 0.5})
    assert waiting([Waited(5, STILL_OPEN, 50), Waited(10, PAID, 50)]).ended_by(30) == pytest.approx(1.0)


def test_nothing_is_said_of_a_day_that_nobody_was_watched_for():
    young = [Waited(3, PAID, 20), Waited(20, STILL_OPEN, 80)]
    assert waiting(young).ended_by(20) == pytest.approx(0.2)
    assert waiting(young).ended_by(30) is None
    assert ended_how(young, 30) is None
    assert waiting(young).days_for(0.5) is None
