"""What a handler does on the desk is what the emulated ClaimCenter says afterwards, from wherever the claim stood."""

import random
from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import ClaimCenterConfig, Watermark
from backoffice_adapter.sources.claim_center import ClaimCenter as Source
from claims_core.clock import utc_now
from claims_core.requested import (
    Approve,
    Asked,
    AskedDocument,
    Close,
    Decline,
    Extend,
    ExtensionReason,
    RequestDocuments,
    to_values,
)
from claims_core.snapshot import ClaimSnapshot, page_state_of
from claims_core.stages import Outcome, PageState
from claims_core.tables import ChangeAction
from sandbox.claim_center import Records, create_app
from sandbox.claim_center.installation import ClaimCenter
from sandbox.demo.surroundings import ROOT
from sandbox.story import Story
from sandbox.story.roads import LINES, SHOWN_ROAD

MAPPING = load(ROOT / "sandbox" / "mappings" / "claim_center.toml")
TRANSLATE = MAPPING.translator(source="claim_center", mapping_version=1)
PAPER = AskedDocument(title_ru="Справка ГИБДД", title_en="Police report")
ACTIONS: dict[ChangeAction, tuple[Asked, PageState]] = {
    ChangeAction.APPROVE: (Approve(amount=174_300, money_by=date(2026, 12, 15)), PageState.APPROVED),
    ChangeAction.DECLINE: (Decline(reason="Износ", clause="п. 4.2", document="Акт"), PageState.DECLINED),
    ChangeAction.REQUEST_DOCUMENTS: (
        RequestDocuments(documents=(PAPER,), due_date=date(2026, 12, 1)),
        PageState.DOCS_NEEDED,
    ),
    ChangeAction.EXTEND: (
        Extend(reason=ExtensionReason.SECOND_EXPERT, new_date=date(2027, 1, 15)),
        PageState.EXTENDED,
    ),
    ChangeAction.CLOSE: (Close(outcome=Outcome.WITHDRAWN), PageState.WITHDRAWN),
}
OURS_TO_MOVE = ("cover", "papers", "inspection", "inspected", "calculation", "approval")


@pytest.fixture
def story() -> Story:
    return Story(Records(), random.Random(7), utc_now)


@pytest.fixture
async def source(story: Story, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Source]:
    center = ClaimCenter(story.records)
    monkeypatch.setenv("CC_LOGIN", center.setup.login_id)
    monkeypatch.setenv("CC_SECRET", center.setup.login_secret)
    config = ClaimCenterConfig(
        name="claim_center",
        kind="claim_center",
        base_url="http://claim-center",
        token_url="http://claim-center/oauth2/token",
        client_id_env="CC_LOGIN",
        client_secret_env="CC_SECRET",
        mapping="m.toml",
        watermark=Watermark(field="updateTime"),
        parts=["contacts", "exposures", "activities", "checks"],
        tries=1,
    )
    source = Source(config, key=b"k", transport=httpx.ASGITransport(create_app(center)), clock=utc_now)
    yield source
    await source.close()


async def read(source: Source, ref: str) -> ClaimSnapshot:
    record = await source.get(ref)
    assert record is not None
    claim = TRANSLATE(record, utc_now())
    assert isinstance(claim, ClaimSnapshot), claim
    return claim


@pytest.mark.parametrize("step", OURS_TO_MOVE)
@pytest.mark.parametrize("action", list(ChangeAction))
async def test_what_a_handler_asks_for_is_what_the_back_office_says(
    source: Source, story: Story, action: ChangeAction, step: str
):
    asked, wanted = ACTIONS[action]
    ref = story._add(LINES[0], SHOWN_ROAD, place=SHOWN_ROAD.index(step))
    before = await read(source, ref)
    claim = {"currency": before.currency, "ref": ref, "decision": "approved"}
    for place, order in enumerate(MAPPING.orders(action, values=to_values(asked), claim=claim)):
        await source.apply(ref, order, checksum=before.source_version, transaction_ref=f"t{place}")
    after = await read(source, ref)
    assert page_state_of(after) is wanted
    if isinstance(asked, Approve):
        assert after.approved == asked.amount
    if isinstance(asked, Extend):
        assert (after.new_date, after.reason) == (asked.new_date, asked.reason.value)
    if isinstance(asked, Decline):
        assert after.decision_reasons
    if isinstance(asked, RequestDocuments):
        assert [paper.title_ru for paper in after.documents if paper.due_date == asked.due_date] == [PAPER.title_ru]
