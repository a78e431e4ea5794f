"""Every message exists in both languages, fits, and no value can make it say what we did not mean."""

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifier.rendering import (
    MAX_TEXT,
    MessageText,
    RenderingFailed,
    faults_of,
    longest_sms,
    message_files,
    problems_of,
    render,
    reviewed,
    source_of,
    wordings,
)
from notifier.rendering.syntax import VALUE
from notifier.wording.message import sms_parts
from notifier.wording.values import NAMES, clean
from tests.notifier.samples import LONGEST, longest_for

CATALOGUE = {
    *("registered", "docs_needed", "docs_received", "docs_partial", "doc_unreadable", "inspection", "assessment"),
    *("awaiting", "extended", "approved", "approved_noamount", "details_needed", "payment_sent", "payment_returned"),
    *("paid", "declined", "partly", "reopened", "withdrawn", "heartbeat", "late", "waiting_you", "answer_ready"),
    *("question_ack", "question_late", "otp", "optin_often", "optin_rare", "kw_more", "kw_less", "optout", "kw_status"),
    *("kw_status_many", "kw_status_none", "kw_help", "free_text", "pilot_end", "new_device", "sooner"),
    "delay_reasons",
    "true_sentence",
    "optout_claim",
    *("kw_ours_yes", "kw_ours_no", "kw_ours_how", "survey", "survey_nps"),
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
    if template in ("inspection", "question_ack", "question_late", "free_text", "kw_ours_yes"):
        known["date"] = longest_for(language)["date"]
    text = render(template, channel, language, known)
    assert not re.search(r" [.,:]|\(\)|  |[.,:]{2}", text), text
    assert not re.search(r"(?:\bby|\bдо|:) *[.,]", text), text


@pytest.mark.parametrize("place", message_files(), ids="/".join)
def test_every_text_that_ships_could_be_proposed_and_costs_one_sms_whatever_is_known(place: tuple[str, str, str]):
    """Not only with all values or none: in each of the readings that its conditions allow, with the longest values."""
    found = reviewed(place, source_of(*place), in_force=source_of(*place), other_goes_with=True)
    assert found.refusals == ()
    if place[1] == "sms":
        assert longest_sms(place, source_of(*place)).segments == 1


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
        "x" * 4097,
        "ж" * 2049,
    ],
)
def test_an_edited_text_may_hold_names_constants_and_if_and_nothing_else(source: str):
    assert problems_of(source) != []


ESCAPES = [json.loads(line) for line in (Path(__file__).parent / "escapes.jsonl").read_text().splitlines()]


def test_no_known_escape_is_let_in_and_each_is_told_where_and_how_to_mend():
    assert len(ESCAPES) >= 500
    for source in ESCAPES:
        problems = problems_of(source)
        assert problems, source
        for problem in problems:
            assert re.match(r"line \d+, column \d+: .+; .+", problem), (source, problem)


@pytest.mark.parametrize("cases", [150, pytest.param(50_000, marks=pytest.mark.soak)])
def test_no_text_that_is_let_in_does_anything_but_say_its_values(cases: int):
    """Pieces of templates in any order: what is let in reaches nothing and says only its words and the values."""
    pieces = st.sampled_from(PIECES) | st.sampled_from(ESCAPES) | st.text(max_size=6)
    let_in = 0

    @settings(max_examples=cases, database=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(st.lists(pieces, max_size=12).map("".join))
    def is_harmless(source: str) -> None:
        nonlocal let_in
        if problems_of(source):
            return
        let_in += 1
        text = MessageText.of(("any", "email", "en"), source).say("email", {name: f"<{name}>" for name in NAMES})
        assert squeezed(re.sub(r"<\w+>", VALUE, text)) in {squeezed(words) for words in wordings(source)}
        assert len(text) <= MAX_TEXT["email"]

    is_harmless()
    assert let_in


def squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


PIECES = (
    *("{{", "}}", "{%", "%}", " if ", " else ", " elif ", " endif ", " for x in ", " set x = ", "ref4", "link", "date"),
    *(
        "{{ ref4 }}",
        "{{ link|trim }}",
        "{% if date %}",
        "{% endif %}",
        "{% else %}",
        "{{ 'a' }}",
        "|upper",
        "|attr('x')",
    ),
    *(".__class__", "['x']", "()", "~", "*", "self", "loop", "{#", "#}", "-", "\n", "Claim ", "Дело ", "'", '"', "\\"),
)


@pytest.mark.parametrize(
    ("source", "line", "column", "found"),
    [
        ("Claim {{ ref4 }}\n is {{ ref4.x }}", 2, 12, "."),
        ("Claim {{ ref4 }}{% if date == '1' %}x{% endif %}", 1, 28, "=="),
        ("Claim {{ ref4 }}. {% for x in docs %}{% endfor %}", 1, 19, "{% for x in docs %}"),
        ("Claim\n\n{{ ref4|attr('x') }}", 3, 9, "attr"),
        ("Дело {{ ref4 }}: подробности на bit.ly/x", 1, 35, "t.ly"),
        ("Claim {{ ref4 }}:\u200b news", 1, 18, "U+200B"),
    ],
)
def test_a_fault_is_told_by_line_and_column(source: str, line: int, column: int, found: str):
    [fault] = faults_of(source)
    assert (fault.line, fault.column, fault.found) == (line, column, found)


def test_a_text_that_may_say_nothing_is_refused():
    [problem] = problems_of("{% if date %}By {{ date }}{% endif %}")
    assert "nothing to say" in problem


def test_an_unknown_value_is_named():
    assert problems_of("{{ reff4 }}") == ["line 1, column 4: 'reff4': there is no such value; did you mean ref4?"]
    assert problems_of("Claim {% if date %}{{ date | upper }}{% endif %}") == []


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
