"""What we know of the claims in a batch: which are unchanged, and the rest read and locked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import asyncpg

from claims_core.errors import NotFound
from claims_core.ledger.rows import CLAIM, to_snapshot
from claims_core.promises import PauseRow, PromiseRow, to_promise
from claims_core.snapshot import ClaimSnapshot

Key = tuple[str, str]

# `offset 0` makes of each key a look into the index. Joined as tables, a page of 5,000 keys is for PostgreSQL reason
# enough to read all claims there are: 66 µs a key beside 200,000 claims, and more with each page of a first load; 6 so.
CHANGED = """
select k.ref from unnest($2::text[], $3::bytea[]) as k(ref, hash) where not exists (
  select from claim c where c.source = $1 and c.source_ref = k.ref and c.source_hash = k.hash offset 0)
"""
SEEN = """
select k.source, k.ref as source_ref, c.same from unnest($1::text[], $2::text[], $3::bytea[]) as k(source, ref, hash)
cross join lateral (
  select c.source_hash = k.hash as same from claim c where c.source = k.source and c.source_ref = k.ref offset 0) c
"""
ANY_OF = """
select exists (select from unnest($1::text[], $2::text[]) as k(source, ref)
  join claim c on c.source = k.source and c.source_ref = k.ref)
"""
CLAIM_COLUMNS = ", ".join("c." + name for name in CLAIM.columns)
LOCK = f"""
select {CLAIM_COLUMNS} from unnest($1::text[], $2::text[]) as k(source, ref) cross join lateral (
  select * from claim c where c.source = k.source and c.source_ref = k.ref for update) c
