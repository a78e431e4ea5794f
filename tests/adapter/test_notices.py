"""What a back office tells us by itself becomes a fact once, whatever else says the same, before or after."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.source import Bell, Record, Unreadable
from backoffice_adapter.sources.claim_center import ClaimCenter
from backoffice_adapter.sync import Counts, Ear, version_of, work_off
from backoffice_adapter.tables import SourceNotice
from claims_core.db import session_scope
from claims_core.requested import ChangeAction
from tests.adapter.cases import NOON, activity, check
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at
from tests.adapter.test_write_back import LATER, PLACE, STATE, ask, write_back

FACTS = "select kind, historic from case_event order by seq"
LEFT = "select count(*) from source_notice"
HOOK = {"secret_envs": ("CC_HOOK",)}


def event_of(cc: FakeClaimCenter, ref: str = "cc:1", **changed: Any) -> dict[str, Any]:
    """The claim as App Events show it: its own fields, and each sub-collection as a map by id."""
    case = cc.claims[ref]
    maps = {part: {item["id"]: item for item in items} for part, items in case.items() if part != "claim"}
    return json.loads(json.dumps({**case["claim"], **maps, "$refs": {}, **changed}))


async def post(engine: AsyncEngine, *events: dict[str, Any] | bytes) -> None:
    """What the portal's door does."""
    async with session_scope(engine) as session:
        for event in events:
            body = event if isinstance(event, bytes) else json.dumps(event).encode()
            session.add(SourceNotice(source="cc", body=body, received_at=NOON))
            await session.flush()


async def work(engine: AsyncEngine, source: ClaimCenter) -> Counts:
    version = await version_of(engine, "cc", MAPPING, now=NOON)
    translate = MAPPING.translator(source="cc", mapping_version=version)
    return await work_off(Ear(engine, source, source, translate, version, lambda: NOON, timedelta(0), 0.05))


@pytest.fixture
def source(cc: FakeClaimCenter, monkeypatch: pytest.MonkeyPatch) -> ClaimCenter:
    monkeypatch.setenv("CC_HOOK", "secret")
    return cc.source(key=MAPPING.key, webhook=HOOK)


@pytest.fixture
async def known(cc: FakeClaimCenter, sync: Sync) -> None:
    """A claim that was read once, and has moved since."""
    cc.put("cc:1")
    await sync()
    cc.put("cc:1", activities=[activity("request_documents")])


async def test_an_event_is_the_case_that_a_read_gives_byte_for_byte(cc: FakeClaimCenter, source: ClaimCenter):
    cc.put("cc:1", activities=[activity("approval", ref="cc:a2"), activity("reopened", ref="cc:a1")])
    heard, read = source.hear(json.dumps(event_of(cc)).encode()), await source.get("cc:1")
    assert isinstance(heard, Record)
    assert read is not None
    assert (heard.raw, heard.hash, heard.body) == (read.raw, read.hash, read.body)


async def test_a_push_and_then_a_poll_of_the_same_change_are_one_fact(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, sync: Sync, rows: Rows, known: None
):
    await post(engine, event_of(cc))
    assert (await work(engine, source)).events == 1
    assert (await sync()).counts.events == 0
    assert await rows(FACTS) == [("registered", True), ("documents_requested", False)]
    assert await rows(LEFT) == [(0,)]


async def test_a_poll_and_then_a_push_of_the_same_change_are_one_fact(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, sync: Sync, rows: Rows, known: None
):
    assert (await sync()).counts.events == 1
    await post(engine, event_of(cc))
    assert (await work(engine, source)).events == 0
    assert len(await rows(FACTS)) == 2
    assert await rows(LEFT) == [(0,)]


@pytest.mark.parametrize("push_first", [True, False])
async def test_they_are_one_fact_also_when_the_event_names_more_than_a_read_does(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, sync: Sync, rows: Rows, known: None, push_first: bool
):
    await post(engine, event_of(cc, segment={"code": "auto_low"}, flagged=False))
    for push in (push_first, not push_first):
        await (work(engine, source) if push else sync())
    assert [kind for kind, _ in await rows(FACTS)] == ["registered", "documents_requested"]


async def test_what_comes_twice_or_late_has_no_effect(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None
):
    early = event_of(cc)
    cc.put("cc:1", activities=[activity("request_documents", state="complete"), activity("approval", ref="cc:a2")])
    late = event_of(cc)
    await post(engine, late, early, late, early)
    done = await work(engine, source)
    assert (done.events, done.stale) == (1, 2)
    assert await rows(PLACE) == [("deciding", "approval", None)]


