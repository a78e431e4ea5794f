"""The copy that a person may take along: every row that we hold about them, read at one moment."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import asyncpg

from claims_portal.personal.held import DRAWERS, HELD, NOT_HELD, Category, Held
from claims_portal.personal.whose import Whose, whose

FORMAT = "claims-status/person/1"
# Of one table. Nobody has nearly as many; a program that writes to itself might.
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table; `has_more` when there are more than a copy holds."""

    held: Held
    rows: list[dict[str, Any]]
    has_more: bool


@asynccontextmanager
async def _one_moment(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        yield cast(asyncpg.Connection, connection)


async def read_all(pool: asyncpg.Pool, policyholder_id: UUID) -> list[Rows]:
    """All rows of every table, at one moment: what changes meanwhile is in none or in all of them."""
    async with _one_moment(pool) as connection:
        mine = await whose(connection, policyholder_id)
        return [await _read(connection, held, mine) for held in HELD]


async def count_all(pool: asyncpg.Pool, policyholder_id: UUID) -> dict[Category, int]:
    """How many rows there are in each category."""
    async with _one_moment(pool) as connection:
        mine = await whose(connection, policyholder_id)
        counts = dict.fromkeys(DRAWERS, 0)
        for held in HELD:
            counts[held.category] += await connection.fetchval(f"select count(*) {_from(held)}", *_given(mine))
        return counts


async def _read(connection: asyncpg.Connection, held: Held, mine: Whose) -> Rows:
    # In an order of what is shown: as they lie in the table, rows tell of each write to them.
    query = f"select to_jsonb(t) - $4::text[] as row {_from(held)} order by 1 limit {MOST_ROWS + 1}"
    found = [_plain(record["row"]) for record in await connection.fetch(query, *_given(mine), list(held.without))]
    return Rows(held, found[:MOST_ROWS], len(found) > MOST_ROWS)


def _from(held: Held) -> str:
    # Each statement has the same arguments, whether or not it needs them.
    named = "$1::uuid[] is not null and $2::uuid[] is not null and $3::text[] is not null"
    return f'from "{held.table}" t where {named} and ({held.where})'


def _given(mine: Whose) -> tuple[list[UUID], list[UUID], list[str]]:
    return mine.people, mine.claims, mine.addresses


def _plain(row: Any) -> dict[str, Any]:
    return dict(json.loads(row) if isinstance(row, str) else row)


async def as_json(found: list[Rows], *, made_at: str, insurer: str) -> AsyncIterator[bytes]:
    """The copy as JSON, a table at a time (`docs/portal.md` says its fields)."""
    head = {"format": FORMAT, "made_at": made_at, "insurer": insurer, "not_included": NOT_HELD}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "tables": {'
    for place, one in enumerate(found):
        drawer = DRAWERS[one.held.category]
        about = {"category": one.held.category.value, "why": drawer.why, "how_long": drawer.how_long}
        table = {**about, "has_more": one.has_more, "rows": one.rows}
        comma = "," if place else ""
        yield f"{comma}\n{json.dumps(one.held.table)}: {json.dumps(table, ensure_ascii=False)}".encode()
    yield b"\n}}\n"
