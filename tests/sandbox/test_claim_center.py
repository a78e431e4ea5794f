"""The emulated ClaimCenter does what is known of the real one, seen through the product's own source."""

from dataclasses import replace

import httpx
import pytest

from backoffice_adapter.settings import ClaimCenterConfig, Watermark
from backoffice_adapter.source import Kept, Order, OrderKind
from backoffice_adapter.sources.claim_center import ClaimCenter as Source
from claims_core.clock import utc_now
from claims_core.errors import SourceConflict, SourceRefused, SourceUnavailable
from sandbox.claim_center import Records, create_app
from sandbox.claim_center.installation import ClaimCenter, Fault

BASE = "http://claim-center"


def a_claim(number: int) -> dict[str, object]:
    return {
        "id": f"cc:{number}",
        "claimNumber": f"2041-{number:04}",
        "state": {"code": "open", "name": "Open"},
        "lobCode": {"code": "kasko", "name": "KASKO"},
        "reportedDate": "2026-11-03T09:15:00.000Z",
        "insured": {"id": f"cc:p{number}", "displayName": "Irina Petrova"},
        "lossLocation": {"country": {"code": "RU"}},
    }


class Unknown:
    """A reader that knows nothing yet."""

    async def same_marks(self, marks):
        return set()


@pytest.fixture
def center() -> ClaimCenter:
    records = Records()
    for number in range(250):
        records.add(a_claim(number))
    return ClaimCenter(records)


@pytest.fixture
async def source(center: ClaimCenter, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC_LOGIN", center.setup.login_id)
    monkeypatch.setenv("CC_SECRET", center.setup.login_secret)
    config = ClaimCenterConfig(
        name="cc",
        kind="claim_center",
        base_url=BASE,
        token_url=f"{BASE}/oauth2/token",
        client_id_env="CC_LOGIN",
        client_secret_env="CC_SECRET",
        mapping="m.toml",
        watermark=Watermark(field="updateTime"),
        parts=["contacts", "activities"],
        tries=2,
    )

    async def at_once(_: float) -> None:
        return

    source = Source(config, key=b"k", transport=httpx.ASGITransport(create_app(center)), sleep=at_once, clock=utc_now)
    yield source
    await source.close()


async def _read(source: Source, cursor=None):
    pages = [page async for page in source.changed_since(cursor, Unknown())]
    return [record.ref for page in pages for record in page.records], pages[-1].cursor


async def test_every_claim_is_read_once_page_by_page(source: Source, center: ClaimCenter):
    refs, _ = await _read(source)
    assert sorted(refs) == sorted(center.records.cases)
    lists = [call for call in center.calls if call.endswith("/claim-infos")]
    assert len(lists) == 3


async def test_the_next_run_reads_what_moved_and_little_more(source: Source, center: ClaimCenter):
    _, cursor = await _read(source)
    center.records.change("cc:7", description="moved")
    refs, _ = await _read(source, cursor)
    assert "cc:7" in refs


async def test_a_claim_that_moves_while_the_page_is_turned_is_not_lost(source: Source, center: ClaimCenter):
    center.faults.append(Fault("drift", "/claim-infos", times=3))
    refs, _ = await _read(source)
    assert set(refs) == set(center.records.cases)


async def test_a_hidden_claim_answers_like_one_that_is_not_there(source: Source, center: ClaimCenter):
    center.records.cases["cc:3"].hidden = True
    assert await source.get("cc:3") is None
    assert await source.get("cc:999999") is None


@pytest.mark.parametrize("listed", [True, False])
async def test_an_archived_claim_answers_by_its_id_alone_and_is_kept(source: Source, center: ClaimCenter, listed: bool):
    center.setup = replace(center.setup, lists_archived=listed)
    ref = next(iter(center.records.cases))
    center.records.archive(ref)
    pages = [page async for page in source.changed_since(None, Unknown())]
    assert [kept for page in pages for kept in page.kept] == ([ref] if listed else [])
    assert sum(len(page.records) for page in pages) == 249
    assert await source.get(ref) == Kept(ref)


async def test_a_page_of_more_than_a_hundred_is_refused(center: ClaimCenter):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(center)), base_url=BASE) as http:
        login = (center.setup.login_id, center.setup.login_secret)
        token = await http.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=login)
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        refused = await http.get("/rest/claim/v1/claim-infos", params={"pageSize": 101})
        assert (refused.status_code, refused.json()["errorCode"]) == (400, "gw.api.rest.exceptions.BadInputException")
        unknown = await http.get("/rest/claim/v1/claim-infos", params={"page": 1})
        assert unknown.status_code == 400
        default = (await http.get("/rest/claim/v1/claim-infos")).json()
        assert default["count"] == 25
        assert default["links"]["next"]["href"].startswith("/claim/v1/claim-infos?")
        found = await http.post(
            "/rest/claim/v1/search/claims-v2", json={"data": {"attributes": {"claimNumber": "2041-0003"}}}
        )
        assert [row["attributes"]["claimId"] for row in found.json()["data"]] == ["cc:3"]


async def test_an_expired_token_is_renewed_in_the_middle_of_a_run(source: Source, center: ClaimCenter):
    await source.get("cc:1")
    center.tokens.clear()
    assert (await source.get("cc:2")) is not None


