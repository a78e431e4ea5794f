"""`claims mapping suggest`: a sample of a source, and the beginning of a mapping made of what it holds."""

import argparse
import asyncio
import json
from pathlib import Path

from backoffice_adapter.mapping.suggestion import suggest
from backoffice_adapter.samples import sample
from backoffice_adapter.settings import SourceConfig
from backoffice_adapter.source import Record
from backoffice_adapter.sources import open_source
from claims_cli.places import source_named
from claims_core.clock import utc_now
from claims_core.errors import BadInput
from claims_core.settings import CoreSettings, read_settings

DONE = 0
KEY = b"suggest"


def run(args: argparse.Namespace) -> int:
    """0 written or printed. Raises `BadInput` when the source shows nothing, or the file is there."""
    if args.out is not None and args.out.exists():
        raise BadInput(f"{args.out} is there already: give another name")
    if args.out is not None and not args.out.parent.is_dir():
        raise BadInput(f"there is no folder {args.out.parent}: make it, or give another name")
    config, settings = source_named(args.source), read_settings(CoreSettings)
    records = asyncio.run(_read(config, args.sample))
    if not records:
        raise BadInput(f"{config.name} shows no case that could be taken apart: nothing can be suggested")
    made = suggest(
        [record.body for record in records],
        source=config.name,
        zone=settings.insurer_timezone,
        country=settings.insurer_country,
    )
    _tell(made, args.out, len(records), config.name, as_json=args.json)
    return DONE


async def _read(config: SourceConfig, limit: int) -> list[Record]:
    source = open_source(config, key=KEY, clock=utc_now)
    try:
        return await sample(source, limit=limit)
    finally:
        await source.close()


def _tell(made: str, out: Path | None, cases: int, name: str, *, as_json: bool) -> None:
    if out is not None:
        out.write_text(made, encoding="utf-8")
    if as_json:
        print(json.dumps({"source": name, "cases": cases, "mapping": made}, ensure_ascii=False))
    elif out is None:
        print(made, end="")
    else:
        print(f"{out}: made of {cases} cases; now complete it: claims mapping check --file {out}")
