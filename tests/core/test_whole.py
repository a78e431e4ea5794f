"""What foreign keys would watch over in the tables that the ledger alone writes (ADR 39)."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.ledger.whole import PARENTS, orphans
from claims_core.stages import ClaimStage, Outcome, Situation
from tests.factories import NOON, a_claimant, a_document, a_payment, a_person, a_snapshot, later
from tests.house.source import modules

DELETES = re.compile(
    r"delete\s+from\s+(?:only\s+)?(?:claim|policyholder)\b|delete\((?:Claim|Policyholder)\)", re.IGNORECASE
)


@pytest.mark.parametrize(("table", "column", "parent"), PARENTS)
async def test_every_row_of_the_ledger_has_its_claim_or_its_person(
    session: AsyncSession, table: str, column: str, parent: str
):
    first = a_snapshot(
        stage=ClaimStage.COLLECTING, situation=Situation.DOCS_NEEDED, documents=(a_document(),),
        claimants=(a_claimant(),),
    )  # fmt: skip
    paid = later(
        first, stage=ClaimStage.FULFILLING, situation=Situation.PAYMENT_PREPARED, outcome=Outcome.APPROVED,
        approved=Decimal(1000), payments=(a_payment(),), policyholder=a_person(ref=first.policyholder.ref),
    )  # fmt: skip
    for shot in (first, paid):
        await ledger.record(session, [shot], now=NOON, settle=timedelta(0))
    joined = f"(select * from {table} where {column} is not null) t left join {parent} p on p.id = t.{column}"
    counted = text(f"select count(*), count(*) filter (where p.id is null) from {joined}")
    rows, alone = (await (await session.connection()).execute(counted)).one()
    assert rows > 0
    assert alone == 0


async def test_a_row_without_its_claim_is_named(engine: AsyncEngine):
    async with session_scope(engine) as session:
        await ledger.record(session, [a_snapshot()], now=NOON, settle=timedelta(0))
    assert await orphans(engine) == []
    async with engine.begin() as connection:
        await connection.exec_driver_sql("update case_event set claim_id = id")
    assert await orphans(engine) == ["case_event: 1 rows name a claim that is not there (claim_id)"]
    async with engine.begin() as connection:
        await connection.exec_driver_sql("update case_event set claim_id = (select id from claim)")
        await connection.exec_driver_sql("update claim set part_of = policyholder_id")
    assert await orphans(engine) == ["claim: 1 rows name a claim that is not there (part_of)"]


def test_nothing_deletes_a_claim_or_a_person():
    assert DELETES.search("delete from claim where")
    assert DELETES.search("delete(Policyholder)")
    assert [module.place for module in modules() if DELETES.search(module.text)] == []
