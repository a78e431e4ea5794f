"""`claims mapping`: mistakes by place, idle rules, one case as its policyholder would read it, a first table."""

import json
from pathlib import Path

import pytest

from backoffice_adapter.mapping import load, parse
from backoffice_adapter.mapping.explain import explain
from backoffice_adapter.mapping.suggestion import suggest
from claims_core.errors import Misconfigured
from tests.adapter.cases import CLAIM_CENTER, NOON, as_record, change, claim_center_case
from tests.adapter.conftest import Rows

PORTAL = {
    "PORTAL_PUBLIC_URL": "https://claims.example",
    "PORTAL_SECRET_KEY": "a secret of the tests, long enough for all of them",
    "PORTAL_BRAND_NAME": "Test",
    "PORTAL_BRAND_PHONE": "1-800-555-0123",
}


async def test_check_tells_each_mistake_with_its_place(home: Path, claims):
    change(home / "life.toml", 'stage = "registered"', 'stage = "begun"')
    change(home / "life.toml", 'time_zone = "America/New_York"', 'time_zone = "Eastern"')
    code, said = await claims("mapping", "check", "--json")
    found = [json.loads(line) for line in said.splitlines()]
    assert code == 1
    assert [(one["line"], one["column"]) for one in found if "line" in one] == [("11", "1"), ("50", "1")]


async def test_check_says_which_rules_held_which_never_did_and_which_codes_no_rule_knew(home: Path, claims):
    change(home / "life.toml", 'when = { claimstatus = "P" }\nstage', 'when = { claimstatus = "Paid" }\nstage')
    code, said = await claims("mapping", "check")
    assert (code, "was never read" in said) == (0, True)
    await claims("sync")
    code, said = await claims("mapping", "check")
    assert code == 3
    assert "never  paid" in said
    assert "no rule knows claimstatus=P; adjudicationstatus=: " in said
    assert "also in the last run; try it: claims mapping try 10000" in said
    change(home / "life.toml", '"Paid"', '"P"')
    assert "the file differs from it and holds from the next run on" in (await claims("mapping", "check"))[1]
    await claims("sync")
    code, said = await claims("mapping", "check")
    assert (code, "version 2" in said, "never" in said) == (0, True, False)


async def test_try_shows_what_came_what_we_made_and_what_the_client_would_read_in_both_languages(
    home: Path, claims, rows: Rows, monkeypatch: pytest.MonkeyPatch
):
    for name, value in PORTAL.items():
        monkeypatch.setenv(name, value)
    code, said = await claims("mapping", "try", str(home / "src" / "claims-01.csv"))
    assert code == 0
    assert "by the rule 'adjudicated'" in said
    assert "02/02/2020           claimsreporteddate  2020-02-02T05:00:00+00:00  fields.reported_at" in said
    assert "page: Одобрено" in said
    assert "page: Approved" in said
    assert "sms: Claim 0001: approved" in said
    assert await rows("select count(*) from claim") == [(0,)]


async def test_try_finds_a_known_claim_by_its_number_and_without_the_portals_settings_says_so(home: Path, claims):
    await claims("sync")
    code, said = await claims("mapping", "try", "10000002", "--json")
    told = json.loads(said)
    assert (code, told["ref"], told["rule"]) == (0, "10000002", "adjudicated")
    assert "PORTAL_PUBLIC_URL" in told["read"][0]["problem"]


async def test_a_case_that_is_not_there_is_told_in_a_sentence(home: Path, claims, capsys: pytest.CaptureFixture[str]):
    assert (await claims("mapping", "try", "99"))[0] == 1
    assert (await claims("mapping", "try", "99", "--source", "death"))[0] == 2


async def test_one_bad_value_hides_no_other(home: Path, claims):
    change(home / "src" / "claims-01.csv", "02/02/2020,2019/12/31,A", "2020-02-02,2019/12/31,A")
    code, said = await claims("mapping", "try", str(home / "src" / "claims-01.csv"))
    assert code == 3
    assert "rejected: reported_at: '2020-02-02' is not a date as %m/%d/%Y" in said
    assert "Mark Leach" in said


