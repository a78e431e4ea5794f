"""Which channel speaks for itself: by answers first, then by what arrives, and never without reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.people.preferred import NAMES, Proposal, Used, Why, propose
from notifier.states import ChannelName

SMS, TELEGRAM, MAX = ChannelName.SMS, ChannelName.TELEGRAM, ChannelName.MAX
ALL = frozenset(NAMES)
counts = st.integers(0, 12)
used = st.builds(lambda answers, lost, arrived: Used(answers, lost + arrived, arrived), counts, counts, counts)


@pytest.mark.parametrize(
    ("lately", "proposed"),
    [
        ({}, None),
        ({TELEGRAM: Used(answers=2)}, None),
        ({TELEGRAM: Used(answers=3)}, Proposal(TELEGRAM, SMS, Why.ANSWERED_THERE)),
        ({TELEGRAM: Used(answers=4), SMS: Used(answers=2)}, None),
        ({TELEGRAM: Used(answers=3), MAX: Used(answers=5)}, Proposal(MAX, SMS, Why.ANSWERED_THERE)),
        ({SMS: Used(tried=4, arrived=1), MAX: Used(tried=3, arrived=3)}, Proposal(MAX, SMS, Why.ARRIVES_THERE)),
        ({SMS: Used(tried=4, arrived=2), MAX: Used(tried=3, arrived=3)}, None),
        ({SMS: Used(tried=4, arrived=1), MAX: Used(tried=3, arrived=2)}, None),
        ({SMS: Used(tried=3), MAX: Used(tried=3, arrived=3)}, None),
    ],
)
def test_a_channel_is_proposed_for_a_reason(lately, proposed):
    assert propose(SMS, lately, ALL) == proposed


@given(
    present=st.sampled_from(sorted(NAMES)),
    lately=st.dictionaries(st.sampled_from(sorted(NAMES)), used),
    open_to=st.frozensets(st.sampled_from(sorted(NAMES))),
)
def test_only_another_channel_that_is_open_and_does_better_is_proposed(present, lately, open_to):
    found = propose(present, lately, open_to)
    if found is None:
        return
    here, there = lately.get(present, Used()), lately[found.channel]
    assert found.instead_of == present != found.channel
    assert found.channel in open_to
    better = there.answers > here.answers or there.arrived * here.tried > here.arrived * there.tried
    assert better
