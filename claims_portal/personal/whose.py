"""Whose data: all rows of one human, their claims, and the addresses that are theirs alone."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from claims_core.same_person import REPRESENTATIVES, rows_of

_PEOPLE = f"select unnest({rows_of('me')}) as id from policyholder me where me.id = $1"  # noqa: S608
_CLAIMS = "select id from claim where policyholder_id = any($1)"
# What somebody else has on file, too, is not only theirs: what came from it may be the other's.
_ADDRESSES = """
select p.address from contact_point p where p.policyholder_id = any($1) and not exists (
  select from contact_point o join policyholder h on h.id = o.policyholder_id
  where o.address = p.address and o.on_file and o.policyholder_id <> all($1) and h.source <> $2)
union select c.address from chat c where c.policyholder_id = any($1)
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """The arguments of every statement about a person."""

    people: list[UUID]
    claims: list[UUID]
    addresses: list[str]


async def whose(connection: asyncpg.Connection, policyholder_id: UUID) -> Whose:
    """All that belongs to the human of this row; nothing of anybody else's."""
    people = list({row["id"] for row in await connection.fetch(_PEOPLE, policyholder_id)})
    claims = [row["id"] for row in await connection.fetch(_CLAIMS, people)]
    addresses = await connection.fetch(_ADDRESSES, people, REPRESENTATIVES)
    return Whose(people, claims, [row["address"] for row in addresses])
