"""A limit: one lane of binary COPY into temporary tables and one merge a table; nothing is validated, compared or
told. `ADDRESS FILE NUMBER` prints claims a second.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg
import orjson

CHUNK = 50_000
TABLES = """
create table claims (
  id bigint generated always as identity primary key, claim_number text not null unique, policy_number text not null,
  claimant_name text not null, email text, phone text, language text, status text not null,
  line_of_business text not null, loss_date date, filed_at timestamptz not null, updated_at timestamptz not null,
  adjuster_name text, adjuster_phone text, amount_claimed numeric(12,2), amount_approved numeric(12,2),
  currency char(3) not null, description text, row_hash bytea not null);
create table events (
  id bigint generated always as identity primary key, claim_id bigint not null references claims(id), seq int not null,
  occurred_at timestamptz not null, kind text not null, status text not null, title text not null, note text,
  unique (claim_id, seq));
create temp table new_claims (like claims); alter table new_claims drop column id;
create temp table new_events (claim_number text, seq int, occurred_at timestamptz, kind text, status text, title text,
  note text);
"""
CLAIM = [
    "claim_number",
    "policy_number",
    "claimant_name",
    "email",
    "phone",
    "language",
    "status",
    "line_of_business",
    "loss_date",
    "filed_at",
    "updated_at",
    "adjuster_name",
    "adjuster_phone",
    "amount_claimed",
    "amount_approved",
    "currency",
    "description",
    "row_hash",
]
EVENT = ["claim_number", "seq", "occurred_at", "kind", "status", "title", "note"]
MERGE_CLAIMS = f"""
insert into claims as t ({", ".join(CLAIM)}) select {", ".join(CLAIM)} from new_claims
on conflict (claim_number) do update set {", ".join(f"{name} = excluded.{name}" for name in CLAIM[1:])}
where t.row_hash is distinct from excluded.row_hash
"""
MERGE_EVENTS = f"""
insert into events as t (claim_id, {", ".join(EVENT[1:])})
select c.id, {", ".join("e." + name for name in EVENT[1:])} from new_events e join claims c using (claim_number)
on conflict (claim_id, seq) do update set {", ".join(f"{name} = excluded.{name}" for name in EVENT[2:])}
"""


def rows_of(line: bytes) -> tuple[tuple[Any, ...], list[tuple[Any, ...]]]:
    """The line as rows, typed as the driver wants them."""
    r = orjson.loads(line)
    person, adjuster, number = r["claimant"], r["adjuster"], r["claim_number"]
    claimed, approved = r["amount_claimed"], r["amount_approved"]
    claim = (
        number,
        r["policy_number"],
        person["name"],
        person["email"],
        person["phone"],
        person["language"],
        r["status"],
        r["line_of_business"],
        date.fromisoformat(r["loss_date"]),
        datetime.fromisoformat(r["filed_at"]),
        datetime.fromisoformat(r["updated_at"]),
        adjuster["name"],
        adjuster["phone"],
        claimed and Decimal(claimed),
        approved and Decimal(approved),
        r["currency"],
        r["description"],
        blake2b(line, digest_size=16).digest(),
    )
    events = [
        (number, e["seq"], datetime.fromisoformat(e["occurred_at"]), e["kind"], e["status"], e["title"], e["note"])
        for e in r["events"]
    ]
    return claim, events


def chunks(path: Path) -> Iterator[list[bytes]]:
    """The lines of the file, so many at a time."""
    with path.open("rb") as file:
        while chunk := list(islice(file, CHUNK)):
            yield chunk


async def copy(url: str, path: Path) -> None:
    """Load the file."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLES)
    for chunk in chunks(path):
        rows = [rows_of(line) for line in chunk]
        async with connection.transaction():
            await connection.copy_records_to_table("new_claims", records=[row for row, _ in rows], columns=CLAIM)
            events = [event for _, own in rows for event in own]
            await connection.copy_records_to_table("new_events", records=events, columns=EVENT)
            await connection.execute(MERGE_CLAIMS)
            await connection.execute(MERGE_EVENTS)
            await connection.execute("truncate new_claims, new_events")
    await connection.close()


if __name__ == "__main__":
    begun = time.perf_counter()
    asyncio.run(copy(sys.argv[1], Path(sys.argv[2])))
    print(json.dumps({"rate": int(sys.argv[3]) / (time.perf_counter() - begun)}))
