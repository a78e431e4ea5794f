"""Killed with SIGKILL at any point of writing back, the adapter has put a change into the claims system once."""

import signal
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.clock import utc_now
from claims_core.failpoints import NAMES
from claims_core.requested import ChangeAction
from sandbox.claim_center import Records
from sandbox.claim_center.installation import ClaimCenter
from tests.adapter.cases import claim_center_case
from tests.adapter.conftest import Rows
from tests.adapter.emulated import serving
from tests.adapter.test_write_back import PLACE, STANDS, STATE, ask
from tests.adapter.workers import SECRETS, begin, work

pytestmark = pytest.mark.crash
# Of a change that is two calls, the second pass lies behind the second call.
KILLS = [
    (action, point)
    for action in (ChangeAction.APPROVE, ChangeAction.REQUEST_DOCUMENTS, ChangeAction.CLOSE)
    for point in ("write_back.after_attempt_commit", "write_back.after_call", "write_back.before_commit")
] + [(ChangeAction.REQUEST_DOCUMENTS, "write_back.after_call@2")]


@pytest.fixture
def center(monkeypatch: pytest.MonkeyPatch) -> ClaimCenter:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    records, case = Records(), claim_center_case()
    records.add(**case)
    return ClaimCenter(records)


@pytest.mark.parametrize(("action", "point"), KILLS)
async def test_a_change_in_the_hands_of_a_killed_process_arrives_exactly_once(
    engine: AsyncEngine, database_url: str, center: ClaimCenter, rows: Rows, action: ChangeAction, point: str
):
    point, _, nth = point.partition("@")
    calls = 2 if action is ChangeAction.REQUEST_DOCUMENTS else 1
    now = utc_now()
    async with serving(center) as base:
        await work("read", database_url, base, now)
        await ask(engine, action, now=now)
        due = now + timedelta(minutes=2)
        killed = begin("write", database_url, base, now=due, failpoints=f"{point}=kill@{nth or 1}")
        assert await killed.wait() == -signal.SIGKILL
        assert (await rows(STATE))[0][0] == "applying"
        assert await rows("select count(*) from case_event where not historic") == [(0,)], "nothing before the yes"
        for minutes in (5, 11):
            await work("write", database_url, base, now + timedelta(minutes=minutes))
    assert await rows(STATE) == [("applied", None)]
    assert await rows(PLACE) == [STANDS[action]]
    assert len(center.records.transactions) == calls
    case = center.records.case("cc:33")
    assert (len(case.parts["activities"]), case.version) == (calls if calls == 2 else 0, calls)
    assert await rows("select attempts from write_back") == [(2,)]


def test_every_failpoint_of_writing_back_is_killed_at():
    assert {point.partition("@")[0] for _, point in KILLS} == {name for name in NAMES if name.startswith("write_back.")}
