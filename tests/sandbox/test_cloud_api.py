"""The emulated Cloud API to clients that no one here wrote: its parameters work or are refused, never passed over."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.claim_center import Records, create_app
from sandbox.claim_center.installation import ClaimCenter
from sandbox.claim_center.typelists import TYPELISTS
from tests.sandbox.test_claim_center import BASE, a_claim

CLAIMS, INFOS = "/rest/claim/v1/claims", "/rest/claim/v1/claim-infos"
BAD_INPUT = "gw.api.rest.exceptions.BadInputException"


@pytest.fixture
def center() -> ClaimCenter:
    records = Records()
    for number in range(1, 9):
        records.add(a_claim(number), activities=[{"id": f"cc:a{number}", "status": {"code": "open"}}])
    return ClaimCenter(records)


@pytest.fixture
async def api(center: ClaimCenter) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(center)), base_url=BASE) as http:
        login = (center.setup.login_id, center.setup.login_secret)
        token = await http.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=login)
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        yield http


async def asked(api: httpx.AsyncClient, path: str, **params: str) -> Any:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_fields_takes_attributes_out_of_a_claim_and_of_a_list(api: httpx.AsyncClient):
    claim = await asked(api, f"{CLAIMS}/cc:1", fields="claimNumber,insured.displayName")
    assert claim["data"]["attributes"] == {"claimNumber": "2041-0001", "insured": {"displayName": "Irina Petrova"}}
    assert claim["data"]["checksum"], "the lock is there whatever is asked for"
    page = await asked(api, INFOS, fields="claimNumber", pageSize="3")
    assert [list(row["attributes"]) for row in page["data"]] == [["claimNumber"]] * 3
    assert "fields=claimNumber" in page["links"]["next"]["href"]


@pytest.mark.parametrize("names", ["*all", "*default", "*detail", "claimNumber,*all"])
async def test_the_sets_of_fields_show_everything(api: httpx.AsyncClient, names: str):
    whole = await asked(api, f"{CLAIMS}/cc:1")
    assert await asked(api, f"{CLAIMS}/cc:1", fields=names) == whole


async def test_the_summary_is_the_few_fields_of_a_list(api: httpx.AsyncClient):
    claim = await asked(api, f"{CLAIMS}/cc:1", fields="*summary")
    assert sorted(claim["data"]["attributes"]) == ["claimNumber", "id", "state"]


async def test_what_is_included_stands_beside_the_claim_and_is_named_in_it(api: httpx.AsyncClient):
    claim = await asked(api, f"{CLAIMS}/cc:2", include="activities,contacts")
    related, included = claim["data"]["related"], claim["included"]
    assert related["activities"] == {"count": 1, "data": [{"id": "cc:a2", "type": "Activity"}]}
    assert (related["contacts"]["count"], list(included)) == (0, ["Activity"])
    assert included["Activity"][0]["attributes"]["id"] == "cc:a2"


REFUSED = {
    "an unknown set": (f"{CLAIMS}/cc:1", {"fields": "*everything"}, "*everything"),
    "an unknown field": (f"{CLAIMS}/cc:1", {"fields": "reserve"}, "reserve"),
    "what cannot be included": (f"{CLAIMS}/cc:1", {"include": "documents"}, "documents"),
    "a list cannot include": (INFOS, {"include": "contacts"}, "contacts"),
    "a claim cannot be filtered": (f"{CLAIMS}/cc:1", {"filter": "state:eq:open"}, "filter"),
    "a field without a filter": (INFOS, {"filter": "lossDate:eq:2026-11-01"}, "lossDate"),
    "a filter in a claim's own list": (f"{CLAIMS}/cc:1/activities", {"filter": "status:eq:open"}, "status"),
    "an unknown operator": (INFOS, {"filter": "state:like:open"}, "like"),
    "a filter without a value": (INFOS, {"filter": "state:eq"}, "without a value"),
    "no timestamp": (INFOS, {"filter": "updateTime:gt:yesterday"}, "yesterday"),
    "a timestamp without a zone": (INFOS, {"filter": "updateTime:gt:2026-11-01T10:00:00"}, "2026-11-01T10:00:00"),
    "the beginning of a timestamp": (INFOS, {"filter": "updateTime:sw:2026-11-01T10:00:00Z"}, "timestamp"),
    "two signs before a sort": (INFOS, {"sort": "--updateTime"}, "-updateTime"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_a_parameter_that_cannot_work_is_refused_and_named(api: httpx.AsyncClient, name: str):
    path, params, word = REFUSED[name]
    answer = await api.get(path, params=params)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, BAD_INPUT)
    assert word in answer.json()["userMessage"]


async def test_moments_are_compared_as_moments_however_they_are_written(api: httpx.AsyncClient, center: ClaimCenter):
    for number, stamp in (
        (1, "2026-11-20T10:00:00.500Z"),
        (2, "2026-11-20T10:00:00Z"),
        (3, "2026-11-20T13:00:00+03:00"),
    ):
        center.records.cases[f"cc:{number}"].claim["updateTime"] = stamp
    for number in range(4, 9):
        center.records.cases[f"cc:{number}"].claim["updateTime"] = "2026-11-19T00:00:00.000Z"
    for query, found in {
        "updateTime:ge:2026-11-20T10:00:00Z": {"cc:1", "cc:2", "cc:3"},
        "updateTime:gt:2026-11-20T10:00:00Z": {"cc:1"},
        "updateTime:in:2026-11-20T10:00:00.000Z,2026-11-20T10:00:00.500Z": {"cc:1", "cc:2", "cc:3"},
    }.items():
        page = await asked(api, INFOS, filter=query)
        assert {row["attributes"]["id"] for row in page["data"]} == found, query


async def test_a_write_that_shall_not_be_committed_runs_and_leaves_nothing(api: httpx.AsyncClient, center: ClaimCenter):
    case = center.records.case("cc:1")
    before, version = dict(case.claim), case.checksum
    dry = {"GW-DoNotCommit": "true", "GW-DBTransaction-ID": "t1"}
    body = {"data": {"attributes": {"description": "no"}, "checksum": version}}
    answer = await api.patch(f"{CLAIMS}/cc:1", json=body, headers=dry)
    assert (answer.status_code, answer.json()["data"]["attributes"]["description"]) == (200, "no")
    stale = {"data": {"attributes": {"description": "no"}, "checksum": "old"}}
    assert (await api.patch(f"{CLAIMS}/cc:1", json=stale, headers=dry)).status_code == 400
    activity = {"data": {"attributes": {"activityPattern": {"code": "calculation"}}}}
    assert (await api.post(f"{CLAIMS}/cc:1/activities", json=activity, headers=dry)).status_code == 201
    assert (await api.post(f"{CLAIMS}/cc:1/close", json={"data": {}}, headers=dry)).status_code == 200
    case = center.records.case("cc:1")
    assert (case.claim, case.checksum, len(case.parts["activities"])) == (before, version, 1)
    assert not center.records.transactions
    done = await api.patch(f"{CLAIMS}/cc:1", json=body, headers={"GW-DBTransaction-ID": "t1"})
    assert (done.status_code, center.records.case("cc:1").claim["description"]) == (200, "no")


async def test_a_typelist_shows_its_codes_and_the_retired_ones_when_asked(api: httpx.AsyncClient):
    every = await asked(api, "/rest/common/v1/typelists")
    assert {row["attributes"]["name"] for row in every["data"]} == set(TYPELISTS)
    path = "/rest/common/v1/typelists/ActivityStatus"
    keys = {
        word: [key["code"] for key in (await asked(api, path, includeRetired=word))["data"]["attributes"]["typeKeys"]]
        for word in ("false", "true")
    }
    assert keys == {"false": ["open", "complete", "canceled"], "true": ["open", "complete", "canceled", "skipped"]}
    assert (await api.get("/rest/common/v1/typelists/NoSuchList")).status_code == 404
