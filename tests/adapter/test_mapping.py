"""A mapping answers every case with a snapshot or a reason, and every mistake in it with line and column."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice_adapter.mapping import LeftOut, Rejected, Unmapped, formats, parse, paths, phones
from backoffice_adapter.mapping.table import ACTIONS
from claims_core.errors import Misconfigured
from claims_core.requested import ChangeAction
from claims_core.snapshot import ClaimSnapshot, DocumentSnapshot, PaymentSnapshot, PersonSnapshot
from tests.adapter.cases import CLAIM_CENTER, NOON, activity, as_record, check, claim_center_case

SMALL = Path(__file__).with_name("small.toml").read_text()
MOSCOW = ZoneInfo("Europe/Moscow")
TRANSLATE = parse(CLAIM_CENTER.read_text()).translator(source="cc", mapping_version=1)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just("x" * 3_000)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = [
    "claimNumber", "state", "lobCode", "lossDate", "reportedDate", "insured", "assignedUser", "lossLocation",
    "extSelfServiceStage_Ext", "extApprovedAmount_Ext", "updateTime", "policyNumber", "closedOutcome",
]  # fmt: skip


@st.composite
def hostile(draw: st.DrawFn) -> dict[str, Any]:
    """A good case in which one part was replaced by anything that JSON can hold."""
    case = claim_center_case(activities=[activity("request_documents")], checks=[check("issued")])
    part = draw(st.sampled_from(["claim", "contacts", "activities", "checks", "exposures"]))
    if part == "claim":
        case["claim"][draw(st.sampled_from(KEYS))] = draw(JSON)
    elif draw(st.booleans()):
        case[part] = draw(JSON)
    else:
        row = dict(case[part][0]) if case[part] else {}
        row[draw(st.sampled_from(["id", "status", "grossAmount", "displayName", "cellPhone", "dueDate"]))] = draw(JSON)
        case[part] = [row]
    return case


def checked_again(shot: ClaimSnapshot) -> ClaimSnapshot:
    """The same by pydantic, from the innermost part on: every type as declared, no name unknown, no text too long."""
    parts = {
        "policyholder": PersonSnapshot.model_validate(vars(shot.policyholder), strict=True),
        "payments": tuple(PaymentSnapshot.model_validate(vars(paid), strict=True) for paid in shot.payments),
        "documents": tuple(DocumentSnapshot.model_validate(vars(paper), strict=True) for paper in shot.documents),
    }
    return ClaimSnapshot.model_validate({**vars(shot), **parts}, strict=True)


@given(hostile())
def test_no_case_however_hostile_is_more_than_a_snapshot_or_a_reason(case: dict[str, Any]):
    said = TRANSLATE(as_record(case), NOON)
    assert isinstance(said, ClaimSnapshot | Rejected | Unmapped | LeftOut)
    if isinstance(said, ClaimSnapshot):
        assert "\x00" not in repr(said)


@given(hostile())
def test_what_a_mapping_makes_is_what_checking_all_of_it_again_would_make(case: dict[str, Any]):
    said = TRANSLATE(as_record(case), NOON)
    if isinstance(said, ClaimSnapshot):
        assert checked_again(said) == said


@pytest.mark.parametrize("said", ["boat", "MOTOR", "x" * 3_000, 7, ["motor"]])
def test_a_word_that_is_not_ours_is_refused_and_the_field_is_named(said: Any):
    translate = parse(SMALL.replace('{ value = "motor" }', '"line"')).translator(source="s", mapping_version=1)
    body = {"number": "1", "state": "new", "name": "Anna", "reported": "2026-03-01"}
    assert isinstance(translate(as_record({**body, "line": "motor"}), NOON), ClaimSnapshot)
    refused = translate(as_record({**body, "line": said}), NOON)
    assert isinstance(refused, Rejected)
    assert refused.reason.startswith("line_of_business: ")


def test_a_key_too_long_to_keep_is_refused():
    refused = TRANSLATE(as_record(claim_center_case())._replace(ref="9" * 5_000), NOON)
    assert isinstance(refused, Rejected)
    assert refused.reason.startswith("source_ref: ")


@given(hostile())
def test_the_same_case_is_always_translated_alike(case: dict[str, Any]):
    assert TRANSLATE(as_record(case), NOON) == TRANSLATE(as_record(case), NOON)


@given(st.text(max_size=60))
def test_any_text_is_a_path_or_a_mistake_that_says_so(text: str):
    try:
        find = paths.find_all(text)
    except paths.BadPath:
        return
    assert isinstance(find({"a": [{"b": 1}]}, {}), list)


@given(st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2100, 1, 1)))
def test_a_moment_without_an_offset_is_local_time_of_the_source(moment: datetime):
    moment = moment.replace(microsecond=0)
    read = formats.moment(["%d/%m/%Y %H:%M:%S"], MOSCOW)(moment.strftime("%d/%m/%Y %H:%M:%S"))
    assert read == moment.replace(tzinfo=MOSCOW)
    assert read.tzinfo is UTC


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_a_day_comes_through_each_format_as_it_was(day: date):
    for form in ("%m/%d/%Y", "%Y/%m/%d", "%d.%m.%Y", "iso"):
        said = day.isoformat() if form == "iso" else day.strftime(form)
        assert formats.day([form], MOSCOW)(said) == day


def test_an_hour_that_comes_twice_is_the_first_one():
    read = formats.moment(["iso"], ZoneInfo("America/New_York"))
    assert read("2026-11-01T01:30:00") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_seconds_and_milliseconds_since_1970_are_what_was_declared():
    moment = datetime(2026, 11, 1, 10, 0, tzinfo=UTC)
    assert formats.moment(["epoch_s"], MOSCOW)(int(moment.timestamp())) == moment
    assert formats.moment(["epoch_ms"], MOSCOW)(str(int(moment.timestamp() * 1000))) == moment
    with pytest.raises(ValueError, match="is not a date"):
        formats.moment(["epoch_s"], MOSCOW)(int(moment.timestamp() * 1_000_000))


@pytest.mark.parametrize("said", ["Infinity", "nan", "1e9", "12 rubles", "--5", "", "1" * 30, None, [], True])
def test_what_is_no_amount_is_refused(said: Any):
    with pytest.raises(ValueError, match="amount"):
        formats.money(".")(said)


@pytest.mark.parametrize(
    ("said", "is_"),
    [
        ("+79161234567", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("+1 202 555 0123", "+12025550123"),
        ("+49 30 1234567", None),
        ("+7 701 123 45 67", None),
        ("12345", None),
        ("call me", None),
        (79161234567, "+79161234567"),
    ],
)
def test_a_number_is_written_as_the_world_writes_it_or_left_out(said: Any, is_: str | None):
    assert phones.phone_reader(["RU", "US"])(said) == is_


MISTAKES = [
    ('stage = "registered"', 'stage = "registred"', "28:1: rule.0.stage: Input should be"),
    ('value = "motor"', 'value = "moto"', "12:22: fields.line_of_business.value: 'moto' is not one of"),
    ('["RU", "US"]', '["RU", "XX"]', "7:1: about.phone_countries.1: 'XX' is not a country"),
    ('"Europe/Moscow"', '"Europe/Moskow"', "6:1: about.time_zone: 'Europe/Moskow' is not a time zone"),
    ('"epoch_s"', '"%d.%m"', "16:36: fields.reported_at.format.2: '%d.%m' is not a date format"),
    ('name = "name"', 'reserve = "reserve"', "22:1: policyholder.reserve: Extra inputs"),
    ('ref = "number"', "", "20:1: policyholder.ref: Field required"),
    ('{ state = "new" }', '{ "a[[" = 1 }', "27:1: rule.0.when: 'a[[' does not close a bracket"),
    ('["phone"]', '["phone"', "25:1: Unclosed array"),
]


def test_two_rules_of_one_name_could_not_be_counted_apart():
    with pytest.raises(Misconfigured, match=r"mapping:31:1: rule\.1\.name: there is a rule 'new' already"):
        parse(SMALL.replace('name = "done"', 'name = "new"'))


def test_a_good_mapping_is_read():
    assert parse(SMALL).file.about.owner == "tests"


@pytest.mark.parametrize(("good", "bad", "said"), MISTAKES)
def test_a_mistake_in_a_mapping_is_told_with_line_and_column(good: str, bad: str, said: str):
    assert good in SMALL
    with pytest.raises(Misconfigured) as told:
        parse(SMALL.replace(good, bad, 1), name="small.toml")
    assert f"small.toml:{said}" in str(told.value)


def test_all_mistakes_are_told_at_once():
    broken = SMALL.replace('stage = "registered"', 'stage = "x"').replace(
        'time_zone = "Europe/Moscow"', 'time_zone = "x"'
    )
    with pytest.raises(Misconfigured) as told:
        parse(broken)
    assert len(str(told.value).splitlines()) == 2


def test_reserves_notes_and_fraud_marks_have_no_key_in_a_mapping():
    for key in ("reserve", "notes", "fraud_score", "siu", "description"):
        with pytest.raises(Misconfigured):
            parse(SMALL.replace("[fields]", f'[fields]\n{key} = "{key}"'))


def test_the_actions_of_a_mapping_are_those_of_the_desk():
    assert {action.value for action in ChangeAction} == ACTIONS


def test_the_lowest_priority_number_is_tried_first():
    rules = '[[rule]]\nname = "all"\npriority = 5\nstage = "checking"\n\n[[rule]]\nname = "new"'
    mapping = parse(SMALL.replace('[[rule]]\nname = "new"', rules, 1))
    body = {"number": "1", "state": "new", "reported": "2026-11-01", "name": "I"}
    said = mapping.translator(source="f", mapping_version=1)(as_record(body), NOON)
    assert isinstance(said, ClaimSnapshot)
    assert said.stage == "checking"


def test_a_date_a_day_ahead_is_a_clock_that_differs_and_two_days_ahead_a_mistake():
    translate = parse(SMALL).translator(source="f", mapping_version=1)
    body = {"number": "1", "state": "new", "name": "I"}
    ahead = [(NOON + timedelta(days=days)).isoformat() for days in (1, 2)]
    said = [translate(as_record({**body, "reported": moment}), NOON) for moment in ahead]
    assert [type(one) for one in said] == [ClaimSnapshot, Rejected]


def test_a_case_with_thousands_of_payments_is_refused_and_says_so():
    said = TRANSLATE(as_record(claim_center_case(checks=[check("issued", ref=str(n)) for n in range(5_000)])), NOON)
    assert isinstance(said, Rejected)
    assert "payments: 5000 of them" in said.reason
