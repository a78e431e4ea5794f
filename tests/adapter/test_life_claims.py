"""The public life claims run through the file source: first load, a second delivery, the same one again."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig, JoinConfig
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, Summary, sync_once
from backoffice_adapter.tables import RunState
from sandbox.data import LIFE_CLAIMS, LIFE_CONTACTS, LIFE_MAPPING
from sandbox.data.deliveries import contacts, next_delivery, read_rows, write_rows
from tests.adapter.cases import NOON

STAGE_OF = {
    "I/DP": "collecting",
    "I/BN": "checking",
    "I/RA": "collecting",
    "I/FI": "assessing",
    "I/PL": "assessing",
    "A": "decided",
    "P": "fulfilling",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(LIFE_CLAIMS, tmp_path / "claims-01.csv")
    shutil.copy(LIFE_CONTACTS, tmp_path / "contacts.csv")
    return tmp_path


async def sync(engine: AsyncEngine, folder: Path, *, full: bool = False) -> Summary:
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
    return await sync_once(Plan(engine, config, mapping, source, clock=lambda: NOON, settle=timedelta(0), full=full))


async def rows(engine: AsyncEngine, query: str) -> list[tuple[object, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query))]


async def test_all_life_claims_load_and_nobody_is_told_of_the_past(engine: AsyncEngine, folder: Path):
    summary = await sync(engine, folder)
    assert (summary.state, summary.counts.new, summary.counts.rejected) == (RunState.DONE, 2812, 0)
    assert await rows(engine, "select count(*) from case_event where not historic") == [(0,)]
    counted = dict(await rows(engine, "select page_state, count(*) from claim group by 1"))
    assert counted == {
        "registered": 689 + 151,
        "docs_needed": 162,
        "extended": 151 + 148 + 146,
        "approved": 668,
        "payment_sent": 697,
    }


async def test_a_fraud_mark_and_a_lapsed_policy_are_the_ordinary_extended_check(engine: AsyncEngine, folder: Path):
    await sync(engine, folder)
    told = await rows(engine, "select to_jsonb(claim)::text from claim where situation = 'extended_check'")
    assert len(told) == 151 + 148
    assert not [row for row in told if "raud" in str(row) or "apsed" in str(row) or '"FI"' in str(row)]


async def test_the_contacts_file_gives_number_language_and_zone(engine: AsyncEngine, folder: Path):
    await sync(engine, folder)
    query = """select c.claim_number, p.language, p.time_zone, k.address from claim c
               join policyholder p on p.id = c.policyholder_id join contact_point k on k.policyholder_id = p.id"""
    found = {row[0]: row[1:] for row in await rows(engine, query)}
    said = {row["claimno"]: (row["language"], row["zone"], row["phone"]) for row in contacts(read_rows())}
    assert found == said


async def test_the_dates_come_over_in_their_own_formats(engine: AsyncEngine, folder: Path):
    await sync(engine, folder)
    (row,) = await rows(
        engine,
        """select c.reported_at at time zone 'America/New_York', c.changed_at at time zone 'America/New_York',
             p.sent_date from claim c join payment p on p.claim_id = c.id where claim_number = '10000009'""",
    )
    assert [str(value) for value in row] == ["2020-02-02 00:00:00", "2023-02-14 10:26:20", "2020-02-24"]


async def test_a_second_delivery_yields_exactly_its_facts_and_a_third_identical_one_none(
    engine: AsyncEngine, folder: Path
):
    await sync(engine, folder)
    after, moves = next_delivery(read_rows(), seed=11, moves=60, at=NOON)
    write_rows(after, folder / "claims-02.csv")
    second = await sync(engine, folder)
    assert (second.counts.changed, second.counts.new, second.counts.unchanged) == (60, 0, 2752)
    told = await rows(
        engine,
        """select claim_number, e.stage from case_event e join claim c on c.id = e.claim_id
           where not historic and kind not in ('money_changed', 'facts_changed', 'handler_changed')""",
    )
    assert sorted(told) == sorted((move.claimno, STAGE_OF[move.after]) for move in moves)

    shutil.copy(folder / "claims-02.csv", folder / "claims-03.csv")
    third = await sync(engine, folder)
    assert (third.state, third.counts.seen) == (RunState.DONE, 0)
    write_rows([*after[1:], after[0]], folder / "claims-04.csv")
    fourth = await sync(engine, folder)
    assert (fourth.counts.seen, fourth.counts.unchanged, fourth.counts.events) == (2812, 2812, 0)


async def test_new_contacts_are_read_although_the_claims_file_is_the_same(engine: AsyncEngine, folder: Path):
    await sync(engine, folder)
    said = contacts(read_rows())
    said[3]["phone"] = "+79000009999"
    write_rows(said, folder / "contacts.csv")
    summary = await sync(engine, folder)
    assert (summary.counts.changed, summary.counts.unchanged) == (1, 2811)
    assert await rows(engine, "select on_file from contact_point where address = '+79000009999'") == [(True,)]


async def test_a_full_reading_of_the_same_file_changes_nothing(engine: AsyncEngine, folder: Path):
    await sync(engine, folder)
    summary = await sync(engine, folder, full=True)
    assert (summary.counts.seen, summary.counts.unchanged, summary.counts.events) == (2812, 2812, 0)
