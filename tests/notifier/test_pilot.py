"""The draw of an arm is fair, stable, and cannot be told without the key; what harms is stopped."""

import random
from collections import Counter
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from claims_core.stages import ClaimStage, LineOfBusiness
from notifier.deciding.guardrails import FEWEST, ArmSoFar, Limits, crossed
from notifier.deciding.pilot import Eligible, Weighed, draw_arm, faults, often_or_rare
from notifier.states import Arm, Guardrail
from notifier.wording.wordings import wording_for

ARMS = (Weighed(Arm.ESSENTIAL), Weighed(Arm.FREQUENT))
PILOT = UUID(int=7)
KEY = SecretStr("k" * 32)
PLAN = often_or_rare("pilot-1")


@given(st.uuids(), st.uuids(), st.text(min_size=16, max_size=64), st.sampled_from(list(LineOfBusiness)))
def test_an_arm_never_changes(pilot_id: UUID, policyholder_id: UUID, secret: str, line: LineOfBusiness):
    key = SecretStr(secret)
    first = draw_arm(pilot_id, policyholder_id, ARMS, block=line, key=key)
    assert first in (Arm.ESSENTIAL, Arm.FREQUENT)
    assert first is draw_arm(pilot_id, policyholder_id, ARMS, block=line, key=key)


def test_the_arms_are_balanced_and_two_draws_know_nothing_of_each_other():
    """An A/A test: 20,000 people, both arms within four standard deviations (283) of one half."""
    people = [UUID(int=number) for number in range(20_000)]
    first = [draw_arm(PILOT, person, ARMS, key=KEY) for person in people]
    assert abs(Counter(first)[Arm.FREQUENT] - 10_000) < 283
    for other in (
        [draw_arm(UUID(int=8), person, ARMS, key=KEY) for person in people],
        [draw_arm(PILOT, person, ARMS, block="motor", key=KEY) for person in people],
        [draw_arm(PILOT, person, ARMS, key=SecretStr("j" * 32)) for person in people],
    ):
        agree = sum(one is two for one, two in zip(first, other, strict=True))
        assert abs(agree - 10_000) < 283


@pytest.mark.parametrize("line", ["motor", "home", "travel"])
def test_in_every_line_the_weights_are_kept_within_what_a_draw_allows(line: str):
    """9,000 people at 1 : 1 : 4, each arm within four standard deviations of its share."""
    arms = (Weighed(Arm.ESSENTIAL), Weighed(Arm.SELF_CHOSEN), Weighed(Arm.FREQUENT, 4))
    drawn = Counter(draw_arm(PILOT, UUID(int=number), arms, block=line, key=KEY) for number in range(9_000))
    for arm, weight in arms:
        share = weight / 6
        assert abs(drawn[arm] - 9_000 * share) < 4 * (9_000 * share * (1 - share)) ** 0.5


def test_the_example_that_ships_may_be_started_as_it_is():
    assert not list(faults(PLAN))
    assert wording_for([arm for arm, _ in PLAN.arms]) == "pilot-1"
    assert wording_for([Arm.ESSENTIAL, Arm.SELF_CHOSEN]) == "pilot-2", "it says that one may be to choose"


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 61}),
        ("question", {"question": ""}),
        ("arms", {"arms": ARMS[:1]}),
        ("arms", {"arms": (*ARMS, ARMS[0])}),
        ("arms", {"arms": (ARMS[0], Weighed(Arm.FREQUENT, 0))}),
        ("days", {"days": 0}),
        ("smallest", {"smallest": 1.0}),
        ("limits", {"limits": Limits(opt_outs=0)}),
        ("limits", {"limits": Limits(messages=-1)}),
    ],
)
def test_a_plan_that_cannot_be_says_which_part_of_it(field: str, wrong: dict):
    assert [name for name, _ in faults(replace(PLAN, **wrong))] == [field]


def test_what_is_left_empty_narrows_nobody_out():
    claim = ("motor", "ru", "assessing", "claim_center")
    assert Eligible().fits(*claim)
    assert Eligible((LineOfBusiness.MOTOR,), ("ru",), (ClaimStage.ASSESSING,), ("claim_center",)).fits(*claim)
    for other in (
        Eligible(lines=(LineOfBusiness.PROPERTY,)),
        Eligible(countries=("kz",)),
        Eligible(stages=(ClaimStage.DECIDED,)),
        Eligible(sources=("life",)),
    ):
        assert not other.fits(*claim)


def test_an_arm_is_stopped_beyond_a_limit_and_never_by_a_handful():
    limits, people = Limits(opt_outs=0.05, complaints=0.02, messages=10), 1_000
    fine = ArmSoFar(people, claims=people, stops=50, complained=20, messages=10 * people)
    assert crossed(limits, fine) is None
    assert crossed(limits, replace(fine, stops=51)) is Guardrail.OPT_OUTS
    assert crossed(limits, replace(fine, complained=21)) is Guardrail.COMPLAINTS
    assert crossed(limits, replace(fine, messages=10 * people + 1)) is Guardrail.MESSAGES
    assert crossed(limits, ArmSoFar(FEWEST - 1, FEWEST - 1, FEWEST - 1, FEWEST - 1, 10_000)) is None
    assert crossed(limits, ArmSoFar(FEWEST, FEWEST, stops=3)) is Guardrail.OPT_OUTS


def day_of_stop(seed: int, share: float) -> int | None:
    """The day on which an arm is stopped whose people turn texts off with this chance, within a week of agreeing;
    None if it runs on. Forty agree every day, and it is looked at every hour as the job does."""
    luck, limits = random.Random(seed), Limits(opt_outs=0.05)
    left: list[float] = []
    for hour in range(7 * 24):
        agreed = 40 * (hour // 24 + 1)
        if hour % 24 == 0:
            left += [hour + luck.uniform(0, 24 * 7) for _ in range(40) if luck.random() < share]
        so_far = ArmSoFar(people=agreed, claims=agreed, stops=sum(at <= hour for at in left))
        if crossed(limits, so_far):
            return hour // 24 + 1
    return None


def test_a_harmful_arm_is_stopped_within_the_week_in_every_pilot():
    """Of those who hear too often four in ten turn texts off, against a limit of one in twenty."""
    assert all(day_of_stop(seed, 0.4) is not None for seed in range(100))


@pytest.mark.soak
def test_in_a_thousand_pilots_a_harmful_arm_is_stopped_within_the_week_and_a_good_one_hardly_ever():
    assert all(day_of_stop(seed, 0.4) is not None for seed in range(1_000))
    assert sum(day_of_stop(seed, 0.02) is not None for seed in range(1_000)) <= 20
