"""Killed around the call to the claims system, a handler's change still happens there once and becomes one fact."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import write_back as module
from claims_core import failpoints
from claims_core.failpoints import FailpointHit
from claims_core.requested import ChangeAction
from tests.adapter.conftest import MAPPING, Rows
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_write_back import LATER, PLACE, STANDS, STATE, ask, asked, write_back  # noqa: F401

pytestmark = pytest.mark.crash
POINTS = ["write_back.after_attempt_commit", "write_back.after_call", "write_back.before_commit"]
ASKED = [ChangeAction.APPROVE, ChangeAction.REQUEST_DOCUMENTS, ChangeAction.CLOSE]


@pytest.mark.parametrize("asked", ASKED, indirect=True)
@pytest.mark.parametrize("point", POINTS)
async def test_a_change_cut_short_is_finished_by_the_next_process_once(
    engine: AsyncEngine,
    cc: FakeClaimCenter,
    rows: Rows,
    asked: object,  # noqa: F811
    point: str,
    monkeypatch: pytest.MonkeyPatch,
):
    # An error at this point leaves what a kill leaves: nothing behind it runs, and no transaction is open there.
    monkeypatch.setitem(failpoints._PLAN, point, ("raise", 1))
    failpoints._passes.clear()
    with pytest.raises(FailpointHit):
        await write_back(engine, cc.source(key=MAPPING.key))
    monkeypatch.delitem(failpoints._PLAN, point)
    assert (await rows(STATE))[0][0] == "applying"
    assert await write_back(engine, cc.source(key=MAPPING.key)) == 0, "two minutes belong to whoever took it"
    assert await write_back(engine, cc.source(key=MAPPING.key), now=LATER + timedelta(minutes=3)) == 1
    assert await rows(STATE) == [("applied", None)]
    action = asked.action  # type: ignore[attr-defined]
    assert await rows(PLACE) == [STANDS[action]]
    assert len(cc.transactions) == (2 if action is ChangeAction.REQUEST_DOCUMENTS else 1)
    assert len(cc.claims["cc:1"]["activities"]) == (2 if action is ChangeAction.REQUEST_DOCUMENTS else 0)
    assert await rows("select attempts from write_back") == [(2,)]


def test_every_failpoint_of_writing_back_is_tried_here():
    assert module.__name__
    assert {name for name in failpoints.NAMES if name.startswith("write_back.")} == set(POINTS)


async def test_two_processes_apply_a_change_once(engine: AsyncEngine, cc: FakeClaimCenter, rows: Rows, asked: object):  # noqa: F811
    done = await asyncio.gather(*(write_back(engine, cc.source(key=MAPPING.key)) for _ in range(4)))
    assert sum(done) == 1
    assert len(cc.transactions) == 1
