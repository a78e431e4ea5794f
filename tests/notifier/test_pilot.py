"""The draw of an arm is fair, stable, and cannot be told without the key."""

from collections import Counter
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from notifier.deciding.pilot import draw_arm
from notifier.states import Cadence

ARMS = (Cadence.ESSENTIAL, Cadence.FREQUENT)
PILOT = UUID(int=7)
KEY = SecretStr("k" * 32)


@given(st.uuids(), st.uuids(), st.text(min_size=16, max_size=64))
def test_an_arm_never_changes(pilot_id: UUID, policyholder_id: UUID, secret: str):
    key = SecretStr(secret)
    first = draw_arm(pilot_id, policyholder_id, ARMS, key=key)
    assert first in ARMS
    assert first is draw_arm(pilot_id, policyholder_id, ARMS, key=key)


def test_the_arms_are_balanced_and_two_draws_know_nothing_of_each_other():
    """An A/A test: 20,000 people, both arms within four standard deviations (283) of one half."""
    people = [UUID(int=number) for number in range(20_000)]
    first = [draw_arm(PILOT, person, ARMS, key=KEY) for person in people]
    assert abs(Counter(first)[Cadence.FREQUENT] - 10_000) < 283
    for other in (
        [draw_arm(UUID(int=8), person, ARMS, key=KEY) for person in people],
        [draw_arm(PILOT, person, ARMS, key=SecretStr("j" * 32)) for person in people],
    ):
        agree = sum(one is two for one, two in zip(first, other, strict=True))
        assert abs(agree - 10_000) < 283


def test_three_arms_are_a_third_each():
    arms = (*ARMS, Cadence.EVERY_STEP)
    drawn = Counter(draw_arm(PILOT, UUID(int=number), arms, key=KEY) for number in range(9_000))
    assert all(abs(drawn[arm] - 3_000) < 180 for arm in arms)
