"""While the claims system is away, handlers' changes wait in their places, and all arrive once when it is back."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.errors import Conflict
from claims_core.requested import ChangeAction, to_values
from claims_core.tables import Claim
from tests.adapter.cases import NOON
from tests.adapter.conftest import MAPPING, Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter, problem
from tests.adapter.test_write_back import ASKED, write_back

REFS = ("cc:1", "cc:2", "cc:3")


async def ask_all(engine: AsyncEngine, action: ChangeAction, *, at: int) -> None:
    """A change for each claim, a second apart, `at` minutes after noon."""
    async with session_scope(engine) as session:
        claims = (await session.exec(select(Claim).order_by(col(Claim.source_ref)))).all()
    for second, claim in enumerate(claims):
        async with session_scope(engine) as session:
            await ledger.request_change(
                session, claim_id=claim.id, claim_version=claim.version, action=action,
                values=to_values(ASKED[action]), note=None, told=True, untold_reason=None, by="h-7",
                now=NOON + timedelta(minutes=at, seconds=second), undo_for=timedelta(seconds=60),
            )  # fmt: skip


@pytest.mark.parametrize("kind", ["gone", "busy"])
async def test_an_outage_keeps_changes_in_order_and_drains_them(
    engine: AsyncEngine, cc: FakeClaimCenter, sync: Sync, rows: Rows, kind: str
):
    for ref in REFS:
        cc.put(ref)
    await sync()
    await ask_all(engine, ChangeAction.EXTEND, at=0)
    away, wrote = [True], []

    def outage(request: httpx.Request) -> httpx.Response | Exception | None:
        if away:
            cc.faults.append(outage)  # it is taken out when it answers
            return httpx.ConnectError("gone") if kind == "gone" else problem(503, "Busy", "busy")
        if request.method != "GET":
            wrote.append(request.url.path.split("/")[-1])
        return None

    cc.once(outage)
    for minute in (2, 3, 5, 9):
        assert await write_back(engine, cc.source(key=MAPPING.key), now=NOON + timedelta(minutes=minute)) == 0
    assert cc.transactions == set()
    with pytest.raises(Conflict):
        await ask_all(engine, ChangeAction.APPROVE, at=10)  # a claim's next change waits for the one before
    away.clear()
    done = [await write_back(engine, cc.source(key=MAPPING.key), now=NOON + timedelta(minutes=m)) for m in (12, 15)]
    assert sum(done) == 3
    await ask_all(engine, ChangeAction.APPROVE, at=16)
    assert await write_back(engine, cc.source(key=MAPPING.key), now=NOON + timedelta(minutes=18)) == 3
    assert [wrote.count(ref) for ref in REFS] == [2, 2, 2]
    assert len(cc.transactions) == 6
    assert await rows("select distinct stage, outcome from claim") == [("decided", "approved")]
    assert await rows("select distinct state from change_request") == [("applied",)]
