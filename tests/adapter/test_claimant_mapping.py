"""A mapping says who else claims against a policy, and whose each payment and paper is; nothing is guessed."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice_adapter.mapping import Rejected, load, parse
from backoffice_adapter.mapping.explain import explain
from backoffice_adapter.mapping.paths import find_all, find_first
from claims_core.claimants import parts_of
from claims_core.errors import Misconfigured
from claims_core.snapshot import ClaimSnapshot, PaymentState, page_state_of
from claims_core.stages import Outcome, PageState
from tests.adapter.cases import CLAIM_CENTER, NOON, as_record, check, claim_center_case
from tests.adapter.test_mapping import SMALL

CLAIMANT = """
[claimant]
each = "others[role=injured]"
ref = "id"
name = "/people[id=@.id].name"
phones = ["/people[id=@.id].phone"]
approved = "sum"

[[claimant.rule]]
name = "refused to this one"
when = { decided = "no" }
stage = "decided"
outcome = "refused"

[[claimant.rule]]
name = "a witness only"
when = { decided = "witness" }
leave_out = true

[payments]
each = "money[]"
claimant = "to"
ref = "id"
amount = "sum"
state = { value = "sent" }
"""
MAPPING = SMALL.replace("\n[[rule]]", f"{CLAIMANT}\n[[rule]]", 1)
TRANSLATE = parse(MAPPING).translator(source="s", mapping_version=1)


def read(mapping: str = MAPPING, **case: Any) -> tuple[ClaimSnapshot, dict[str, int]]:
    """The snapshot of a case, and what its rules counted."""
    translate = parse(mapping).translator(source="s", mapping_version=1)
    body = {"number": "1", "name": "A", "reported": "2026-06-01T09:00:00Z", "state": "new", "phone": "+79121234567"}
    shot = translate(as_record(body | case), NOON)
    assert isinstance(shot, ClaimSnapshot), shot
    return ClaimSnapshot.model_validate(shot.model_dump()), translate.take_fired()


def another(ref: str, **more: Any) -> dict[str, Any]:
    return {"id": ref, "role": "injured", **more}


PEOPLE = [{"id": "p2", "name": "B", "phone": "+79121110000"}, {"id": "p3", "name": "C", "phone": "8 912 111-00-01"}]


def test_each_item_is_a_claimant_with_a_telephone_of_their_own():
    shot, _ = read(others=[another("p2"), {"id": "p4", "role": "expert"}, another("p3")], people=PEOPLE)
    assert [(each.person.ref, each.person.name, each.person.phones) for each in shot.claimants] == [
        ("p2", "B", ("+79121110000",)),
        ("p3", "C", ("+79121110001",)),
    ]


def test_a_payment_is_whose_it_says_and_of_nobody_we_know_shown_to_nobody():
    money = [
        {"id": "m1", "sum": "10", "to": "p2"},
        {"id": "m2", "sum": "20"},
        {"id": "m3", "sum": "30", "to": "garage"},
        {"id": "m4", "sum": "40", "to": "1"},
    ]
    shot, fired = read(others=[another("p2")], people=PEOPLE, money=money)
    assert [paid.ref for paid in shot.payments] == ["m2", "m4"]
    assert [paid.ref for paid in shot.claimants[0].payments] == ["m1"]
    assert fired["payments: of nobody we know"] == 1


def test_where_a_claimant_stands_is_said_by_their_own_rules_or_by_the_claim():
    shot, fired = read(others=[another("p2", decided="no"), another("p3")], people=PEOPLE)
    refused, waiting = parts_of(shot)
    assert (refused.outcome, page_state_of(refused)) == (Outcome.REFUSED, PageState.DECLINED)
    assert (waiting.stage, waiting.outcome) == (shot.stage, None)
    assert fired["refused to this one"] == 1


def test_whoever_a_rule_leaves_out_and_the_policyholder_are_no_claimants():
    shot, _ = read(others=[another("p2", decided="witness"), another("1")], people=[*PEOPLE, {"id": "1", "name": "A"}])
    assert shot.claimants == ()


def test_columns_of_the_case_itself_may_name_a_claimant_or_nobody():
    start, end = MAPPING.index("\n[claimant]"), MAPPING.index("\n[payments]")
    flat = (
        MAPPING[:start] + '\n[claimant]\neach = "."\nref = "harmed_id"\nname = "harmed"\nphones = []\n' + MAPPING[end:]
    )
    assert [each.person.name for each in read(flat, harmed_id="7", harmed="B")[0].claimants] == ["B"]
    assert read(flat, harmed_id="", harmed="")[0].claimants == ()
    assert read(flat)[0].claimants == ()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["p2", "injured", "10", "1"]),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "role", "name", "phone", "to", "sum", "decided", "code"]), inside)
    ),
    max_leaves=8,
)


@settings(max_examples=40)
@given(others=ANYTHING, people=ANYTHING, money=ANYTHING)
def test_whatever_is_said_of_claimants_is_read_or_refused_with_a_reason(others: Any, people: Any, money: Any):
    body = {"number": "1", "name": "A", "reported": "2026-06-01T09:00:00Z", "state": "new"}
    said = TRANSLATE(as_record(body | {"others": others, "people": people, "money": money}), NOON)
    assert isinstance(said, ClaimSnapshot | Rejected)
    if isinstance(said, ClaimSnapshot):
        assert ClaimSnapshot.model_validate(said.model_dump()) == said
        assert all(part.policyholder.ref != said.policyholder.ref for part in parts_of(said))


def test_two_exposures_of_one_person_are_one_side_with_both_sums():
    others = [another("p2", sum="10.50"), another("p2"), another("p2", sum="4.50"), another("p3")]
    shot, _ = read(others=others, people=PEOPLE)
    assert [(each.person.ref, each.approved) for each in shot.claimants] == [("p2", Decimal("15.00")), ("p3", None)]


@pytest.mark.parametrize(("decided", "stands"), [
    (["no", None], (None, None)), ([None, "no"], (None, None)), (["no", "no"], ("decided", "refused")),
    (["no", "looked"], ("assessing", None)), (["looked", "paid"], ("assessing", None)),
    (["no", "paid"], ("fulfilling", "approved_partly")), (["paid", "no"], ("fulfilling", "approved_partly")),
    (["paid", "paid"], ("fulfilling", "approved")), (["paid", "twice"], ("fulfilling", "approved")),
    (["twice", "no"], ("decided", "refused")), (["witness", "paid"], ("fulfilling", "approved")),
])  # fmt: skip
def test_of_several_exposures_of_one_person_the_least_decided_says_where_they_stand(
    decided: list[str | None], stands: tuple[str | None, str | None]
):
    rules = "".join(
        f'[[claimant.rule]]\nname = "{word}"\nwhen = {{ decided = "{word}" }}\n{then}\n\n'
        for word, then in [
            ("looked", 'stage = "assessing"'),
            ("paid", 'stage = "fulfilling"\noutcome = "approved"'),
            ("twice", 'stage = "closed"\noutcome = "duplicate"'),
        ]
    )
    mapping = MAPPING.replace("[[claimant.rule]]", f"{rules}[[claimant.rule]]", 1)
    shot, _ = read(mapping, others=[another("p2", decided=word) for word in decided], people=PEOPLE)
    assert [(each.stage, each.outcome) for each in shot.claimants] == [stands]


def test_a_claimant_without_a_name_is_refused_with_the_case():
    translate = parse(MAPPING).translator(source="s", mapping_version=1)
    body = {"number": "1", "name": "A", "reported": "2026-06-01T09:00:00Z", "state": "new", "others": [another("p9")]}
    assert getattr(translate(as_record(body), NOON), "reason", None) == "name: is missing"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('phones = ["/people[id=@.id].phone"]', 'language = { value = "de" }', "claimant.language.value: 'de'"),
        ('name = "a witness only"', 'name = "refused to this one"', "claimant.rule.1.name: there is a rule"),
        ('approved = "sum"', 'aproved = "sum"', "claimant.aproved: Extra inputs"),
        ('each = "others[role=injured]"', 'each = "others[role=injured"', "claimant.each: '"),
    ],
)
def test_a_mistake_is_told_with_its_line(before: str, after: str, said: str):
    wrong = MAPPING.replace(before, after)
    line = next(number for number, text in enumerate(wrong.splitlines(), 1) if after in text and "witness" not in text)
    if "rule.1" in said:
        line = [number for number, text in enumerate(wrong.splitlines(), 1) if after in text][1]
    with pytest.raises(Misconfigured) as problem:
        parse(wrong, name="m.toml")
    assert str(problem.value).startswith(f"m.toml:{line}:")
    assert said in str(problem.value)


@pytest.mark.parametrize(
    ("line", "place"), [('language = { path = "tongue" }', "claimant"), ('email = "mail"', "policyholder")]
)
def test_what_is_said_of_a_policyholder_is_said_of_a_claimant_too_for_one_person_may_be_both(line: str, place: str):
    there = "claimant" if place == "policyholder" else "policyholder"
    half = MAPPING.replace(f"\n[{there}]\n", f"\n[{there}]\n{line}\n")
    header = half.splitlines().index(f"[{place}]") + 1
    with pytest.raises(Misconfigured) as problem:
        parse(half, name="m.toml")
    key = line.partition(" ")[0]
    said = f"m.toml:{header}:1: {place}: {key} is missing: [{there}] has it, and one person may be in both"
    assert str(problem.value) == said
    parse(half.replace(f"\n[{place}]\n", f"\n[{place}]\n{line}\n"))


def test_money_of_a_claimant_needs_claimants():
    start, end = MAPPING.index("\n[claimant]"), MAPPING.index("\n[payments]")
    with pytest.raises(Misconfigured, match=r"payments\.claimant: there is no \[claimant\]"):
        parse(MAPPING[:start] + MAPPING[end:])


def test_a_path_may_start_at_the_top_and_name_the_item_it_stands_in():
    case = {"people": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}], "other": {"who": 2}}
    assert find_all("/people[id=@.who].name")(case["other"], case) == ["B"]
    assert find_first("/people[id!=@.who].name")(case["other"], case) == "A"
    assert find_first("/other.who")(case["people"], case) == 2


def test_trying_a_case_shows_each_claimant():
    mapping = parse(MAPPING)
    body = {"number": "1", "others": [another("p2"), another("p3")], "people": PEOPLE}
    said = {line.ours: line.made for line in explain(mapping.file, as_record(body), NOON).lines}
    assert (said["claimant[1].name"], said["claimant[2].name"]) == ("B", "C")
    assert said["claimant[2].phones"] == "+79121110001"


def test_a_claimant_of_an_exposure_of_claim_center_has_their_own_check():
    other = {"id": "cc:c2", "displayName": "Petr Zimin", "cellPhone": {"number": "+79000005678"}}
    case = claim_center_case()
    case["contacts"].append(other)
    case["exposures"] = [
        {"id": "cc:e1", "claimant": {"id": "cc:c2"}, "vehicleIncident": {"displayName": "Lada Vesta"},
         "extApprovedAmount_Ext": {"amount": "174300.00", "currency": "rub"}},
        {"id": "cc:e2", "claimant": {"id": "cc:c1"}, "vehicleIncident": {"displayName": "Kia Rio"}},
    ]  # fmt: skip
    case["checks"] = [check("issued", exposure={"id": "cc:e1"})]
    shot = load(CLAIM_CENTER).translator(source="cc", mapping_version=1)(as_record(case), NOON)
    assert isinstance(shot, ClaimSnapshot)
    [claimant] = shot.claimants
    assert (claimant.person.name, claimant.object_label) == ("Petr Zimin", "Lada Vesta")
    assert ([paid.state for paid in claimant.payments], shot.payments) == ([PaymentState.SENT], ())
    assert (claimant.approved, shot.approved, shot.object_label) == (Decimal("174300.00"), None, "Kia Rio")
