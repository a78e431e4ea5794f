"""`claims quarantine`: the cases that could not be read: list them, show one, try them again."""

import argparse
import asyncio
import getpass
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter import quarantine
from backoffice_adapter.mapping import load
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan
from backoffice_adapter.tables import RejectedCase
from claims_cli.places import source_named, with_database
from claims_core import ledger, logs
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.masks import masked
from claims_core.settings import CoreSettings, read_settings

DONE, STILL_REJECTED = 0, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list [SOURCE] [--all]`, `show ID [--raw]`, `retry [ID...] [--source NAME]`."""
    parts = parser.add_subparsers(dest="part", required=True)
    every = parts.add_parser("list", help="what cannot be read, and why")
    every.add_argument("source", nargs="?", help="only of this source")
    every.add_argument("--all", action="store_true", help="also what could be read since")
    show = parts.add_parser("show", help="one of them, its values masked")
    show.add_argument("id", type=UUID)
    show.add_argument("--raw", action="store_true", help="as it came, with personal data; this look is audited")
    again = parts.add_parser("retry", help="read them again from their source")
    again.add_argument("id", type=UUID, nargs="*", help="these; without any, all of them")
    again.add_argument("--source", help="only of this source")
    for part in (every, show, again):
        part.add_argument("--json", action="store_true", help="one object a line, for programs")


def run(args: argparse.Namespace) -> int:
    """0 done, 1 failed or not there, 2 wrong words or settings, 3 some still cannot be read."""
    logs.set_up(stream=sys.stderr)
    act = {"list": _list, "show": _show, "retry": _retry}[args.part]
    return with_database(lambda engine: act(engine, args))


async def _list(engine: AsyncEngine, args: argparse.Namespace) -> int:
    async with session_scope(engine) as session:
        rows = await quarantine.listed(session, source=args.source, settled=args.all)
    for row in rows:
        if args.json:
            print(json.dumps(_as_dict(row), ensure_ascii=False, default=str))
        else:
            settled = ", can be read now" if row.settled_at else ""
            where = row.place or row.case_ref or "?"
            print(f"{row.id}  {row.source}  {where}: {row.reason} ({row.times} times{settled})")
    if not rows:
        await _must_be_there(args.source)
        if not args.json:
            print("every case could be read")
    return STILL_REJECTED if any(row.settled_at is None for row in rows) else DONE


async def _must_be_there(name: str | None) -> None:
    """Of a source that nobody described it is no news that all of it could be read. Raises `Misconfigured`."""
    if name is not None:
        await asyncio.to_thread(source_named, name)


async def _show(engine: AsyncEngine, args: argparse.Namespace) -> int:
    async with session_scope(engine) as session:
        row = await quarantine.one(session, args.id)
        said = _as_dict(row) | {"raw": row.raw if args.raw else masked(row.raw)}
        if args.raw:
            subject = f"rejected_case:{row.id}"
            await ledger.audit(
                session, actor=getpass.getuser(), action="raw_seen", subject=subject, detail={}, now=utc_now()
            )
    if args.json:
        print(json.dumps(said, ensure_ascii=False, default=str))
        return DONE
    for name, value in said.items():
        print(f"{name}:\n{value}" if name == "raw" else f"{name}: {value}")
    return DONE


def _as_dict(row: RejectedCase) -> dict[str, Any]:
    names = ("id", "source", "case_ref", "place", "reason", "mapping_version", "first_seen_at", "last_seen_at", "times")
    return {name: getattr(row, name) for name in (*names, "tried_at", "settled_at")}


async def _retry(engine: AsyncEngine, args: argparse.Namespace) -> int:
    by_source: dict[str, list[UUID]] = defaultdict(list)
    async with session_scope(engine) as session:
        chosen = [await quarantine.one(session, each) for each in args.id]
        for row in chosen or await quarantine.listed(session, source=args.source):
            by_source[row.source].append(row.id)
    left, now = 0, utc_now()
    for name, ids in by_source.items():
        async with session_scope(engine) as session:
            detail = {"cases": [str(each) for each in ids[:100]]}
            await ledger.audit(session, actor=getpass.getuser(), action="retried", subject=name, detail=detail, now=now)
        done = await _retry_of(engine, name, ids)
        left += done.tried - done.settled
        if args.json:
            print(json.dumps({"source": name, "tried": done.tried, "settled": done.settled}))
        else:
            print(f"{name}: {done.settled} of {done.tried} can be read now")
    if not by_source:
        await _must_be_there(args.source)
        if not args.json:
            print("there is nothing to try again")
    return STILL_REJECTED if left else DONE


async def _retry_of(engine: AsyncEngine, name: str, ids: Sequence[UUID]) -> quarantine.Retried:
    config = await asyncio.to_thread(source_named, name)
    mapping = await asyncio.to_thread(load, config.mapping)
    source = open_source(config, key=mapping.key, clock=utc_now)
    settle = config.settle if config.settle is not None else read_settings(CoreSettings).settle_window
    try:
        return await quarantine.retry(Plan(engine, config, mapping, source, clock=utc_now, settle=settle), ids)
    finally:
        await source.close()