"""  # noqa: S608
ONE = f"select {CLAIM_COLUMNS} from claim c where c.id = $1"  # noqa: S608
HANDLERS = """
select id, claim_id, state, told, source_word from change_request
where claim_id = any($1) and (state = 'applying' or state = 'applied' and source_word is not null)
order by requested_at, id
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A claim as our tables have it, locked until the end of the transaction."""

    id: UUID
    policyholder_id: UUID
    version: int
    stage_since: datetime
    situation_since: datetime
    snapshot: ClaimSnapshot
    settled: Mapping[str, datetime]
    promises: tuple[PromiseRow, ...]
    pauses: tuple[PauseRow, ...]
    # Changes of handlers that our ledger is the record of, and whether one on its way is not to be told.
    own_changes: tuple[str, ...] = ()
    source_word: Mapping[str, str | None] | None = None
    untold: bool = False
    observed_at: datetime | None = None
    part_of: UUID | None = None
    has_claimants: bool = False


class Standing(Enum):
    """Whether a snapshot is news."""

    NEWER = "newer"
    STALE = "stale"
    TIE_LOST = "tie_lost"


def key_of(snapshot: ClaimSnapshot) -> Key:
    """What makes two snapshots the same claim."""
    return snapshot.source, snapshot.source_ref


def standing(known: ClaimSnapshot, snapshot: ClaimSnapshot) -> Standing:
    """Is `snapshot` newer than what we know? By version, else by date; a tie goes to the higher hash, always.

    A new mapping reads the same content again and wins a tie. Where a source gives neither a number nor a date,
    the order of arrival decides.
    """
    ranks = [_rank(known, snapshot), _rank(snapshot, known)]
    if ranks[0] != ranks[1]:
        return Standing.NEWER if ranks[1] > ranks[0] else Standing.STALE
    if known.mapping_version != snapshot.mapping_version:
        return Standing.NEWER if snapshot.mapping_version > known.mapping_version else Standing.STALE
    same_version = snapshot.source_version is not None and snapshot.source_version == known.source_version
    if same_version and snapshot.source_hash < known.source_hash:
        return Standing.TIE_LOST
    return Standing.NEWER


def _rank(snapshot: ClaimSnapshot, other: ClaimSnapshot) -> tuple[int, float]:
    mine, theirs = snapshot.source_version or "", other.source_version or ""
    number = int(mine) if mine.isdecimal() and theirs.isdecimal() else 0
    dated = snapshot.changed_at and other.changed_at
    return number, snapshot.changed_at.timestamp() if dated and snapshot.changed_at else 0.0


async def changed_among(connection: asyncpg.Connection, source: str, hashes: Mapping[str, bytes]) -> set[str]:
    """The refs whose stored hash differs, or that are unknown."""
    return {row[0] for row in await connection.fetch(CHANGED, source, list(hashes), list(hashes.values()))}


async def are_new(connection: asyncpg.Connection, snapshots: Sequence[ClaimSnapshot]) -> bool:
    """Are the first, the middle and the last of them claims never seen before? Then most likely all are."""
    some = [snapshots[0], snapshots[len(snapshots) // 2], snapshots[-1]]
    return not await connection.fetchval(ANY_OF, [shot.source for shot in some], [shot.source_ref for shot in some])


async def read_known(
    connection: asyncpg.Connection, snapshots: Sequence[ClaimSnapshot]
) -> tuple[set[Key], dict[Key, Known]]:
    """The keys with nothing new, and what we know of those that differ. In neither: never seen before."""
    by_key = {key_of(snapshot): snapshot for snapshot in snapshots}
    sources, refs = [key[0] for key in by_key], [key[1] for key in by_key]
    seen = await connection.fetch(SEEN, sources, refs, [snapshot.source_hash for snapshot in by_key.values()])
    same = {(row["source"], row["source_ref"]) for row in seen if row["same"]}
    # They are locked in this order.
    differ = sorted((row["source"], row["source_ref"]) for row in seen if not row["same"])
    if not differ:
        return same, {}
    claims = await connection.fetch(LOCK, [key[0] for key in differ], [key[1] for key in differ])
    return same, await _with_parts(connection, [dict(claim) for claim in claims], by_key)


async def known_claim(connection: asyncpg.Connection, claim_id: UUID, *, lock: bool) -> Known:
    """One claim as our tables have it; raises `NotFound`. With `lock`, until the end of the transaction."""
    claim = await connection.fetchrow(f"{ONE} for update" if lock else ONE, claim_id)
    if claim is None:
        raise NotFound("there is no such claim")
    (known,) = (await _with_parts(connection, [dict(claim)], {})).values()
    return known


def source_word(snapshot: ClaimSnapshot) -> dict[str, str | None]:
    """What a source says of the fields that a handler may change."""
    return {"stage": snapshot.stage, "situation": snapshot.situation, "outcome": snapshot.outcome}


async def _with_parts(
    connection: asyncpg.Connection, claims: Sequence[Mapping[str, Any]], by_key: Mapping[Key, ClaimSnapshot]
) -> dict[Key, Known]:
    ids = [claim["id"] for claim in claims]
    payments = _grouped(await connection.fetch("select * from payment where claim_id = any($1)", ids))
    documents = _grouped(await connection.fetch("select * from document_request where claim_id = any($1)", ids))
    promises = _grouped(await connection.fetch("select * from promise where claim_id = any($1)", ids))
    pauses = _grouped(await connection.fetch("select * from pause where claim_id = any($1)", ids))
    changes = _grouped(await connection.fetch(HANDLERS, ids))
    found = {}
    for claim in claims:
        key = claim["source"], claim["source_ref"]
        papers, own = documents[claim["id"]], [row for row in changes[claim["id"]] if row["source_word"]]
        person = by_key[key].policyholder if key in by_key else None
        found[key] = Known(
            id=claim["id"],
            policyholder_id=claim["policyholder_id"],
            version=claim["version"],
            stage_since=claim["stage_since"],
            situation_since=claim["situation_since"],
            snapshot=to_snapshot(claim, payments[claim["id"]], papers, policyholder=person),
            settled={paper["request_ref"]: paper["settled_at"] for paper in papers if paper["settled_at"]},
            promises=tuple(to_promise(row) for row in promises[claim["id"]]),
            pauses=tuple(PauseRow(**row) for row in pauses[claim["id"]]),
            own_changes=tuple(str(row["id"]) for row in own),
            source_word=own[-1]["source_word"] if own else None,
            untold=any(row["state"] == "applying" and not row["told"] for row in changes[claim["id"]]),
            **{name: claim[name] for name in ("observed_at", "part_of", "has_claimants")},
        )
    return found


def _grouped(rows: Iterable[asyncpg.Record]) -> dict[UUID, list[Mapping[str, Any]]]:
    groups: dict[UUID, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["claim_id"]].append(dict(row))
    return groups
