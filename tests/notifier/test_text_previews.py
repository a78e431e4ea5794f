"""Every text that ships reads in every page state, over every channel, in both languages, and as one SMS."""

import re

import pytest

from claims_core.stages import PageState
from notifier.rendering import Values, message_files, sample_values, source_of
from notifier.versions.text_previews import in_page_states, with_samples
from notifier.wording.values import NAMES
from tests.factories import NOON
from tests.notifier.scenes import the_settings


@pytest.mark.parametrize("place", message_files(), ids="/".join)
def test_every_text_reads_in_every_page_state_and_an_sms_is_one(place: tuple[str, str, str]):
    readings = in_page_states(place, source_of(*place), the_settings(), NOON)
    for is_known in (True, False):
        assert {state for states, known, _ in readings if known is is_known for state in states} == set(PageState)
    for _states, _known, shown in readings:
        assert shown.why_not == ""
        assert not re.search(r" [.,:](?:\s|$)|\(\)|  |\{", shown.text), shown.text
        assert (shown.parts.segments if shown.parts else 1) == 1, shown.text


def test_a_claims_state_is_said_in_its_own_words():
    place = ("kw_status", "sms", "en")
    readings = in_page_states(place, source_of(*place), the_settings(), NOON)
    said = {shown.text: states for states, is_known, shown in readings if is_known}
    assert len(said) > 8, "the states read differently"
    assert any("being assessed" in text and states == (PageState.ASSESSMENT,) for text, states in said.items())


def test_samples_name_every_value_and_the_shortest_are_empty_but_for_what_is_always_known():
    for which in Values:
        assert set(sample_values("registered", "ru", which)) == NAMES
    shortest = sample_values("registered", "ru", Values.SHORTEST)
    assert shortest["ref4"] == "7785"
    assert shortest["date"] == shortest["amount"] == ""


def test_what_would_cost_two_sms_says_what_it_costs():
    place = ("registered", "sms", "ru")
    shown = with_samples(place, "Дело {{ ref4 }}: " + "очень " * 12 + "{{ link }}", the_settings())[Values.USUAL]
    assert shown.parts is not None
    assert (shown.parts.segments, str(shown.cost), shown.currency) == (2, "8.40", "RUB")


def test_a_text_that_would_be_endless_is_not_said():
    place = ("registered", "email", "ru")
    shown = with_samples(place, "Тема\n\n" + "{{ docs }}" * 400, the_settings())[Values.LONGEST]
    assert "characters are too many" in shown.why_not
