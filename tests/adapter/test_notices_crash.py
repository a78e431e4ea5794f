"""Killed between spool and fact, the adapter loses no notice, and the next process makes one fact of each."""

import signal
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.sources.claim_center import ClaimCenter
from claims_core.failpoints import NAMES
from tests.adapter.cases import CLAIM_CENTER, activity
from tests.adapter.conftest import Rows, Sync
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.adapter.test_notices import LEFT, event_of, post, source, work  # noqa: F401
from tests.adapter.workers import run_claims

pytestmark = pytest.mark.crash

POINTS = ["notices.taken", "notices.before_commit", "notices.after_commit"]
CONFIG = f"""
[[source]]
name = "cc"
kind = "claim_center"
mapping = "{CLAIM_CENTER}"
base_url = "http://127.0.0.1:1/cc"
token_url = "http://127.0.0.1:1/token"
client_id_env = "CC_ID"
client_secret_env = "CC_SECRET"
settle = "0s"
tries = 1

[source.webhook]
secret_envs = ["CC_HOOK"]
"""


@pytest.mark.parametrize("point", POINTS)
async def test_a_notice_in_the_hands_of_a_killed_process_becomes_one_fact(
    engine: AsyncEngine,
    database_url: str,
    tmp_path: Path,
    cc: FakeClaimCenter,
    source: ClaimCenter,  # noqa: F811
    sync: Sync,
    rows: Rows,
    point: str,
):
    cc.put("cc:1")
    await sync()
    steps = []
    for pattern in ("calculation", "approval"):
        cc.put("cc:1", activities=[activity(pattern)])
        steps.append(event_of(cc))
    await post(engine, *steps, b"nothing that can be read")
    (tmp_path / "backoffice.toml").write_text(CONFIG)
    killed = await run_claims("sync", "--watch", folder=tmp_path, url=database_url, failpoints=f"{point}=kill")
    assert killed == -signal.SIGKILL
    done = point == "notices.after_commit"
    assert await rows(LEFT) == [(0 if done else 3,)], "nothing is ticked off before its fact is there"
    assert (await work(engine, source)).events == (0 if done else 2)
    assert await rows(LEFT) == [(0,)]
    assert await rows("select count(*) from case_event where not historic") == [(2,)]
    assert await rows("select count(*), max(times) from rejected_case") == [(1, 1)]


def test_every_failpoint_of_working_off_is_tried_here():
    assert {name for name in NAMES if name.startswith("notices.")} == set(POINTS)
