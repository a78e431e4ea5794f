"""`claims notifier`: plans, sends, follows up. Any number may run on one database."""

import argparse
import asyncio

import uvloop

from claims_core import embedded, logs, shape
from claims_core.db import make_engine
from claims_core.settings import CoreSettings, read_settings
from claims_core.stopping import told_to_stop
from notifier.process import collect_seldom, serve
from notifier.settings import NotifierSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--console`."""
    parser.add_argument("--console", action="store_true", help="print messages instead of sending them")


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; open calls are ended and written first. Raises `Misconfigured`."""
    core, settings = read_settings(CoreSettings), read_settings(NotifierSettings)
    if not args.console:
        settings.must_be_fit()
    logs.set_up()
    collect_seldom()
    with embedded.database(core) as url:
        asyncio.run(_must_fit(url))
        uvloop.run(_until_told(url, settings, console=args.console, instance_id=core.claims_instance_id))
    return 0


async def _must_fit(url: str) -> None:
    engine = make_engine(url)
    try:
        await shape.must_fit(engine)
    finally:
        await engine.dispose()


async def _until_told(url: str, settings: NotifierSettings, *, console: bool, instance_id: str | None) -> None:
    await serve(url, settings, told_to_stop(), console=console, instance_id=instance_id)
