"""`claims adopt`: take over a copied or restored database. It needs the core's row and the notifier's queue."""

import argparse
import asyncio
import getpass
import sys

from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import embedded, installation, ledger, shape
from claims_core.clock import utc_now
from claims_core.db import driver_connection, make_engine, session_scope
from claims_core.errors import Refused
from claims_core.settings import CoreSettings, read_settings
from notifier.sweeps import hold_restored

QUESTION = """{why}.
From now on it shall be the database of the installation {name}, and new messages leave from it to real people.
What waits to be sent is held until somebody releases or drops it (`claims notifications held`).
Take it over? Type `adopt`: """


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--yes`."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Ask, then do it. Raises `Refused` when nobody confirms."""
    settings = read_settings(CoreSettings)
    with embedded.database(settings) as url:
        return asyncio.run(_adopt(url, settings, sure=args.yes))


async def _adopt(url: str, settings: CoreSettings, *, sure: bool) -> int:
    engine = make_engine(url, pool_size=1)
    try:
        await shape.must_fit(engine)
        async with session_scope(engine) as session:
            why = await installation.why_foreign(session, instance_id=settings.claims_instance_id)
        if why is None:
            print("the database is this installation's own: there is nothing to take over")
            return 0
        if not sure:
            await asyncio.to_thread(_confirm, why, settings.claims_instance_id)
        async with session_scope(engine) as session:
            held = await take_over(session, settings.claims_instance_id)
    finally:
        await engine.dispose()
    print(f"taken over; messages held: {held}")
    return 0


async def take_over(session: AsyncSession, instance_id: str | None) -> int:
    """Bind the database to this installation and hold all that waits, in one transaction. How many are held now."""
    now = utc_now()
    held = await hold_restored(await driver_connection(session))
    await installation.adopt(session, instance_id=instance_id, now=now)
    detail = {"instance_id": instance_id, "held": held}
    await ledger.audit(
        session, actor=getpass.getuser(), action="database_adopted", subject="installation:1", detail=detail, now=now
    )
    return held


def _confirm(why: str, name: str | None) -> None:
    if not sys.stdin.isatty():
        raise Refused("nobody is there to confirm: say `claims adopt --yes`")
    if input(QUESTION.format(why=why, name=name or "without a name")).strip() != "adopt":
        raise Refused("nothing was changed")
