"""`claims sync`: read the back offices, once or for good, and put handlers' changes into them."""

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from tqdm import tqdm

from backoffice_adapter.mapping import Mapping, load
from backoffice_adapter.settings import BackofficeSettings, SourceConfig, read_config
from backoffice_adapter.sources import open_source
from backoffice_adapter.standing import standing_of, tell_standing
from backoffice_adapter.sync import Counts, Look, Plan, Rehearsal, Summary, nothing_more, rehearse, sync_once
from backoffice_adapter.tables import RunState
from backoffice_adapter.watch import Watched, watch
from claims_core import embedded, logs, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, session_scope
from claims_core.errors import Misconfigured
from claims_core.settings import CoreSettings, read_settings
from claims_core.stopping import told_to_stop

log = logging.getLogger(__name__)

DONE, FAILED, WITH_REJECTS = 0, 1, 3
Described = tuple[SourceConfig, Mapping]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`[SOURCE] [--watch | --full | --status | --dry-run] [--json]`."""
    parser.add_argument("source", nargs="?", help="only this one of BACKOFFICE_CONFIG")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="go on reading, and put handlers' changes back")
    how.add_argument("--full", action="store_true", help="read everything again, whatever is known")
    how.add_argument("--status", action="store_true", help="how old each source is, its last run, and what waits")
    how.add_argument("--dry-run", action="store_true", help="say what would change, and keep nothing")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")


def run(args: argparse.Namespace, *, look: Look = nothing_more) -> int:
    """0 done, 1 failed, 3 done but some cases could not be read. `look` sees a dry run's facts while they are there."""
    settings = read_settings(CoreSettings)
    # What is printed is the answer, for a person or a program; the log lines of a one-off run stand beside it.
    logs.set_up(stream=sys.stdout if args.watch else sys.stderr)
    described = describe(read_settings(BackofficeSettings), only=args.source)

    async def on(url: str) -> int:
        engine = make_engine(url)
        try:
            await shape.must_fit(engine)
            return await _run(engine, settings, described, args, look)
        finally:
            await engine.dispose()

    with embedded.database(settings) as url:
        return asyncio.run(on(url))


def describe(settings: BackofficeSettings, *, only: str | None = None) -> list[Described]:
    """The sources with their mappings, every one checked. Raises `Misconfigured` with all that must be mended."""
    configs = read_config(settings.backoffice_config)
    if only is not None and only not in {config.name for config in configs}:
        raise Misconfigured(f"there is no source '{only}'; there are: {', '.join(config.name for config in configs)}")
    found, problems = [], []
    for config in configs:
        try:
            found.append((config, load(config.mapping)))
        except Misconfigured as problem:
            problems.append(str(problem))
    if problems:
        raise Misconfigured("\n".join(problems))
    return [(config, mapping) for config, mapping in found if only in (None, config.name)]


async def _run(
    engine: AsyncEngine, settings: CoreSettings, described: Sequence[Described], args: argparse.Namespace, look: Look
) -> int:
    if args.watch:
        return await _watch(engine, settings, described)
    if args.status:
        async with session_scope(engine) as session:
            standing = await standing_of(session, [config for config, _ in described], now=utc_now())
        return tell_standing(standing, as_json=args.json)
    codes = [await _one(engine, settings, config, mapping, args, look) for config, mapping in described]
    return FAILED if FAILED in codes else max(codes, default=DONE)


async def _watch(engine: AsyncEngine, settings: CoreSettings, described: Sequence[Described]) -> int:
    """Until Ctrl-C or SIGTERM; a page under way is finished or taken back whole."""
    watched = [
        Watched(config, mapping, open_source(config, key=mapping.key, clock=utc_now), _settle(settings, config))
        for config, mapping in described
    ]
    try:
        await watch(engine, watched, clock=utc_now, stop=told_to_stop(), instance_id=settings.claims_instance_id)
    finally:
        for one in watched:
            await one.source.close()
    return DONE


def _settle(settings: CoreSettings, config: SourceConfig) -> timedelta:
    return settings.settle_window if config.settle is None else config.settle


async def _one(
    engine: AsyncEngine,
    settings: CoreSettings,
    config: SourceConfig,
    mapping: Mapping,
    args: argparse.Namespace,
    look: Look,
) -> int:
    source = open_source(config, key=mapping.key, clock=utc_now)
    settle = _settle(settings, config)
    with _Progress(config.name, shown=sys.stderr.isatty() and not args.json) as progress:
        plan = Plan(
            engine, config, mapping, source, clock=utc_now, settle=settle, full=args.full, on_page=progress.show
        )
        try:
            done = await rehearse(plan, look=look) if args.dry_run else await sync_once(plan)
        finally:
            await source.close()
    if isinstance(done, Rehearsal):
        return _tell_rehearsal(config.name, done, as_json=args.json)
    return _tell_summary(done, as_json=args.json)


class _Progress:
    """A bar on a terminal; a log line a page elsewhere."""

    def __init__(self, source: str, *, shown: bool) -> None:
        self._source, self._bar = source, tqdm(desc=source, unit=" claims", disable=not shown)

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.close()

    def show(self, counts: Counts) -> None:
        """So far."""
        if self._bar.disable:
            log.info("sync_page", extra={"source": self._source, **asdict(counts)})
            return
        self._bar.update(counts.seen - self._bar.n)
        self._bar.set_postfix(changed=counts.new + counts.changed, rejected=counts.rejected, refresh=False)


def _tell_summary(done: Summary, *, as_json: bool) -> int:
    counts = done.counts
    if as_json:
        print(json.dumps(done.as_dict(), ensure_ascii=False))
    else:
        first = " (first load, told to nobody)" if done.first_load else ""
        print(f"{done.source}: {done.state.value} in {done.seconds:.1f} s{first}")
        print(f"  {_counted(counts)}")
        if done.held_of is not None:
            print(
                f"  held: {counts.moved:,} of {done.held_of:,} claims changed stage. The facts are recorded; nobody is"
            )
            print("  told before a head of team has decided (the desk, Back offices)")
        if done.problem:
            print(f"  {done.problem}")
    if done.state is RunState.FAILED:
        return FAILED
    return WITH_REJECTS if counts.rejected or counts.unmapped or done.held_of is not None else DONE


def _tell_rehearsal(name: str, done: Rehearsal, *, as_json: bool) -> int:
    if as_json:
        for fact in done.facts:
            print(json.dumps({"source": name, **asdict(fact)}, ensure_ascii=False, default=str))
        print(json.dumps({"source": name, "dry_run": True, **asdict(done.counts)}))
    else:
        for fact in done.facts:
            place = " ".join(filter(None, (fact.stage, fact.situation)))
            print(f"{fact.claim_number}: {fact.kind} ({place}){', told to nobody' * fact.historic}")
        for reason in sorted({*done.reasons, *done.codes}):
            print(f"{name}: cannot read: {reason}")
        print(f"{name}: would be: {_counted(done.counts)}; nothing was kept")
    return WITH_REJECTS if done.counts.rejected or done.counts.unmapped else DONE


def _counted(counts: Counts) -> str:
    said = {
        "seen": counts.seen,
        "unchanged": counts.unchanged,
        "new": counts.new,
        "changed": counts.changed,
        "facts": counts.events,
        "with another stage": counts.moved,
        "stale": counts.stale,
        "left out": counts.left_out,
        "rejected": counts.rejected,
        "without a rule": counts.unmapped,
    }
    return ", ".join(f"{count:,} {word}" for word, count in said.items() if count or word == "seen")
