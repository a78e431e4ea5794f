"""A handler's change goes into the back office once, and becomes a fact only when it said yes."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.source import CaseSource
from backoffice_adapter.write_back import Desk, apply_waiting
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.requested import (
    Approve,
    AskedDocument,
    ChangeAction,
    Close,
    Decline,
    Extend,
    RequestDocuments,
    to_values,
)
from claims_core.stages import Outcome
from claims_core.tables import ChangeRequest, Claim
from tests.adapter.cases import NOON, activity
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, at, problem

CLAIM = r"/claim/v1/claims/[^/]+"
LATER = NOON + timedelta(minutes=2)
ASKED = {
    ChangeAction.APPROVE: Approve(amount=Decimal("174300.00"), money_by=date(2026, 12, 4)),
    ChangeAction.DECLINE: Decline(reason="Past the term", clause="7.2", document="Letter 5"),
    ChangeAction.REQUEST_DOCUMENTS: RequestDocuments(
        documents=(
            AskedDocument(title_ru="Паспорт", title_en="Passport"),
            AskedDocument(title_ru="Фото", title_en="Photo"),
        ),
        due_date=date(2026, 12, 1),
    ),
    ChangeAction.EXTEND: Extend(reason="police_papers", new_date=date(2026, 12, 20)),
    ChangeAction.CLOSE: Close(outcome=Outcome.NO_RESPONSE),
}
STANDS = {
    ChangeAction.APPROVE: ("decided", None, "approved"),
    ChangeAction.DECLINE: ("decided", None, "refused"),
    ChangeAction.REQUEST_DOCUMENTS: ("collecting", "docs_needed", None),
    ChangeAction.EXTEND: ("assessing", "extended_check", None),
    ChangeAction.CLOSE: ("closed", None, "no_response"),
}
PLACE = "select stage, situation, outcome from claim"
STATE = "select state, problem from change_request"


async def ask(
    engine: AsyncEngine, action: ChangeAction, *, now: datetime = NOON, undo_for: timedelta = timedelta(seconds=60)
) -> ChangeRequest:
    """What the desk does when a handler saves."""
    async with session_scope(engine) as session:
        claim = (await session.exec(select(Claim))).one()
        return await ledger.request_change(
            session,
            claim_id=claim.id,
            claim_version=claim.version,
            action=action,
            values=to_values(ASKED[action]),
            note=None,
            told=True,
            untold_reason=None,
            by="h-7",
            now=now,
            undo_for=undo_for,
        )


async def write_back(engine: AsyncEngine, source: CaseSource, *, now: datetime = LATER) -> int:
    translate = MAPPING.translator(source="cc", mapping_version=1)
    return await apply_waiting(Desk(engine, "cc", MAPPING, source, translate, clock=lambda: now))


@pytest.fixture
async def asked(engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, request: Any) -> ChangeRequest:
    """A claim that was read, and what a handler asked for it (approve, or the test's own)."""
    cc.put("cc:1")
    await sync()
    return await ask(engine, getattr(request, "param", ChangeAction.APPROVE))


@pytest.mark.parametrize("asked", list(ChangeAction), indirect=True)
async def test_what_a_handler_asks_for_is_what_the_claims_system_says_afterwards(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows, asked: ChangeRequest
):
    assert await write_back(engine, cc.source(key=MAPPING.key)) == 1
    assert await rows(PLACE) == [STANDS[asked.action]]
    assert await rows(STATE) == [("applied", None)]
    told = await rows("select count(*) from case_event where not historic")
    assert told[0][0] >= 1
    cc.touch("cc:1")
    await sync()
    assert await rows("select count(*) from case_event where not historic") == told


async def test_nothing_is_written_before_the_minute_is_over(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    assert await write_back(engine, cc.source(key=MAPPING.key), now=NOON + timedelta(seconds=59)) == 0
    assert cc.count("PATCH", CLAIM) == 0
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_the_transaction_id_is_made_of_the_change_and_the_checksum_goes_along(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    await write_back(engine, cc.source(key=MAPPING.key))
    assert cc.transactions == {f"claims-status-{asked.id}"}
    assert await rows("select transaction_ref, attempts, finished_at is null from write_back") == [
        (f"claims-status-{asked.id}", 1, False)
    ]


async def test_a_claim_that_moved_in_the_claims_system_goes_back_to_the_handler_with_both_sides(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    cc.put("cc:1", activities=[activity("request_documents")])
    await write_back(engine, cc.source(key=MAPPING.key))
    ((state, said),) = await rows(STATE)
    assert state == "refused"
    assert "collecting, docs_needed" in said
    assert "approve" in said
    assert await rows(PLACE) == [("collecting", "docs_needed", None)]
    assert "extSelfServiceStage_Ext" not in cc.claims["cc:1"]["claim"]


@pytest.mark.parametrize("number", [409, 412])
async def test_a_conflict_by_its_number_is_a_conflict_too(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest, number: int
):
    cc.once(at(CLAIM, problem(number, "Conflict", "stale"), method="PATCH"))
    await write_back(engine, cc.source(key=MAPPING.key))
    assert (await rows(STATE))[0][0] == "refused"
    assert await rows("select count(*) from case_event where not historic") == [(0,)]


async def test_a_fact_read_within_the_minute_stops_the_change(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows, asked: ChangeRequest
):
    cc.put("cc:1", activities=[activity("request_documents")])
    async with session_scope(engine) as session:
        shot = MAPPING.translator(source="cc", mapping_version=1)
        record = await cc.source(key=MAPPING.key).get("cc:1")
        await ledger.record(session, [shot(record, NOON)], now=NOON + timedelta(seconds=20), settle=timedelta(0))
    await write_back(engine, cc.source(key=MAPPING.key))
    assert (await rows(STATE))[0][0] == "refused"
    assert cc.count("PATCH", CLAIM) == 0


async def test_an_answer_that_was_lost_is_asked_again_and_nothing_is_done_twice(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    def lost(request: httpx.Request) -> httpx.Response | Exception | None:
        if request.method != "PATCH":
            return None
        cc.faults.clear()
        cc.answer(request)
        cc.faults.append(lost)
        return httpx.ReadTimeout("the answer was lost")

    cc.once(lost)
    await write_back(engine, cc.source(key=MAPPING.key))
    assert len(cc.transactions) == 1
    assert await rows(STATE) in ([("applied", None)], [("applying", None)])
    await write_back(engine, cc.source(key=MAPPING.key), now=LATER + timedelta(minutes=5))
    assert await rows(STATE) == [("applied", None)]
    assert await rows(PLACE) == [("decided", None, "approved")]
    assert len(cc.transactions) == 1


async def test_an_unreachable_claims_system_leaves_the_change_in_its_place(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    for _ in range(5):
        cc.once(at(CLAIM, httpx.ConnectError("away"), method="PATCH"))
    assert await write_back(engine, cc.source(key=MAPPING.key)) == 0
    assert await rows(STATE) == [("applying", None)]
    assert "ConnectError" in (await rows("select problem from write_back"))[0][0]
    await write_back(engine, cc.source(key=MAPPING.key), now=LATER + timedelta(minutes=5))
    assert await rows(STATE) == [("applied", None)]


async def test_a_plain_no_goes_back_to_the_handler(
    engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: ChangeRequest
):
    cc.once(at(CLAIM, problem(400, "BadInputException", "the amount is above the limit"), method="PATCH"))
    await write_back(engine, cc.source(key=MAPPING.key))
    ((state, said),) = await rows(STATE)
    assert (state, "above the limit" in said) == ("refused", True)


async def test_what_may_be_done_is_written_down_for_the_desk(cc: FakeClaimCenter, sync: Sync, rows: Rows):
    await sync()
    found = await rows("select action, recorded_here from source_ability where source = 'cc' order by action")
    assert found == [(action, False) for action in sorted(action.value for action in ChangeAction)]
