"""Differences and their intervals: those of the published libraries, right as often as they say, and never surer."""

import numpy as np
import pytest
from scipy import stats

from claims_figures import compare
from claims_figures.compare import Reading
from tests.figures.simulated import people

BASE, EFFECT, EACH = 0.30, -0.08, 300


def rates(group) -> np.ndarray:
    return np.array([[100.0 * each.calls, each.weeks] for each in group])


def pilot(seed: int, effect: float):
    """The calls of two arms, and their stops of texts; the second arm has `effect` more calls a week."""
    rng = np.random.default_rng(seed)
    first, second = people(rng, "a", EACH, calls=BASE), people(rng, "b", EACH, calls=BASE + effect, opted_out=0.04)
    stops = [(sum(each.opted_out for each in group), EACH) for group in (first, second)]
    return compare.of_rates(rates(first), rates(second)), compare.of_shares(*stops)


def covered(pilots: int) -> tuple[float, float]:
    """Of so many pilots, the share whose intervals hold the truth: of calls, of stops."""
    made = [pilot(seed, EFFECT) for seed in range(pilots)]
    calls = sum(each.low <= 100 * EFFECT <= each.high for each, _ in made) / pilots
    return calls, sum(each.low <= 0.02 <= each.high for _, each in made) / pilots


def false_alarms(pilots: int) -> float:
    """Of so many pilots of two arms that are the same, the share that finds a difference."""
    made = [pilot(10_000 + seed, 0.0)[0] for seed in range(pilots)]
    return sum(each.reading is not Reading.CLOSE for each in made) / pilots


def test_in_a_hundred_pilots_the_truth_lies_within_the_interval_about_as_often_as_it_says():
    """The same hundred each time; `make soak` draws a thousand, and holds them to 93 to 97 of 100."""
    calls, stops = covered(100)
    assert 0.90 <= calls <= 0.99
    assert 0.90 <= stops <= 1.0


def test_of_a_hundred_pilots_without_any_difference_few_find_one():
    assert false_alarms(100) <= 0.08


@pytest.mark.soak
def test_in_a_thousand_pilots_the_truth_lies_within_the_interval_in_93_to_97_of_100():
    calls, stops = covered(1_000)
    assert 0.93 <= calls <= 0.97
    assert 0.93 <= stops <= 0.97


@pytest.mark.soak
def test_of_a_thousand_pilots_without_any_difference_six_of_100_at_most_find_one():
    assert false_alarms(1_000) <= 0.06


def test_shares_have_the_interval_that_newcombe_published():
    """Newcombe 1998, table II: 56 of 70 against 48 of 80, by method 10: 0.0524 to 0.3339."""
    found = compare.of_shares((48, 80), (56, 70))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert (round(found.difference, 2), found.reading) == (0.20, Reading.MORE)


def test_an_interval_over_nothing_says_nothing():
    assert compare.read(-1, 1) is Reading.CLOSE
    assert compare.read(0, 1) is Reading.CLOSE, "nothing is within it"
    assert compare.read(0.1, 1) is Reading.MORE
    assert compare.read(-1, -0.1) is Reading.LESS


def test_of_too_few_people_nothing_is_said():
    few = np.array([[1.0, 1.0]] * (compare.FEWEST - 1))
    assert compare.of_rates(few, few) is None
    assert compare.of_rates(np.zeros((100, 2)), np.zeros((100, 2))) is None, "nobody called"
    assert compare.of_shares((1, 29), (1, 29)) is None
    assert compare.of_days(few, few) is None
    assert compare.sample_ratio([0, 0], [1, 1]) is None
    assert compare.balance([[10, 10]]) is None
    assert compare.people_needed(0, 1, 0.2) is None


def test_waits_are_judged_by_the_log_rank_test_of_another_library_too():
    rng = np.random.default_rng(1)
    waits = [np.column_stack([np.minimum(rng.exponential(mean, 200), 40), np.ones(200)]) for mean in (10, 16)]
    for group in waits:
        group[:, 1] = group[:, 0] < 40
    found = compare.of_days(*waits)
    censored = [stats.CensoredData(group[group[:, 1] == 1, 0], right=group[group[:, 1] == 0, 0]) for group in waits]
    assert found["p"] == pytest.approx(stats.logrank(*censored).pvalue, rel=1e-9)
    assert found["reading"] is Reading.MORE
    assert found["medians"][0] < found["medians"][1]
    assert compare.of_days(waits[0], waits[0])["reading"] is Reading.CLOSE


@pytest.mark.parametrize(
    ("first", "second", "reading"),
    [
        ((200, 190, 95), (200, 190, 150), Reading.MORE),
        ((200, 190, 95), (200, 190, 100), Reading.CLOSE),
        # More of those who answered are happy, and far fewer answered: had the silent been unhappy, it would be less.
        ((200, 190, 120), (200, 60, 55), Reading.CANNOT_TELL),
    ],
)
def test_a_survey_that_the_silent_could_turn_round_says_that_nobody_can_tell(first, second, reading):
    names = ("asked", "answered", "happy")
    found = compare.of_answers(dict(zip(names, first, strict=True)), dict(zip(names, second, strict=True)))
    assert found.reading is reading


def test_people_are_counted_against_the_weights_and_lines_against_the_arms():
    assert compare.sample_ratio([500, 500], [1, 1]) == pytest.approx(1)
    assert compare.sample_ratio([600, 400], [1, 1]) < 1e-6
    assert compare.sample_ratio([250, 1000], [1, 4]) == pytest.approx(1)
    assert compare.balance([[50, 50], [50, 50]]) == pytest.approx(1)
    assert compare.balance([[90, 10], [10, 90]]) < 1e-6


def test_the_people_needed_find_the_difference_in_four_of_five_pilots():
    """Worked the other way: with that many people in each arm a t-test finds the difference about so often."""
    n = compare.people_needed(1.5, 2.0, 0.2)
    assert n == pytest.approx(2 * ((1.959964 + 0.841621) * 2.0 / 0.3) ** 2, abs=1)
