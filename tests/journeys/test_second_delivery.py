"""A second delivery of the life claims: a dry run says which messages would go, and exactly those are planned."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig, JoinConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, rehearse, sync_once
from claims_cli.sync import Look
from notifier.planning.planner import plan_batch
from sandbox.data import LIFE_CLAIMS, LIFE_CONTACTS, LIFE_MAPPING
from sandbox.data.deliveries import next_delivery, read_rows, write_rows
from tests.adapter.cases import NOON
from tests.notifier.conftest import settings_for

PLANNED = """
select claim_number, template, coalesce(n.reason, '') from notification n join claim c on c.id = n.claim_id
"""


def life_plan(engine: AsyncEngine, folder: Path) -> Plan:
    config = FilesConfig(
        name="life",
        kind="files",
        mapping=LIFE_MAPPING,
        folder=folder,
        pattern="claims-*.csv",
        format="csv",
        ref="claimno",
        stable_for=timedelta(0),
        join=[JoinConfig(name="contact", pattern="contacts.csv", key="claimno")],
    )
    mapping = load(LIFE_MAPPING)
    source = open_source(config, key=mapping.key, clock=lambda: NOON)
    return Plan(engine, config, mapping, source, clock=lambda: NOON, settle=timedelta(0))


async def counted(engine: AsyncEngine, table: str) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(text(f"select count(*) from {table}"))).scalar_one())


@pytest.fixture
async def delivered_twice(engine: AsyncEngine, tmp_path: Path) -> Path:
    shutil.copy(LIFE_CLAIMS, tmp_path / "claims-01.csv")
    shutil.copy(LIFE_CONTACTS, tmp_path / "contacts.csv")
    await sync_once(life_plan(engine, tmp_path))
    after, _ = next_delivery(read_rows(), seed=11, moves=60, at=NOON)
    write_rows(after, tmp_path / "claims-02.csv")
    return tmp_path


async def test_a_dry_run_says_which_messages_would_go_and_exactly_those_are_planned(
    engine: AsyncEngine, delivered_twice: Path
):
    settings = settings_for("http://127.0.0.1:9")
    look = Look(settings)
    rehearsed = await rehearse(life_plan(engine, delivered_twice), look=look)
    foretold = sorted((one.claim_number, one.template, one.reason or "") for one in look.found)
    assert len({fact.claim_number for fact in rehearsed.facts}) == 60
    assert len(foretold) >= 50
    assert await counted(engine, "case_event where not historic") == 0
    assert await counted(engine, "notification") == 0

    await sync_once(life_plan(engine, delivered_twice))
    while await plan_batch(engine, now=NOON, settings=settings):
        pass
    async with engine.connect() as connection:
        planned = sorted(tuple(row) for row in await connection.execute(text(PLANNED)))
    assert planned == foretold
    assert sum(not reason for *_, reason in planned) > 20