async def test_half_an_answer_and_a_busy_server_are_asked_again(source: Source, center: ClaimCenter):
    center.faults.append(Fault("truncate", "/claims/cc:1"))
    center.faults.append(Fault("status", "/claims/cc:2", number=429, retry_after="1"))
    assert await source.get("cc:1") is not None
    assert await source.get("cc:2") is not None
    center.faults.append(Fault("status", "/claims/cc:1", number=503, times=2))
    with pytest.raises(SourceUnavailable):
        await source.get("cc:1")


async def test_a_change_is_done_once_for_its_transaction_and_refused_on_an_old_checksum(
    source: Source, center: ClaimCenter
):
    order = Order(OrderKind.PATCH, {"extSelfServiceStage_Ext": {"code": "approved"}})
    seen = (await source.get("cc:5")).version
    assert not (await source.apply("cc:5", order, checksum=seen, transaction_ref="t1")).already
    assert (await source.apply("cc:5", order, checksum=None, transaction_ref="t1")).already
    other = Order(OrderKind.PATCH, {"extSelfServiceStage_Ext": {"code": "declined"}})
    with pytest.raises(SourceConflict, match="checksum"):
        await source.apply("cc:5", other, checksum=seen, transaction_ref="t2")
    assert center.records.case("cc:5").claim["extSelfServiceStage_Ext"] == {"code": "approved"}


async def test_a_property_it_does_not_know_is_refused_when_asked_to_reject(center: ClaimCenter):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(center)), base_url=BASE) as http:
        login = (center.setup.login_id, center.setup.login_secret)
        token = await http.post("/oauth2/token", data={"grant_type": "client_credentials"}, auth=login)
        http.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
        refused = await http.patch("/rest/claim/v1/claims/cc:1", json={"data": {"attributes": {"reserve": 1}}})
        assert refused.status_code == 400
        assert "reserve" in refused.json()["userMessage"]


async def test_wrong_secrets_get_no_token(center: ClaimCenter, source: Source, monkeypatch: pytest.MonkeyPatch):
    center.tokens.clear()
    object.__setattr__(center.setup, "login_secret", "another")
    with pytest.raises(SourceRefused):
        await source.get("cc:1")


LISTS = ["contacts", "exposures", "activities", "checks", "payments", "documents"]


async def test_many_claims_in_one_call_are_the_claims_that_are_read_one_by_one(center: ClaimCenter, monkeypatch):
    for number in range(120):
        center.records.put("cc:1", "activities", {"id": f"cc:a{number}", "status": {"code": "open"}})
    center.records.put("cc:2", "documents", {"id": "cc:d1", "name": "photo.jpg", "mimeType": "image/jpeg"})
    center.records.cases["cc:3"].hidden = True
    monkeypatch.setenv("CC_LOGIN", center.setup.login_id)
    monkeypatch.setenv("CC_SECRET", center.setup.login_secret)
    described = {
        "name": "cc",
        "kind": "claim_center",
        "base_url": BASE,
        "token_url": f"{BASE}/oauth2/token",
        "client_id_env": "CC_LOGIN",
        "client_secret_env": "CC_SECRET",
        "mapping": "m.toml",
        "parts": LISTS,
    }
    read = {}
    for composite in (False, True):
        config = ClaimCenterConfig(**described, composite=composite)
        source = Source(config, key=b"k", transport=httpx.ASGITransport(create_app(center)), clock=utc_now)
        pages = [page async for page in source.changed_since(None, Unknown())]
        await source.close()
        read[composite] = {record.ref: record for page in pages for record in page.records}
    assert read[True] == read[False]
    assert len(read[True]) == 249
    assert len(read[True]["cc:1"].body["activities"]) == 120
    calls = [call for call in center.calls if call.endswith("/composite")]
    assert len(calls) == 18, "16 claims with 5 lists beside them fit into a call: 7 for each page of 100, 4 for 50"


async def test_more_than_a_hundred_parts_and_what_may_not_be_inside_are_refused(center: ClaimCenter):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(center)), base_url=BASE) as http:
        for uris in (["/claim/v1/claims/cc:1"] * 101, ["/claim/v1/claims/cc:1/documents"]):
            body = {"selections": [{"uri": uri} for uri in uris]}
            refused = await http.post("/rest/composite/v1/composite", json=body)
            assert (refused.status_code, refused.json()["requestFailed"]) == (400, True)


async def test_a_token_that_ends_within_a_run_is_renewed_for_composite_reads_too(source: Source, center: ClaimCenter):
    object.__setattr__(source, "config", source.config.model_copy(update={"composite": True}))
    pages = source.changed_since(None, Unknown())
    assert len((await anext(pages)).records) == 100
    center.tokens.clear()
    assert len((await anext(pages)).records) == 100
    await pages.aclose()


async def test_a_gateway_that_lets_no_composite_call_through_says_how_to_mend_it(source: Source, center: ClaimCenter):
    object.__setattr__(source, "config", source.config.model_copy(update={"composite": True}))
    center.faults.append(Fault("status", "/composite/v1", number=403))
    with pytest.raises(SourceRefused, match="take `composite` from the source"):
        await anext(source.changed_since(None, Unknown()))
