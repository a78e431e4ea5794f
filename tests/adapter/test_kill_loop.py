"""Killed at random moments of reading, again and again, the adapter ends with what the source says, each fact once."""

import asyncio
import json
import os
import random
import signal
from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.tables import SourceNotice
from claims_core.clock import utc_now
from claims_core.db import session_scope
from sandbox.claim_center import Records
from sandbox.claim_center.events import claim_event, payment_event
from sandbox.claim_center.installation import ClaimCenter
from sandbox.story import Story
from tests.adapter.conftest import Rows
from tests.adapter.emulated import serving
from tests.adapter.workers import SECRETS, begin, work

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1800)]
SEED = int(os.environ.get("CHAOS_SEED", "20261122"))
SHOWN = {
    "claim": "claim_number, stage, situation, outcome, handler_name, assessed, approved, inspection_at, loss_date",
    "payment": "payment_ref, amount, p.state, sent_date, expected_date",
    "document_request": "request_ref, p.state, title_ru, due_date",
}
COUNTS = """
select (select count(*) from claim), (select count(*) from case_event), (select count(*) from payment),
  (select count(*) from document_request), (select count(*) from policyholder), (select count(*) from contact_point),
  (select count(*) from rejected_case), (select max(seq) from case_event), (select count(*) from promise)
"""


def shown(table: str, source: str) -> str:
    """What pages show of a table, for the claims of one source."""
    joined = "claim c" if table == "claim" else f"{table} p join claim c on c.id = p.claim_id"
    return f"select source_ref, {SHOWN[table]} from {joined} where source = '{source}' order by 1, 2"


async def tell(engine: AsyncEngine, center: ClaimCenter, refs: list[str], dice: random.Random) -> None:
    """Some of what moved is pushed, too: whole or as a bell, sometimes twice, sometimes out of order."""
    told = []
    for ref in refs:
        case = center.records.case(ref)
        event = payment_event(case) if case.parts["checks"] and dice.random() < 0.3 else claim_event(case)
        told += [event] * dice.choice((0, 1, 1, 2))
    dice.shuffle(told)
    async with session_scope(engine) as session:
        for event in told:
            session.add(SourceNotice(source="cc", body=json.dumps(event).encode(), received_at=utc_now()))


async def killed_at_random(
    engine: AsyncEngine, url: str, monkeypatch: pytest.MonkeyPatch, *, kills: int, seed: int
) -> tuple[ClaimCenter, int]:
    """Let a source move and its reader die `kills` times; what it was, and how many were killed in their work."""
    dice, hit = random.Random(seed), 0
    story = Story(Records(), random.Random(seed), utc_now)
    story.tell(60)
    center = ClaimCenter(story.records)
    longest = 1.0
    async with serving(center) as base:
        for _ in range(kills):
            moved = [ref for ref in (story.move_any() for _ in range(dice.randrange(6))) if ref]
            await tell(engine, center, moved, dice)
            began: datetime = utc_now()
            worker = begin("read", url, base)
            try:
                assert await asyncio.wait_for(worker.wait(), dice.random() * longest) == 0
                longest = max(0.05, 0.9 * (utc_now() - began).total_seconds())
            except TimeoutError:
                worker.kill()
                hit += await worker.wait() == -signal.SIGKILL
        await work("read", url, base, None)
        await settled(engine, url, base)
        await work("read", url, base, None, name="anew")
    return center, hit


async def settled(engine: AsyncEngine, url: str, base: str) -> None:
    """Read and worked off again, nothing is added."""
    async with engine.connect() as connection:
        before = (await connection.execute(text(COUNTS))).one()
    await work("read", url, base, None)
    async with engine.connect() as connection:
        assert (await connection.execute(text(COUNTS))).one() == before
        assert (await connection.execute(text("select count(*) from source_notice"))).scalar_one() == 0


@pytest.mark.parametrize("kills", [30, pytest.param(200, marks=pytest.mark.soak)])
async def test_killed_at_random_the_final_ledger_is_what_the_source_says(
    engine: AsyncEngine, database_url: str, rows: Rows, monkeypatch: pytest.MonkeyPatch, kills: int
):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    print(f"again: CHAOS_SEED={SEED} pytest -m crash {__file__}")
    center, hit = await killed_at_random(engine, database_url, monkeypatch, kills=kills, seed=SEED)
    assert hit > kills / 3, "most died in the middle of their work"
    for table in SHOWN:
        assert await rows(shown(table, "cc")) == await rows(shown(table, "anew")), f"CHAOS_SEED={SEED}: {table}"
    # The side of a claimant is a part of its claim.
    whole = "select 1 from claim where source = 'cc' and part_of is null"
    assert len(await rows(whole)) == len(center.records.cases)
    assert await rows("select claim_id, fact_key from case_event group by 1, 2 having count(*) > 1") == []
    assert await rows("select count(*) from rejected_case") == [(0,)]