async def test_events_of_a_claim_are_worked_off_in_their_order(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None
):
    steps = [event_of(cc)]
    for pattern in ("calculation", "approval"):
        cc.put("cc:1", activities=[activity(pattern)])
        steps.append(event_of(cc))
    await post(engine, *steps)
    await work(engine, source)
    kinds = [kind for kind, _ in await rows(FACTS)]
    assert kinds[1] == "documents_requested"
    assert await rows(PLACE) == [("deciding", "approval", None)]
    assert len(await rows("select distinct occurred_at from case_event where not historic")) == 3


async def test_an_event_that_shows_less_than_the_claim_only_rings(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None
):
    partly, undated = event_of(cc), event_of(cc)
    del partly["checks"]
    for part in (undated, *undated["contacts"].values()):
        part.pop("updateTime", None)
    payment = {**check("issued"), "claimId": "cc:1"}
    for event in (partly, undated, payment):
        assert source.hear(json.dumps(event).encode()) == Bell("cc:1")
    await post(engine, payment)
    assert (await work(engine, source)).events == 1
    assert await rows(PLACE) == [("collecting", "docs_needed", None)]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[1, 2]", "is not a JSON object"),
        (b'{"claimNumber": "1"}', "id"),
        (b'{"id": {"a": 1}}', "id"),
        (b'{"id": "cc:\\u0000"}', "id"),
        (b'{"id": "cc:9", "updateTime": "2026-01-01T00:00:00.000Z", "contacts": {}, "exposures": {}, "activities": {}, '
         b'"checks": {}, "payments": {}, "deep": ' + b"[" * 900 + b"]" * 900 + b"}", "deep"),
    ],
)  # fmt: skip
async def test_what_nobody_can_read_goes_to_quarantine_with_its_reason_and_stops_nothing(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None, body: bytes, named: str
):
    assert isinstance(source.hear(body), Unreadable)
    await post(engine, body, event_of(cc))
    done = await work(engine, source)
    assert (done.rejected, done.events) == (1, 1)
    ((reason,),) = await rows("select reason from rejected_case")
    assert named in reason
    assert await rows(LEFT) == [(0,)]


async def test_a_case_that_the_mapping_refuses_is_settled_by_the_next_good_event(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None
):
    await post(engine, event_of(cc, reportedDate="yesterday"))
    assert (await work(engine, source)).rejected == 1
    assert await rows("select case_ref from rejected_case where settled_at is null") == [("cc:1",)]
    await post(engine, event_of(cc))
    await work(engine, source)
    assert await rows("select count(*) from rejected_case where settled_at is null") == [(0,)]


async def test_while_the_claims_system_is_away_a_bell_waits_and_others_go_on(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, sync: Sync, rows: Rows, known: None
):
    cc.put("cc:2")
    ring, whole = {"id": "cc:k1", "claimId": "cc:1"}, event_of(cc)
    for _ in range(5):
        cc.once(at("/claim/v1/claims/cc:1", httpx.ConnectError("away")))
    await post(engine, ring, whole, event_of(cc, "cc:2"))
    assert (await work(engine, source)).new == 1
    assert await rows(LEFT) == [(2,)], "the bell, and what came after it for the same claim"
    assert (await work(engine, source)).events == 1
    assert await rows(LEFT) == [(0,)]


async def test_what_is_heard_before_the_first_load_is_told_to_nobody(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, sync: Sync, rows: Rows
):
    cc.put("cc:1", activities=[activity("request_documents")])
    await post(engine, event_of(cc))
    await work(engine, source)
    await sync()
    assert {historic for _, historic in await rows(FACTS)} == {True}


async def test_a_claim_last_heard_of_by_an_event_is_read_before_a_change_is_put_back(
    engine: AsyncEngine, cc: FakeClaimCenter, source: ClaimCenter, rows: Rows, known: None
):
    cc.put("cc:1", activities=[activity("approval")])
    await post(engine, event_of(cc, segment="an event names more"))
    await work(engine, source)
    assert await rows("select source_version from claim") == [(None,)]
    await ask(engine, ChangeAction.APPROVE)
    cc.put("cc:1", activities=[activity("request_documents")])
    await write_back(engine, cc.source(key=MAPPING.key))
    assert (await rows(STATE))[0][0] == "refused", "it moved, and nobody may overwrite that"
    assert cc.transactions == set()
    await ask(engine, ChangeAction.APPROVE, now=LATER + timedelta(minutes=1))
    await write_back(engine, cc.source(key=MAPPING.key), now=LATER + timedelta(minutes=3))
    assert await rows(f"{STATE} where state = 'applied'") == [("applied", None)]
    assert await rows(PLACE) == [("decided", None, "approved")]
