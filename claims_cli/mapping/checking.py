"""`claims mapping check`: mistakes by line and column, codes that no rule knows, rules that never held."""

import argparse
import json
import re
from dataclasses import asdict
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from backoffice_adapter.mapping import Mapping, load
from backoffice_adapter.mapping_use import MappingUse, use_of
from backoffice_adapter.settings import BackofficeSettings, read_config
from claims_cli.places import source_named, with_database
from claims_core.db import session_scope
from claims_core.errors import Misconfigured
from claims_core.settings import read_settings

SOUND, MISTAKES, UNKNOWN_CODES = 0, 1, 3
_MISTAKE = re.compile(r"(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<said>.*)", re.DOTALL)


def run(args: argparse.Namespace) -> int:
    """0 sound, 1 with mistakes, 3 sound but with codes that no rule knows."""
    if args.file is not None:
        return _tell_text(args.file, args.file.name, as_json=args.json)
    if args.source is not None:
        configs: tuple[tuple[str, Path], ...] = ((args.source, source_named(args.source).mapping),)
    else:
        sources = read_config(read_settings(BackofficeSettings).backoffice_config)
        configs = tuple((config.name, config.mapping) for config in sources)
    codes = [_tell_text(path, name, as_json=args.json) for name, path in configs]
    sound = [(name, load(path)) for (name, path), code in zip(configs, codes, strict=True) if code == SOUND]
    return max([*codes, *with_database(lambda engine: _used(engine, sound, as_json=args.json))])


def _tell_text(path: Path, name: str, *, as_json: bool) -> int:
    try:
        rules = len(load(path).file.rule)
    except Misconfigured as problem:
        for line in str(problem).splitlines():
            found = _MISTAKE.fullmatch(line)
            print(json.dumps({"source": name, **(found.groupdict() if found else {"said": line})}) if as_json else line)
        return MISTAKES
    if not as_json:
        print(f"{path}: sound, {rules} rules")
    return SOUND


async def _used(engine: AsyncEngine, mappings: list[tuple[str, Mapping]], *, as_json: bool) -> list[int]:
    codes = []
    for name, mapping in mappings:
        async with session_scope(engine) as session:
            use = await use_of(session, name, mapping)
        if as_json:
            print(json.dumps({"source": name, "use": asdict(use) if use else None}, ensure_ascii=False, default=str))
        else:
            _tell_use(name, use)
        codes.append(UNKNOWN_CODES if use is not None and use.unknown else SOUND)
    return codes


def _tell_use(name: str, use: MappingUse | None) -> None:
    if use is None:
        print(f"{name}: was never read; after the first `claims sync` this says which rules held")
        return
    other = "" if use.is_this_text else "; the file differs from it and holds from the next run on"
    print(f"{name}: version {use.version}, in force since {use.since:%Y-%m-%d %H:%M} UTC{other}")
    for rule, times in sorted(use.fired.items(), key=lambda item: -item[1]):
        print(f"  {times:>9,}  {rule}")
    for rule in use.never_fired:
        print(f"  {'never':>9}  {rule}")
    for one in use.unknown:
        again = ", also in the last run" if one.in_last_run else ""
        print(f"  no rule knows {one.code}: {one.times:,} times{again}; try it: claims mapping try {one.example_ref}")
