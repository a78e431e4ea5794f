"""What a mapping's fields make of a case when written out as one function is what each makes of it alone."""

from datetime import date
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice_adapter.mapping import parse
from backoffice_adapter.mapping.fields import DAYS, MOMENTS, FieldProblem, UnknownCode, field_of, taker
from backoffice_adapter.mapping.rules import compile_when, first_match
from backoffice_adapter.mapping.straight import straight
from backoffice_adapter.mapping.table import Rule, Spec
from backoffice_adapter.source import Record
from benchmarks.load.claims import MAPPING, claim
from claims_core.stages import LineOfBusiness
from tests.adapter.hostile import TEXTS, VALUES
from tests.factories import NOON

FILE = parse(MAPPING).file
TABLES = {"word": {"a": "motor", "b": "", "": "home"}}
SPECS: dict[str, Spec] = {
    "policy_number": Spec(path=["a"]),
    "object_label": Spec(path=["a.b"], default="thing"),
    "reason": Spec(path=["a"], otherwise=Spec(path=["b"])),
    "team": Spec(path=["a"], table="word", default="none"),
    "line_of_business": Spec(path=["a"]),
    "reported_at": Spec(path=["a"]),
    "inspection_at": Spec(path=["a.b"]),
    "loss_date": Spec(path=["a"]),
    "new_date": Spec(path=["a"], otherwise=Spec(path=["b"])),
    "approved": Spec(path=["a"]),
    "deductible": Spec(path=["a"], decimal=","),
    "handler_name": Spec(path=["a"], last=4),
    "currency": Spec(value="USD"),
}
USUAL = [
    "x",
    " x ",
    "a",
    "b",
    "motor",
    "2026-02-03",
    "2026-02-03T04:05:06Z",
    "2026-02-03T04:05:06+03:00",
    "12.50",
    "1,5",
]
ANYTHING = st.sampled_from([*USUAL, *TEXTS, *VALUES]) | st.text(max_size=8)


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("name", SPECS)
@given(found=ANYTHING, other=ANYTHING)
def test_a_field_is_read_as_its_taker_reads_it(name: str, required: bool, found: Any, other: Any):
    words = LineOfBusiness if name == "line_of_business" else None
    alone = taker(name, SPECS[name], FILE.about, TABLES, required=required, words=words)
    field = field_of(name, SPECS[name], FILE.about, TABLES, required=required, words=words)
    beside = straight([field], usual={name: None})
    for case in ({"a": found, "b": other}, {"a": {"b": found}}, {}, found):
        # Twice, for what it remembers.
        for _ in range(2):
            assert _said(beside, case, case, NOON) == _said(alone, case, case)


@pytest.mark.parametrize("name", sorted(MOMENTS | DAYS))
@pytest.mark.parametrize("day", [date(1989, 12, 31), date(1990, 1, 1), NOON.date(), date(2999, 1, 1)])
def test_a_date_that_cannot_be_true_is_refused_wherever_it_comes_from(name: str, day: date):
    said = []
    for spec in (Spec(path=["a"]), Spec(value=day.isoformat())):
        field = field_of(name, spec, FILE.about, {}, required=False)
        case, read = {"a": day.isoformat()}, straight([field], usual={}, dated=[name])
        said.append(_said(read, case, case, NOON))
    assert said[0] == said[1]
    ahead = name not in ("inspection_at", "new_date", "sent_date", "expected_date", "due_date")
    assert (said[0][0] is FieldProblem) is (day.year < 1990 or (ahead and day.year > 2900))


@given(st.lists(ANYTHING, min_size=1, max_size=6))
def test_a_rule_that_is_remembered_is_the_rule_that_would_be_found(codes: list[Any]):
    rules = [
        Rule.model_validate({"name": f"{number}", "stage": "checking", "when": when})
        for number, when in enumerate(
            [{"a": "a", "b": "x"}, {"a": ["1", "true", "motor"]}, {"a": {"exists": False}}, {"b": {"not_in": ["b"]}}]
        )
    ]
    match = first_match(rules)
    for code in codes:
        for case in ({"a": code}, {"a": code, "b": "b"}, {"a": "a", "b": code}):
            assert match(case) is next((rule for rule in rules if compile_when(rule.when)(case)), None)


def test_what_is_usual_goes_no_long_way():
    body = orjson.loads(orjson.dumps(claim(7)))
    field = field_of("policy_number", FILE.fields.policy_number or Spec(), FILE.about, {}, required=True)

    def long_way(node: Any, top: Any) -> Any:
        raise AssertionError(Record)

    assert straight([field._replace(take=long_way)], usual={})(body, body, NOON) == {"policy_number": "POL-0055433"}


def _said(read: Any, *case: Any) -> Any:
    """The value with its type, or the refusal."""
    try:
        value = read(*case)
    except (FieldProblem, UnknownCode) as problem:
        return type(problem), str(problem)
    (value,) = value.values() if type(value) is dict else (value,)
    return type(value), value
