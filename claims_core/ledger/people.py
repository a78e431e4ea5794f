"""The policyholders of a batch and their addresses on file."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import asyncpg

from claims_core.ids import new_id
from claims_core.ledger.known import Key
from claims_core.ledger.rows import CONTACT_POINT, PERSON, contact_rows, person_row
from claims_core.ledger.staging import add, merge
from claims_core.snapshot import ClaimSnapshot, PersonSnapshot

# Key by key by the index, however many there are (as in `known`).
SEEN = """
select k.ref, p.id from unnest($2::text[]) as k(ref)
cross join lateral (select p.id from policyholder p where p.source = $1 and p.source_ref = k.ref offset 0) p
"""
# An address that the back office no longer lists is kept, for the receipts of old messages, and no longer used. Comes
# it back, it has to be proved anew: numbers are given to new people.
OFF_FILE = """
update contact_point c set on_file = false, verified_at = null where c.policyholder_id = any($1)
  and c.on_file and not exists (
  select from staged_contact_point s
  where s.policyholder_id = c.policyholder_id and s.kind = c.kind and s.address = c.address)
"""


async def write_people(connection: asyncpg.Connection, snapshots: Iterable[ClaimSnapshot]) -> Mapping[Key, UUID]:
    """Write the policyholders of `snapshots`; their ids by (source, ref). Of two words on one person the last holds."""
    people = {(shot.source, shot.policyholder.ref): shot.policyholder for shot in snapshots}
    keys, ids = sorted(people), dict[Key, UUID]()
    for source, own in groupby(keys, key=itemgetter(0)):
        found = await connection.fetch(SEEN, source, [ref for _, ref in own])
        ids.update(((source, ref), known_as) for ref, known_as in found)
    known = {key: people[key] for key in ids}
    new = {key: people[key] for key in keys if key not in ids}
    ids.update((key, new_id()) for key in new)
    await add(connection, PERSON, [person_row(key[0], person, ids[key]) for key, person in new.items()])
    await add(connection, CONTACT_POINT, [row for key, person in new.items() for row in contact_rows(person, ids[key])])
    if known:
        await _update(connection, known, ids)
    return ids


async def _update(connection: asyncpg.Connection, known: Mapping[Key, PersonSnapshot], ids: Mapping[Key, UUID]) -> None:
    await merge(connection, PERSON, [person_row(key[0], person, ids[key]) for key, person in known.items()])
    points = [row for key, person in known.items() for row in contact_rows(person, ids[key])]
    await merge(connection, CONTACT_POINT, points, instead_of=(OFF_FILE, [ids[key] for key in known]))
