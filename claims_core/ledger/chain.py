"""The chain of the audit as values: what follows what, and whether somebody took something out. No database."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

# What the first sealed entry follows.
GENESIS = b"\0" * 32


class Link(NamedTuple):
    """An entry as it lies in the table: what was said, and its place in the chain."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]
    place: int | None
    prev_hash: bytes | None
    hash: bytes | None


def seal(entry: Any, previous: bytes) -> bytes:
    """The hash of an entry (a `Link` or a row of the table) that follows `previous` in the chain."""
    said = [entry.seq, entry.at.isoformat(), entry.actor, entry.action, entry.subject, entry.detail]
    return hashlib.sha256(previous + json.dumps(said, ensure_ascii=False, sort_keys=True).encode()).digest()


@dataclass(frozen=True, slots=True)
class Head:
    """How long the chain was at some time, and the seal of its last entry: kept elsewhere, it proves all before it."""

    place: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Walk:
    """How far the chain was found whole. `broken_at` is the `seq` of the first entry that does not follow."""

    sealed: int = 0
    head: bytes = GENESIS
    broken_at: int | None = None


def walk_on(walk: Walk, links: Iterable[Link], noted: Mapping[int, bytes]) -> Walk:
    """Go on along the chain to its first break or the end of `links`; `noted` are seals known from earlier, by place.

    A whole tail that was written anew follows by itself and is found against `noted` alone.
    """
    for link in links:
        if walk.broken_at is not None:
            return walk
        follows = link.place == walk.sealed + 1 and link.prev_hash == walk.head and link.hash == seal(link, walk.head)
        if not follows or noted.get(walk.sealed + 1, link.hash) != link.hash:
            return replace(walk, broken_at=link.seq)
        walk = Walk(walk.sealed + 1, link.hash or GENESIS)
    return walk


def cut_off(walk: Walk, noted: Mapping[int, bytes]) -> int:
    """How many entries that were sealed once are no longer at the end of a chain that is whole else."""
    return 0 if walk.broken_at is not None else max([0, *(place - walk.sealed for place in noted)])
