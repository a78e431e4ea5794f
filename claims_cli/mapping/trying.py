"""`claims mapping try`: one case as it came, as we made it, and as its policyholder would read it. Nothing is kept."""

import argparse
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, or_, select

from backoffice_adapter import samples
from backoffice_adapter.mapping import LeftOut, Mapping, Rejected, Translation, Unmapped, load
from backoffice_adapter.mapping.explain import Explained, explain
from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import Record
from backoffice_adapter.sources import open_source
from claims_cli.mapping.readers import Read, read_as_policyholder
from claims_cli.places import source_named, with_database
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.snapshot import ClaimSnapshot
from claims_core.tables import Claim

DONE, UNREAD = 0, 3
WIDE = 48


def run(args: argparse.Namespace) -> int:
    """0 every case was read, 3 one was rejected or has no rule. Raises `NotFound`, `BadInput`, `Misconfigured`."""
    config = source_named(args.source)
    mapping, file = load(config.mapping), Path(args.case)
    is_file = file.is_file()

    async def attempt(engine: AsyncEngine) -> int:
        if is_file:
            records = await samples.of_file(file, config, key=mapping.key, limit=args.take)
        else:
            records = [await _known_case(engine, config, mapping, args.case)]
        codes = [await _one(engine, config.name, mapping, record, as_json=args.json) for record in records]
        return max(codes)

    return with_database(attempt)


async def _known_case(engine: AsyncEngine, config: SourceConfig, mapping: Mapping, case: str) -> Record:
    source = open_source(config, key=mapping.key, clock=utc_now)
    try:
        return await samples.one(source, await _ref_of(engine, config.name, case))
    finally:
        await source.close()


async def _ref_of(engine: AsyncEngine, source: str, case: str) -> str:
    """The source's key of a claim that we know by key or number; else what was typed is the key."""
    known = select(Claim.source_ref).where(
        Claim.source == source,
        col(Claim.part_of).is_(None),
        or_(Claim.source_ref == case, Claim.claim_number == case),
    )
    async with session_scope(engine) as session:
        return (await session.exec(known.limit(1))).first() or case


async def _one(engine: AsyncEngine, name: str, mapping: Mapping, record: Record, *, as_json: bool) -> int:
    now = utc_now()
    said = mapping.translator(source=name, mapping_version=1)(record, now)
    explained = explain(mapping.file, record, now)
    read = await read_as_policyholder(engine, said, now=now) if isinstance(said, ClaimSnapshot) else ()
    if as_json:
        print(json.dumps(_as_dict(record, said, explained, read), ensure_ascii=False, default=str))
    else:
        _tell(record, said, explained, read, now)
    return UNREAD if isinstance(said, Rejected | Unmapped) else DONE


def _as_dict(record: Record, said: Translation, explained: Explained, read: tuple[Read, ...]) -> dict[str, Any]:
    return {
        "ref": record.ref,
        "place": record.place,
        "became": _became(said),
        "rule": explained.rule.name if explained.rule else None,
        "lines": [asdict(line) for line in explained.lines],
        "unread": explained.unread,
        "read": [asdict(one) for one in read],
    }


def _became(said: Translation) -> str:
    if isinstance(said, Rejected):
        return f"rejected: {said.reason}"
    if isinstance(said, Unmapped):
        return f"no rule knows {said.code}; a claim that is there keeps its stage, and nothing is told"
    if isinstance(said, LeftOut):
        return "left out by its rule: not ours to show"
    place = ", ".join(filter(None, (said.stage, said.situation, said.outcome)))
    return f"claim {said.claim_number}: {place}"


def _tell(record: Record, said: Translation, explained: Explained, read: tuple[Read, ...], now: datetime) -> None:
    print(f"case {record.ref}{f' ({record.place})' if record.place else ''}")
    print(f"  {_became(said)}")
    if explained.rule is not None:
        print(f"  by the rule '{explained.rule.name}'")
    print()
    rows = [("what came", "from", "what we made of it", "ours")]
    rows += [
        (line.came, line.path, f"!! {line.made}" if line.problem else line.made, line.ours)
        for line in explained.lines
        if line.came or line.made
    ]
    widths = [min(WIDE, max(len(row[column]) for row in rows)) for column in range(3)]
    for row in rows:
        print("  " + "  ".join(_fit(cell, width) for cell, width in zip(row, (*widths, 0), strict=True)).rstrip())
    if explained.unread:
        print(f"\n  not read: {', '.join(explained.unread)}")
    for one in read:
        who = f"the claimant {one.claimant}" if one.claimant else "the client"
        print(f"\n{who} would read ({one.language})")
        for line in one.lines():
            print(f"  {line}")


def _fit(cell: str, width: int) -> str:
    return cell if not width else (cell if len(cell) <= width else f"{cell[: width - 1]}…").ljust(width)
