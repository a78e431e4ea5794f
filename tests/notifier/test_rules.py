"""Every fact is told or silent on purpose, and the rules survive the way out and in."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_core.errors import BadInput
from claims_core.snapshot import CaseEventKind
from claims_core.stages import LineOfBusiness, PageState
from notifier.commands.rules import faults_of
from notifier.deciding.rules import SILENT_EVENTS, rule_for, rules_from_text, shipped_rules, text_from_rules
from notifier.rendering import has_message
from notifier.states import Cadence, Importance

RULES = shipped_rules()


def test_every_fact_is_told_or_silent_on_purpose():
    told = {rule.event for rule in RULES}
    assert told | SILENT_EVENTS == set(CaseEventKind)
    assert not told & SILENT_EVENTS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: "-".join(filter(None, rule.key)))
def test_every_rule_has_a_message(rule):
    assert has_message(rule.template, "sms")


# `ux` 4.5, line by line: who hears of it, and whether a cadence may keep it back.
CADENCES = [
    ("registered", "registered", True, False),
    ("documents_requested", "docs_needed", True, True),
    ("document_unreadable", "docs_needed", True, True),
    ("documents_received", "registered", False, False),
    ("inspection_booked", "assessment", True, False),
    ("stage_changed", "assessment", False, False),
    ("stage_changed", "awaiting", False, False),
    ("situation_changed", "extended", True, True),
    ("promise_moved", "extended", True, True),
    ("promise_missed", "assessment", True, True),
    ("decision_made", "approved", True, True),
    ("decision_made", "partly", True, True),
    ("decision_made", "declined", True, True),
    ("details_needed", "approved", True, True),
    ("payment_sent", "payment_sent", True, False),
    ("payment_returned", "payment_sent", True, True),
    ("payment_credited", "paid", False, False),
    ("reopened", "reopened", True, False),
    ("withdrawn", "withdrawn", True, False),
]


@pytest.mark.parametrize(("event", "page", "rarely", "required"), CADENCES)
def test_the_cadences_are_those_of_the_table(event: str, page: str, rarely: bool, required: bool):
    rule = rule_for(RULES, event, page, "motor")
    assert rule is not None
    assert (rule.importance is Importance.REQUIRED) is required
    assert (Cadence.ESSENTIAL in rule.cadences) is rarely
    assert {Cadence.EVERY_STEP, Cadence.FREQUENT} <= set(rule.cadences)


def test_the_narrowest_rule_wins():
    [base] = [rule for rule in RULES if rule.event == "registered"]
    lined = replace(base, line=LineOfBusiness.LIFE, template="a")
    paged = replace(base, page_state=PageState.REGISTERED, template="b")
    rules = [base, lined, paged]
    assert rule_for(rules, "registered", "registered", "life").template == "b"
    assert rule_for(rules, "registered", "awaiting", "life").template == "a"
    assert rule_for(rules, "registered", "awaiting", "motor") is base
    assert rule_for(rules, "reopened", "reopened", "motor") is None


def test_rules_go_out_and_come_back_the_same():
    assert sorted(rules_from_text(text_from_rules(RULES)), key=lambda rule: rule.key) == sorted(
        RULES, key=lambda rule: rule.key
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule", "not TOML"),
        ('[[rule]]\nevent = "x"', "rule 1: importance is missing"),
        ('[[rule]]\nevent = "x"\ntemplate = "t"\nimportance = "required"', "rule 1: 'x' is not a valid"),
        ('[[rule]]\ncolour = "red"', "unknown entry colour"),
        ('[[rule]]\nevent = "reopened"\ntemplate = "t"\nimportance = "required"\n' * 2, "two rules for the same fact"),
        (
            '[[rule]]\nevent="reopened"\ntemplate="t"\nimportance="required"\nfresh_hours="soon"',
            "rule 1: fresh_hours is a whole",
        ),
        ('[[rule]]\nevent="reopened"\ntemplate="t"\nimportance="required"\nfresh_hours=inf', "fresh_hours is a whole"),
        ('[[rule]]\nevent="reopened"\ntemplate="t"\nimportance="required"\nversion=9999999999', "version is a whole"),
        ("rule = 3", "rule is no list of tables"),
        ("rule = [3]", "rule is no list of tables"),
        ("[rule]\nevent = 3", "rule is no list of tables"),
        ("\ufeff[[rule]]\nevent = 3", "rule 1: importance is missing"),
        ("rule = " + "[" * 9999, "too deep"),
    ],
)
def test_a_mistake_in_the_file_is_named(text: str, said: str):
    with pytest.raises(BadInput, match=said):
        rules_from_text(text)


@given(st.text(max_size=200))
def test_no_file_is_more_than_a_mistake(text: str):
    with suppress(BadInput):
        rules_from_text(text)


def test_the_check_finds_a_fact_nobody_decided_on_and_a_message_that_is_missing():
    assert faults_of(RULES) == []
    fewer = tuple(rule for rule in RULES if rule.event != "reopened")
    assert faults_of(fewer) == ["reopened: neither told nor silent on purpose"]
    wrong = (*fewer, replace(RULES[0], event=CaseEventKind.REOPENED, template="no_such"))
    missing = "reopened: there is no message no_such for {} in en and ru"
    assert faults_of(wrong) == [missing.format("SMS"), missing.format("e-mail")]
    loud = (*RULES, replace(RULES[0], event=CaseEventKind.HANDLER_CHANGED))
    assert faults_of(loud) == ["handler_changed: told, and silent on purpose"]