def test_what_no_key_leads_to_is_named_and_conditions_in_a_path_are_no_obstacle():
    file = load(CLAIM_CENTER).file
    body = claim_center_case(surprise="new in their release")
    found = explain(file, as_record(body), NOON)
    assert found.rule is not None
    assert "claim.surprise" in found.unread
    assert not {"claim.claimNumber", "contacts[].displayName", "claim.state"} & set(found.unread)


async def test_suggest_writes_a_table_that_check_explains_until_a_person_has_decided(home: Path, claims):
    first = home / "first.toml"
    code, said = await claims("mapping", "suggest", "life", "--out", str(first))
    assert code == 0
    code, said = await claims("mapping", "check", "--file", str(first))
    assert code == 1
    assert "about.owner" in said
    assert "rule.0: give a stage, or leave_out = true" in said
    assert (await claims("mapping", "suggest", "life", "--out", str(first)))[0] == 1, "nothing is overwritten"


def test_a_suggestion_names_whoever_else_seems_to_claim_as_a_comment():
    cases = [
        {"claimNumber": str(n), "state": "open" if n % 3 else "closed", "created": "2026-11-01",
         "exposures": [{"sum": 5, "claimant": {"id": f"c{n}", "name": "Bo", "mobile": "+79161234567"}}]}
        for n in range(30)
    ]  # fmt: skip
    made = suggest(cases, source="s", zone="Europe/Moscow", country="ru")
    said = made[made.index("# [claimant]") :].splitlines()
    assert said[1:3] == ['# each = "exposures[]"', '# ref = "claimant.id"   # in 30 of 30']
    assert '# phones = ["claimant.mobile"]' in said
    assert not [line for line in said if line.startswith("# email")]
    assert "Bo" not in made


def test_a_suggested_claimant_has_a_line_for_all_that_is_suggested_of_the_policyholder():
    cases = [
        {"claimNumber": str(n), "state": "open", "created": "2026-11-01", "insuredEmail": "a@example.com",
         "claimants": [{"id": f"c{n}", "phone": "+79161234567"}]}
        for n in range(3)
    ]  # fmt: skip
    made = suggest(cases, source="s", zone="Europe/Moscow", country="ru")
    said = made[made.index("# [claimant]") :].splitlines()
    assert {'# name = ""   # which path?', '# email = ""   # which path?'} < set(said)


def test_a_completed_suggestion_is_a_mapping():
    cases = [
        {"claimNumber": str(n), "state": "open" if n % 3 else "closed", "created": f"{n % 28 + 1:02}.11.2026",
         "insured": {"id": f"p{n}", "name": "Ann"}, "phone": f"+7916123{n:04}"}
        for n in range(30)
    ]  # fmt: skip
    made = suggest(cases, source="s", zone="Europe/Moscow", country="ru")
    with pytest.raises(Misconfigured, match="give a stage"):
        parse(made)
    done = made.replace('owner = ""', 'owner = "us"').replace("# stage", "stage")
    for word in ("motor", "kasko", "RUB"):
        done = done.replace('{ value = "" }', f'{{ value = "{word}" }}', 1)
    translate = parse(done).translator(source="s", mapping_version=1)
    said = [translate(as_record(case, ref=case["claimNumber"]), NOON) for case in cases[:2]]
    assert [str(one.stage) for one in said] == ["closed", "registered"]
    assert said[0].policyholder.ref == "p0"
    assert "Ann" not in made, "a mapping is no place for a person's data"


def test_a_suggestion_takes_the_claims_own_code_and_telephone_before_those_in_its_lists():
    person, papers = {"phone": "+79161234567"}, [{"state": "ASKED"}, {"state": "CAME"}]
    cases = [
        {"id": n, "state": "AB"[n % 2], "phone": f"+7916000{n:04}", "papers": papers, "others": [person]}
        for n in range(30)
    ]
    made = suggest(cases, source="s", zone="Europe/Moscow", country="ru")
    assert 'code = ["state", "papers[].state"]' in made
    assert 'phones = ["phone"]' in made
    assert 'when = { "state" = "A" }   # 15 of 30' in made
