"""Every message exists in both languages, fits, and no value can make it say what we did not mean."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.message import sms_parts
from notifier.rendering import (
    MAX_TEXT,
    RenderingFailed,
    message_files,
    problems_of,
    render,
    source_of,
)
from notifier.values import NAMES, clean
from tests.notifier.samples import LONGEST, longest_for

CATALOGUE = {
    *("registered", "docs_needed", "docs_received", "docs_partial", "doc_unreadable", "inspection", "assessment"),
    *("awaiting", "extended", "approved", "approved_noamount", "details_needed", "payment_sent", "payment_returned"),
    *("paid", "declined", "partly", "reopened", "withdrawn", "heartbeat", "late", "waiting_you", "answer_ready"),
    *("question_ack", "question_late", "otp", "optin_often", "optin_rare", "kw_more", "kw_less", "optout", "kw_status"),
    *("kw_status_many", "kw_status_none", "kw_help", "free_text", "pilot_end", "new_device", "sooner"),
}


def test_the_whole_catalogue_ships_in_both_languages():
    files = set(message_files())
    assert {template for template, channel, _ in files if channel == "sms"} >= CATALOGUE
    for template, channel, _ in files:
        assert {(template, channel, "ru"), (template, channel, "en")} <= files


@pytest.mark.parametrize(("template", "channel", "language"), message_files())
def test_every_message_renders_with_its_longest_values_and_fits(template: str, channel: str, language: str):
    assert problems_of(source_of(template, channel, language)) == []
    text = render(template, channel, language, longest_for(language))
    assert text == text.strip()
    assert len(text) <= MAX_TEXT[channel]
    if channel == "sms":
        counted = sms_parts(text)
        assert counted.segments == 1, (counted.units, text)


@pytest.mark.parametrize(("template", "channel", "language"), message_files())
def test_every_message_reads_well_when_nothing_optional_is_known(template: str, channel: str, language: str):
    known = dict.fromkeys(NAMES, "") | {
        name: longest_for(language)[name]
        for name in ("ref4", "ref", "link", "code", "domain", "phone", "days", "arm_end", "time", "state")
    }
    always = {"kw_status_many": "n", "docs_partial": "n", "answer_ready": "question_short"}
    if name := always.get(template):
        known[name] = longest_for(language)[name]
    if template in ("inspection", "question_ack", "question_late", "free_text"):
        known["date"] = longest_for(language)["date"]
    text = render(template, channel, language, known)
    assert not re.search(r" [.,:]|\(\)|  |[.,:]{2}", text), text
    assert not re.search(r"(?:\bby|\bдо|:) *[.,]", text), text


def test_a_missing_value_breaks_the_rendering_and_never_the_sentence():
    with pytest.raises(RenderingFailed, match="date"):
        render("registered", "sms", "ru", {"ref4": "7785", "link": "primer.example/x"})


def test_a_message_that_does_not_exist_is_an_error_that_names_it():
    with pytest.raises(RenderingFailed, match=r"no_such/sms\.ru"):
        render("no_such", "sms", "ru", {})


def test_a_text_that_costs_too_many_sms_is_refused():
    with pytest.raises(RenderingFailed, match="4 SMS"):
        render("kw_status", "sms", "ru", longest_for("ru") | {"state": "ж" * 300})


@pytest.mark.parametrize(
    "source",
    [
        "{{ ref4.__class__ }}",
        "{{ ref4['x'] }}",
        "{{ ref4() }}",
        "{{ 'a' * 10 ** 9 }}",
        "{% for x in ref4 %}{{ x }}{% endfor %}",
        "{% set ref4 = 'x' %}",
        "{% include 'registered/sms.ru' %}",
        "{% macro x() %}{% endmacro %}",
        "{{ ref4 | attr('x') }}",
        "{{ ref4 | format }}",
        "{{ ref4 ~ ref }}",
        "{{ [ref4] }}",
        "{{ {'a': ref4} }}",
        "{% if ref4 == '1' %}x{% endif %}",
        "{% extends 'x' %}",
        "{{ ref4 if ref else n }}",
        "{{ password }}",
        "{{ ref4",
        "x" * 4001,
    ],
)
def test_an_edited_text_may_hold_names_constants_and_if_and_nothing_else(source: str):
    assert problems_of(source) != []


def test_an_unknown_value_is_named():
    assert problems_of("{{ reff4 }}") == ["unknown value reff4"]
    assert problems_of("{% if date %}{{ date | upper }}{% endif %}") == []


FOREIGN = re.compile(r"(?i)[a-z]+://|www\.|[^\W_]\.[^\W\d_]{2}")


@given(
    st.sampled_from(["name", "agent", "reason", "docs"]), st.text(max_size=200), st.sampled_from(["sms", "whatsapp"])
)
def test_a_name_from_the_back_office_brings_no_address_no_bidi_and_no_extra_sms(name: str, value: str, channel: str):
    kept = clean(name, value, channel=channel)
    assert not FOREIGN.search(kept)
    assert not any(unicodedata.category(each) in ("Cf", "Cs", "Co", "Cn") for each in kept)
    assert not any(unicodedata.category(each) == "Cc" for each in kept.replace("\n", ""))
    assert name == "docs" or "\n" not in kept
    assert len(kept) <= 60 or name not in ("name", "agent")
    if channel == "sms" and name == "agent":
        text = render("answer_ready", "sms", "en", longest_for("en") | {"agent": value})
        # Twelve emoji are twenty-four units: still at most two.
        assert sms_parts(text).segments <= 2


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("Ivan https://evil.example/x", "Ivan evil. example/x"),
        ("Иван сайт.рф", "Иван сайт. рф"),
        ("call +7 900 123-45-67 now", "call *** now"),
        ("\u202eevil\u200b\x00name", "evil name"),
        ("www.evil.com", "evil. com"),
    ],
)
def test_an_address_in_a_name_is_made_harmless(value: str, kept: str):
    assert clean("name", value, channel="whatsapp") == kept


def test_dates_and_sums_are_left_alone():
    for value in ("04.06", "1 250 000 ₽", "RUB 1,250,000", "184 300.50 ₽"):
        assert clean("amount", value, channel="sms") == value


def test_the_longest_values_name_every_value_there_is():
    assert set(LONGEST) == NAMES
