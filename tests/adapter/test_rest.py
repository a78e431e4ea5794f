"""A list behind HTTP as a source: each way of paging, nothing left out while it moves, whole pages only."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.source import Page
from backoffice_adapter.sources import json_text, open_source
from backoffice_adapter.sources.rest import Rest
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from claims_core.errors import Misconfigured, SourceRefused, SourceUnavailable
from tests.adapter.conftest import Rows
from tests.adapter.fake_rest import NOW, PAGING, SMALL, FakeRest, config_of

SINCE = {"param": "since", "field": "changed"}
Sync = Callable[..., Awaitable[Summary]]


@pytest.fixture
def api() -> FakeRest:
    return FakeRest()


@pytest.fixture
def sync(engine: AsyncEngine, api: FakeRest) -> Sync:
    async def run(paging: str = "body_link", **said: Any) -> Summary:
        mapping = load(SMALL)
        source = api.source(paging, key=mapping.key, **said)
        config = config_of(paging, **said)
        try:
            return await sync_once(Plan(engine, config, mapping, source, clock=lambda: NOW, settle=timedelta(0)))
        finally:
            await source.close()

    return run


async def pages_of(source: Rest, cursor: dict[str, Any] | None = None) -> list[Page]:
    pages = [page async for page in source.changed_since(cursor, None)]  # type: ignore[arg-type]
    await source.close()
    return pages


def refs(pages: list[Page]) -> set[str]:
    return {record.ref for page in pages for record in page.records}


@pytest.mark.parametrize("paging", PAGING)
@pytest.mark.parametrize("many", [0, 1, 4, 5, 8, 11])
async def test_each_way_of_paging_reads_all(api: FakeRest, paging: str, many: int):
    api.put(*range(many))
    pages = await pages_of(api.source(paging))
    assert refs(pages) == {f"N{number}" for number in range(many)}
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


@pytest.mark.parametrize("paging", PAGING)
async def test_a_run_asks_only_for_what_changed_and_steps_back_by_the_overlap(api: FakeRest, paging: str, sync: Sync):
    api.put(*range(9), at="2026-11-19T10:00:00Z")
    assert (await sync(paging, since=SINCE)).counts.new == 9
    api.put(3, state="done", at="2026-11-19T11:00:00Z")
    api.put(20, at="2026-11-19T09:57:00Z")
    api.asked.clear()
    summary = await sync(paging, since=SINCE)
    assert (summary.counts.new, summary.counts.changed) == (1, 1)
    assert {request.url.params["since"] for request in api.asked} == {"2026-11-19T09:55:00Z"}


async def test_a_time_far_ahead_hides_nothing_that_comes_after(api: FakeRest, sync: Sync):
    api.put(1, at="2099-01-01T00:00:00Z")
    await sync(since=SINCE)
    api.put(2, at="2026-11-20T11:58:00Z")
    assert (await sync(since=SINCE)).counts.new == 1


@pytest.mark.parametrize(
    ("form", "at", "asked"),
    [
        ("epoch_s", 1_790_000_000, "1789999700"),
        ("epoch_ms", 1_790_000_000_000, "1789999700000"),
        ("%d.%m.%Y %H:%M:%S", "20.11.2026 13:00:00", "20.11.2026 12:55:00"),
        ("count", 5_000, "4000"),
    ],
)
async def test_the_time_is_written_as_they_want_it(api: FakeRest, form: str, at: Any, asked: str):
    api.put(1, changed=at)
    since = {**SINCE, "format": form, "time_zone": "Europe/Moscow"}
    cursor = (await pages_of(api.source("none", since=since)))[-1].cursor
    api.cases.clear()
    await pages_of(api.source("none", since=since), cursor)
    assert api.asked[-1].url.params["since"] == asked


@given(data=st.data())
@settings(max_examples=150)
@pytest.mark.parametrize("paging", ["offset", "page"])
async def test_a_list_that_moves_between_pages_is_read_until_nothing_is_missed(paging: str, data: st.DataObject):
    api, steps = FakeRest(), data.draw(st.lists(st.sampled_from(["take", "put", "move", "rest"]), max_size=5))
    api.put(*range(10))
    there: set[str] = set()  # from the first page of the last pass on, all the time

    def move() -> None:
        if api.asked[-1].url.params[PAGING[paging]["param"]] in ("0", "1"):
            there.clear()
            there.update(case["number"] for case in api.cases)
        step = steps.pop() if steps else "rest"
        if step == "take":
            api.remove(data.draw(st.integers(0, 9)))
        if step == "put":
            api.put(100 + len(steps))
            api.cases.insert(0, api.cases.pop())
        if step == "move" and api.cases:
            api.cases.insert(0, api.cases.pop())
        there.intersection_update(case["number"] for case in api.cases)

    api.between = move
    pages = await pages_of(api.source(paging, since=SINCE))
    assert pages[-1].cursor is None or there <= refs(pages)


HALVES = {
    "a body cut in the middle": lambda request, said: httpx.Response(200, content=said.content[:-9]),
    "a body of nothing but a bracket": lambda request, said: httpx.Response(200, content=b"{"),
    "words and not JSON": lambda request, said: httpx.Response(200, content=b"<html>maintenance</html>"),
}


@pytest.mark.parametrize("fault", HALVES.values(), ids=HALVES.keys())
async def test_half_a_page_is_asked_for_again(api: FakeRest, sync: Sync, fault: Any):
    api.put(*range(6))
    api.faults = [fault, fault]
    assert (await sync()).counts.new == 6
    assert api.waited == [0.5, 1.0]


@pytest.mark.parametrize("fault", HALVES.values(), ids=HALVES.keys())
async def test_a_page_that_stays_half_ends_the_run_and_leaves_the_cursor(
    api: FakeRest, sync: Sync, rows: Rows, fault: Any
):
    api.put(1)
    await sync(since=SINCE)
    api.put(*range(2, 8), at="2026-11-19T12:00:00Z")
    api.faults = [fault] * 5
    summary = await sync(since=SINCE)
    assert (summary.state, summary.counts.seen) == (RunState.FAILED, 0)
    assert "its body is cut" in str(summary.problem)
    assert (await sync(since=SINCE)).counts.new == 6
    assert await rows("select count(*) from rejected_case") == [(0,)]


async def test_a_page_that_holds_fewer_than_it_says_is_refused_whole(api: FakeRest, sync: Sync):
    api.put(*range(3))

    def lose(request: httpx.Request, said: httpx.Response) -> httpx.Response:
        body = orjson.loads(said.content)
        body["data"]["items"].pop()
        return httpx.Response(200, json=body)

    api.faults = [lose]
    summary = await sync(page={"count": "meta.count"})
    assert (summary.state, summary.counts.seen) == (RunState.FAILED, 0)
    assert "a page of 3 holds 2" in str(summary.problem)


async def test_a_list_that_is_not_where_it_should_be_is_told_with_its_place(api: FakeRest, sync: Sync):
    api.put(1)
    summary = await sync(records="items")
    assert "/claims: a page without its list at 'items'" in str(summary.problem)


@pytest.mark.parametrize("paging", ["body_link", "cursor", "link_header"])
async def test_pages_that_go_round_end_the_run(api: FakeRest, paging: str):
    api.put(*range(9))
    same = httpx.Response(
        200,
        json={"data": {"items": []}, "meta": {"next": "4"}, "links": {"next": "/v1/claims?after=4"}},
        headers={"Link": '</v1/claims?after=4>; rel="next"'},
    )
    api.faults = [lambda request, said: same] * 3
    with pytest.raises(SourceUnavailable, match="round in a circle"):
        await pages_of(api.source(paging))


@pytest.mark.parametrize("paging", ["offset", "page"])
async def test_a_server_that_gives_the_same_page_whatever_is_asked_ends_the_run(api: FakeRest, paging: str):
    api.put(*range(4))
    with pytest.raises(SourceUnavailable, match="the same page comes again"):
        await pages_of(api.source(paging, page={"param": "unknown", "total": None}))


async def test_an_empty_page_with_a_link_is_not_the_end(api: FakeRest):
    api.put(*range(9))

    def empty(request: httpx.Request, said: httpx.Response) -> httpx.Response | None:
        if request.url.params.get("after") != "4":
            return None
        return httpx.Response(200, json={"data": {"items": []}, "links": {"next": "?limit=4&after=4&again=1"}})

    api.faults = [empty]
    assert len(refs(await pages_of(api.source()))) == 9


async def test_a_page_behind_the_last_may_be_a_404(api: FakeRest):
    api.put(*range(8))
    beyond = lambda request, said: httpx.Response(404) if request.url.params["page"] == "3" else None  # noqa: E731
    api.faults = [beyond]
    assert len(refs(await pages_of(api.source("page", page={"total": None})))) == 8


@pytest.mark.parametrize("link", ["http://evil.test/v1/claims", "//evil.test/x", "https://api.test/v1/claims"])
async def test_a_link_that_leads_elsewhere_never_gets_our_token(api: FakeRest, link: str):
    api.put(1)
    api.faults = [lambda request, said: httpx.Response(200, json={"data": {"items": []}, "links": {"next": link}})]
    with pytest.raises(SourceRefused, match="leads elsewhere"):
        await pages_of(api.source())
    assert len(api.asked) == 1


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_ID", "us")
    monkeypatch.setenv("API_SECRET", "hush")


AUTH = {
    "none": ({}, None),
    "basic": ({"kind": "basic", "login_env": "API_ID", "secret_env": "API_SECRET"}, "Basic dXM6aHVzaA=="),
    "bearer": ({"kind": "bearer", "secret_env": "API_SECRET"}, "Bearer hush"),
}


@pytest.mark.parametrize(("auth", "header"), AUTH.values(), ids=AUTH.keys())
@pytest.mark.usefixtures("secrets")
async def test_we_say_who_we_are(api: FakeRest, auth: dict[str, Any], header: str | None):
    await pages_of(api.source(auth=auth))
    assert api.asked[0].headers.get("Authorization") == header


@pytest.mark.usefixtures("secrets")
async def test_a_secret_may_stand_in_a_header_of_its_own(api: FakeRest):
    await pages_of(api.source(auth={"kind": "header", "header": "X-Api-Key", "secret_env": "API_SECRET"}))
    assert api.asked[0].headers["X-Api-Key"] == "hush"


OAUTH = {"kind": "oauth2", "token_url": "http://api.test/token", "login_env": "API_ID", "secret_env": "API_SECRET"}


@pytest.mark.usefixtures("secrets")
async def test_a_token_that_ends_in_mid_run_is_renewed_and_nothing_is_missed(api: FakeRest):
    api.put(*range(9))
    api.good = "Bearer none yet"

    def end() -> None:
        api.good = "Bearer another"

    api.between = end
    assert len(refs(await pages_of(api.source(auth=OAUTH)))) == 9
    assert api.tokens == 3


@pytest.mark.usefixtures("secrets")
async def test_who_is_not_known_is_refused_once_and_not_asked_for_ever(api: FakeRest):
    api.good = "Bearer somebody else"
    with pytest.raises(SourceRefused, match="401: this account may not read it"):
        await pages_of(api.source(auth=AUTH["bearer"][0]))
    assert len(api.asked) == 1


async def test_a_busy_server_is_waited_for_as_long_as_it_asks(api: FakeRest):
    api.put(1)
    api.faults = [
        lambda request, said: httpx.Response(429, headers={"Retry-After": "7"}),
        lambda request, said: httpx.Response(503),
        lambda request, said: httpx.ReadTimeout("slow"),
        lambda request, said: httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate has expired"),
    ]
    assert refs(await pages_of(api.source())) == {"N1"}
    assert api.waited == [7.0, 1.0, 2.0, 4.0]


async def test_a_certificate_that_has_ended_is_told_in_words(api: FakeRest):
    api.faults = [lambda request, said: httpx.ConnectError("certificate has expired")] * 5
    with pytest.raises(SourceUnavailable, match="certificate has expired"):
        await pages_of(api.source())


POISON = {
    "a lone surrogate": (b'"\\ud800"', "thing: is not JSON"),
    "an invalid byte": (b'"K\xffa"', "thing: is not JSON"),
    "nesting that no parser takes": (b"[" * 3000 + b"]" * 3000, "thing: is not JSON"),
    "nesting that cannot be kept": (b"[" * 500 + b"]" * 500, "thing: cannot be kept"),
    "a word that is none": (b"NaN", "thing: is not JSON"),
}


@pytest.mark.parametrize(("poison", "reason"), POISON.values(), ids=POISON.keys())
async def test_a_poisoned_case_costs_itself_and_names_its_field(
    api: FakeRest, sync: Sync, rows: Rows, poison: bytes, reason: str
):
    api.put(1, 2, 4)
    api.put(3, thing="POISON")
    api.faults = [
        lambda request, said: httpx.Response(200, content=said.content.replace(b'"POISON"', poison))
    ]  # fmt: skip
    summary = await sync("none")
    assert (summary.counts.new, summary.counts.rejected) == (3, 1)
    ((said,),) = await rows("select reason from rejected_case")
    assert reason in said


async def test_one_case_is_read_by_its_key(api: FakeRest):
    api.put(7)
    source = api.source()
    found = await source.get("N7")
    assert found is not None
    assert found.body["thing"] == "Kia"
    assert await source.get("N8") is None
    assert await source.get("../token") is None
    assert {request.url.path for request in api.asked} <= {"/v1/claims/N7", "/v1/claims/N8", "/v1/claims/../token"}
    assert await source.get("..") is None
    await source.close()


async def test_the_doctor_tells_what_the_first_page_shows(api: FakeRest):
    api.put(*range(9))
    source = api.source("page")
    assert await source.look() == "/claims shows 4 of 9 cases on its first page"
    await source.close()


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"since": {**SINCE, "format": "%Q"}}, "is not a date format"),
        ({"records": "data..items"}, "is not a step"),
        ({"auth": AUTH["bearer"][0]}, "API_SECRET is not set"),
    ],
)
def test_a_description_that_cannot_be_is_told_before_anything_is_asked(said: dict[str, Any], why: str):
    with pytest.raises(Misconfigured, match=why):
        open_source(config_of(**said), key=b"", clock=lambda: NOW)


LEAVES = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text()
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(elements=st.lists(JSON), name=st.text(alphabet="abcä_", min_size=1), spaces=st.sampled_from([b"", b"\n  "]))
def test_a_list_cut_out_by_hand_is_the_list(elements: list[Any], name: str, spaces: bytes):
    raw = b'{"meta": {"next": "[,]"},' + spaces + orjson.dumps(name) + b":" + spaces
    raw += b"[" + b",".join(spaces + orjson.dumps(element) + spaces for element in elements) + b"]}"
    cut = json_text.cut_out(raw, name)
    if not elements and cut is None:
        return
    assert cut is not None
    assert orjson.loads(cut[0]) == {"meta": {"next": "[,]"}, name: []}
    assert [orjson.loads(element) for element in cut[1]] == elements
