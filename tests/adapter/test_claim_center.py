"""Reading a ClaimCenter: polling by watermark and by sweep, and every way in which it may fail us."""

import httpx
import pytest

from backoffice_adapter.tables import RunState
from tests.adapter.cases import activity, check
from tests.adapter.conftest import Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at, problem

INFOS, CLAIM = r"/claim/v1/claim-infos", r"/claim/v1/claims/[^/]+"
STAGES = "select source_ref, stage from claim order by source_ref"


def some_claims(cc: FakeClaimCenter, count: int = 8) -> None:
    for number in range(count):
        cc.put(f"cc:{number}")


async def test_every_claim_is_read_by_its_id_with_its_parts(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    cc.put("cc:1", activities=[activity("request_documents")])
    cc.put("cc:2", checks=[check("issued")])
    summary = await sync()
    assert (summary.state, summary.counts.new) == (RunState.DONE, 2)
    assert await rows(STAGES) == [("cc:1", "collecting"), ("cc:2", "fulfilling")]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_the_second_poll_reads_only_what_moved(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    some_claims(cc)
    await sync()
    before = cc.count("GET", CLAIM)
    cc.put("cc:5", activities=[activity("calculation")])
    summary = await sync()
    assert cc.count("GET", CLAIM) - before == 1
    assert summary.counts.changed == 1
    assert await rows("select e.stage from case_event e where not historic") == [("assessing",)]


@pytest.mark.parametrize("watermark", [True, False])
async def test_a_poll_without_news_writes_nothing(cc: FakeClaimCenter, sync: Sync, rows: Rows, watermark: bool):
    some_claims(cc)
    await sync(watermark=watermark)
    state = "select xmin::text, id from claim order by id"
    before, read = await rows(state), cc.count("GET", CLAIM)
    summary = await sync(watermark=watermark)
    assert await rows(state) == before
    assert cc.count("GET", CLAIM) == read
    assert summary.counts.events == 0


async def test_without_a_watermark_a_sweep_compares_checksums(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    await sync(watermark=False)
    cc.put("cc:3", activities=[activity("calculation")])
    before = cc.count("GET", CLAIM)
    summary = await sync(watermark=False)
    assert cc.count("GET", CLAIM) - before == 1
    assert (summary.counts.seen, summary.counts.changed) == (8, 1)


async def test_a_full_reading_reads_all_and_finds_nothing_new(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    await sync()
    before = cc.count("GET", CLAIM)
    summary = await sync(full=True)
    assert cc.count("GET", CLAIM) - before == 8
    assert (summary.counts.unchanged, summary.counts.events) == (8, 0)


async def test_a_token_that_ends_in_mid_run_is_renewed_once(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    cc.once(at(CLAIM, problem(401, "RestAuthenticationException", "expired"), nth=4))
    summary = await sync()
    assert (summary.state, summary.counts.new, cc.tokens) == (RunState.DONE, 8, 2)


async def test_a_token_that_is_never_good_fails_the_run_and_does_not_knock_for_ever(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    cc.faults = [lambda request: problem(401, "RestAuthenticationException", "no") for _ in range(50)]
    summary = await sync()
    assert summary.state is RunState.FAILED
    assert cc.count("GET", INFOS) == 2


async def test_a_server_that_asks_for_patience_gets_it(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    cc.once(at(INFOS, httpx.Response(429, headers={"Retry-After": "7"}), nth=2))
    cc.once(at(CLAIM, httpx.Response(503), nth=3))
    summary = await sync()
    assert (summary.state, summary.counts.new) == (RunState.DONE, 8)
    assert 7.0 in cc.waited


async def test_a_silent_server_fails_the_run_and_the_next_one_resumes_at_the_cursor(
    cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    some_claims(cc)
    for _ in range(5):
        cc.once(at(INFOS, httpx.ReadTimeout("slow"), nth=2))
    summary = await sync()
    assert (summary.state, summary.counts.new) == (RunState.FAILED, 3)
    assert "ReadTimeout" in str(summary.problem)
    again = await sync()
    assert again.state is RunState.DONE, again.problem
    assert (await rows("select count(*), count(distinct source_ref) from claim")) == [(8, 8)]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


TORN = [
    httpx.Response(200, content=b'{"count": 3, "data": [{"attributes": {"claimId": "cc:0"'),
    httpx.Response(200, json={"count": 3, "data": [{"attributes": {"claimId": "cc:0"}}]}),
    httpx.Response(200, json={"count": 1, "data": [{"checksum": "1"}]}),
    httpx.Response(200, json={"data": {"attributes": {}}}),
    httpx.Response(200, content=b""),
    httpx.Response(200, json=["no", "envelope"]),
]


@pytest.mark.parametrize("torn", TORN, ids=["cut", "half", "no attributes", "no list", "empty", "no envelope"])
async def test_a_page_that_is_not_whole_is_refused_whole_and_the_cursor_stays(
    cc: FakeClaimCenter, sync: Sync, rows: Rows, torn: httpx.Response
):
    some_claims(cc)
    for _ in range(5):
        cc.once(at(INFOS, torn, nth=2))
    summary = await sync()
    assert (summary.state, summary.counts.new) == (RunState.FAILED, 3)
    cursor = await rows("select cursor from source_cursor")
    assert "08:00:03" in str(cursor)
    cc.faults = []
    await sync()
    assert await rows("select count(*) from claim") == [(8,)]


async def test_links_that_go_in_a_circle_end_the_run(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    body = {"count": 0, "data": [], "links": {"next": {"href": "/claim/v1/claim-infos?pageSize=3&pageOffset=3"}}}
    cc.faults = [at(INFOS, httpx.Response(200, json=body), nth=2) for _ in range(20)]
    summary = await sync()
    assert (summary.state, "circle" in str(summary.problem)) == (RunState.FAILED, True)


async def test_a_link_to_another_host_is_not_followed_with_our_token(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc)
    body = {"count": 0, "data": [], "links": {"next": {"href": "https://evil.test/x"}}}
    cc.once(at(INFOS, httpx.Response(200, json=body)))
    summary = await sync()
    assert (summary.state, "leads elsewhere" in str(summary.problem)) == (RunState.FAILED, True)


async def test_a_list_that_moves_between_pages_loses_no_claim(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    some_claims(cc, 12)

    def drift(request: httpx.Request) -> None:
        if request.url.path.endswith("claim-infos") and "pageOffset" in request.url.params:
            # Somebody saves a claim of the first page: all others move up by one.
            cc.put(f"cc:{len(cc.calls) % 3}", activities=[activity("calculation")])

    cc.faults = [drift]  # type: ignore[list-item]
    for _ in range(3):
        await sync()
    cc.faults = []
    await sync()
    theirs = {ref: "assessing" if case["activities"] else "checking" for ref, case in cc.claims.items()}
    assert dict(await rows(STAGES)) == theirs


async def test_a_hidden_claim_is_no_deletion(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    some_claims(cc, 3)
    await sync()
    cc.hidden = {"cc:1"}
    for _ in range(3):
        await sync(full=True)
    assert await rows("select count(*) from claim") == [(3,)]
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_a_claim_that_hides_between_list_and_reading_is_passed_over(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc, 3)
    cc.once(at(r"/claim/v1/claims/cc:1", problem(404, "NotFoundException", "hidden")))
    summary = await sync()
    assert (summary.state, summary.counts.new) == (RunState.DONE, 2)


async def test_a_part_that_we_may_not_read_says_what_to_grant(cc: FakeClaimCenter, sync: Sync):
    some_claims(cc, 3)
    summary = await sync(parts=["contacts", "vehicle-incidents"])
    assert (summary.state, "vehicle-incidents" in str(summary.problem)) == (RunState.FAILED, True)


async def test_a_renumbered_claim_stays_one_claim(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    cc.put("cc:1")
    await sync()
    cc.claims["cc:1"]["claim"]["claimNumber"] = "000-1"
    cc.touch("cc:1")
    await sync()
    assert await rows("select claim_number from claim") == [("000-1",)]
    assert await rows("select number from claim_number") == [("N-cc:1",)]


async def test_a_change_of_a_check_alone_is_seen_although_the_claim_kept_its_checksum(
    cc: FakeClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1", checks=[check("requested")])
    await sync()
    for state in ("issued", "cleared"):
        cc.claims["cc:1"]["checks"] = [check(state)]
        await sync(full=True)
    kinds = [kind for (kind,) in await rows("select kind from case_event where not historic order by seq")]
    assert kinds == ["payment_sent", "payment_credited"]


async def test_unknown_fields_are_nobodys_business(cc: FakeClaimCenter, sync: Sync):
    cc.put("cc:1", somethingNew={"deep": [1, {"er": None}]}, exposures=[{"id": "x", "newThing": []}])
    summary = await sync()
    assert (summary.counts.new, summary.counts.rejected) == (1, 0)


async def test_a_ten_times_nested_and_an_endless_value_cost_one_claim(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    some_claims(cc, 12)
    cc.claims["cc:4"]["claim"]["claimNumber"] = "9" * 5_000
    summary = await sync()
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 11, 1)
    ((ref, reason),) = await rows("select case_ref, reason from rejected_case")
    assert (ref, reason.split(":")[0]) == ("cc:4", "claim_number")
