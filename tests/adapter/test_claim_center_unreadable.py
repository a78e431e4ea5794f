"""Claims of a ClaimCenter that nobody can read: each costs itself, and its reason names the field."""

import json
import re

import httpx
import pytest

from backoffice_adapter.tables import RunState
from tests.adapter.cases import activity
from tests.adapter.conftest import Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at

DEEP = [b"[" * 400 + b"]" * 400, b"[" * 5_000 + b"]" * 5_000, b"NaN", b'"\\ud800"']


@pytest.mark.parametrize("bad", DEEP, ids=["deep", "deeper", "no number", "no letter"])
@pytest.mark.parametrize("where", ["claim", "activities"])
@pytest.mark.parametrize("composite", [False, True])
async def test_a_claim_that_nobody_can_read_costs_itself_and_says_which_field_it_is(
    cc: FakeClaimCenter, sync: Sync, rows: Rows, bad: bytes, where: str, composite: bool
):
    for number in range(3):
        cc.put(f"cc:{number}", activities=[activity("approval")])
    spoilt = "/claim/v1/claims/cc:1" + ("" if where == "claim" else "/activities")
    whole = {"attributes": {**cc.claims["cc:1"]["claim"], "extra": "?"}, "checksum": "1"}
    body = json.dumps({"data": whole if where == "claim" else [whole]}).encode().replace(b'"?"', bad)
    cc.once(at(spoilt, httpx.Response(200, content=body)))
    summary = await sync(composite=composite)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 2, 1)
    ((ref, reason),) = await rows("select case_ref, reason from rejected_case")
    assert ref == "cc:1"
    assert re.search(rf"{where}.*\bextra", reason)
    assert str(bad)[:10] not in reason
    await sync(full=True)
    assert await rows("select count(*) from rejected_case where settled_at is null") == [(0,)]


async def test_elements_of_the_list_that_name_no_claim_are_kept_and_the_others_are_read(
    cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1")
    good = {"attributes": {"claimId": "cc:1", "updateTime": "2026-11-20T08:00:00.000Z"}, "checksum": "1"}
    bad = [{"claimId": value} for value in ("", "a\x00b", "x" * 600, {"a": 1}, None, 1.5)]
    data = [good, *({"attributes": one} for one in bad), {"attributes": {"claimId": "cc:9", "extra": "?"}}]
    content = json.dumps({"count": len(data), "data": data, "links": {}}).encode().replace(b'"?"', b"[" * 2000)
    content = content.replace(b"[" * 2000, b"[" * 2000 + b"]" * 2000)
    cc.once(at("/claim/v1/claim-infos", httpx.Response(200, content=content)))
    summary = await sync(most_rejected=1)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 1, 7)
    reasons = [str(reason) for (reason,) in await rows("select reason from rejected_case")]
    assert all("claimId" in reason or "extra" in reason for reason in reasons)


@pytest.mark.parametrize("count", ["2", None, [], 1.5])
async def test_a_page_whose_count_is_no_number_is_refused_or_read_and_never_a_mistake_of_ours(
    cc: FakeClaimCenter, sync: Sync, count: object
):
    cc.put("cc:1")
    good = {"attributes": {"claimId": "cc:1", "updateTime": "2026-11-20T08:00:00.000Z"}, "checksum": "1"}
    page = {"count": count, "data": [good, {"attributes": {"claimId": "cc:9", "extra": "?"}}], "links": {}}
    content = json.dumps(page).encode().replace(b'"?"', b"NaN")
    cc.once(at("/claim/v1/claim-infos", httpx.Response(200, content=content)))
    summary = await sync(most_rejected=1)
    if count is None:
        assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 1, 1)
    else:
        assert (summary.state, summary.counts.seen) == (RunState.FAILED, 0)
        assert summary.problem == f"/claim/v1/claim-infos: a page of {count} holds 1"
