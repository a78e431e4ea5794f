"""The core system's own database, a second one on the same server: we are shown a view of it."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import orjson

from claims_core.db import plain_address
from sandbox.claim_center.records import Records
from sandbox.sources.extract import to_row
from sandbox.sources.kind import Described

SHAPE = """
create table core_claim (
  claim_id text primary key, claim_no text not null, policy_no text, product text, country text, object text,
  loss_date date, reported_at timestamptz not null, papers_complete_at timestamptz, status text not null, reason text,
  handler_id text, handler_name text, visit_at timestamptz, visit_place text, assessed numeric(14, 2),
  deductible numeric(14, 2), approved numeric(14, 2), promised_date date, refusal_reason text, refusal_clause text,
  refusal_paper text, holder_id text, holder_name text, holder_first_name text, holder_birth_date date,
  holder_language text, holder_time_zone text, holder_phone text, holder_do_not_contact text,
  updated_at timestamptz not null, claimants jsonb, payments jsonb, papers jsonb);
create index on core_claim (updated_at, claim_id);
create view claims_for_portal as select * from core_claim;
"""
PUT = "insert into core_claim select * from json_populate_recordset(null::core_claim, $1)"
TABLE = """
kind = "sql"
url_env = "CORE_DATABASE_URL"
view = "claims_for_portal"
ref = "claim_id"
updated_at = "updated_at"
json = ["claimants", "payments", "papers"]
overlap = "1m"
"""


@dataclass
class Database:
    """A view with one row a claim, in types that a database has."""

    connection: asyncpg.Connection
    url: str
    is_delivered: bool = field(default=False, init=False)

    @property
    def described(self) -> Described:
        """How it is connected."""
        address = f"{self.url}, view claims_for_portal"
        return Described("sql", "a view in PostgreSQL", address, TABLE, {"CORE_DATABASE_URL": self.url})

    async def show(self, records: Records, moved: Collection[str]) -> None:
        """Write what has changed, in one transaction."""
        rows = [
            {name: None if cell == "" else cell for name, cell in to_row(records.cases[ref]).items()} for ref in moved
        ]
        async with self.connection.transaction():
            await self.connection.execute("delete from core_claim where claim_id = any($1)", list(moved))
            await self.connection.execute(PUT, orjson.dumps(rows).decode())


@asynccontextmanager
async def core_database(url: str) -> AsyncIterator[Database]:
    """The view in the empty database at `url`, for the length of the block."""
    plain = plain_address(url)
    connection = await asyncpg.connect(plain)
    try:
        await connection.execute(SHAPE)
        yield Database(connection, plain)
    finally:
        await connection.close()
