"""`claims db`: the database server of our own, and the shape of whichever database is used."""

import argparse
import asyncio
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import embedded, migrate, shape
from claims_core.clock import utc_now
from claims_core.db import make_engine, must_answer, plain_address
from claims_core.errors import ClaimsError, Refused
from claims_core.installation import bind_database
from claims_core.ledger.whole import orphans
from claims_core.settings import CoreSettings, read_settings

Answer = TypeVar("Answer")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`start`, `stop`, `upgrade`, `backup FILE`, `check`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("start", help="start the embedded server and leave it running until `claims db stop`")
    actions.add_parser("stop", help="stop the embedded server, whoever uses it")
    actions.add_parser("upgrade", help="bring the database to the shape that this version expects")
    backup = actions.add_parser("backup", help="write the whole database into a file that pg_restore reads")
    backup.add_argument("file", type=Path)
    actions.add_parser("check", help="compare the database with what this version expects; find rows without a claim")


def run(args: argparse.Namespace) -> int:
    """Do one of the actions; what cannot be done raises a `ClaimsError` that says why."""
    actions: dict[str, Callable[[CoreSettings, argparse.Namespace], int]] = {
        "start": _start,
        "stop": _stop,
        "upgrade": _upgrade,
        "backup": _backup,
        "check": _check,
    }
    return actions[args.action](read_settings(CoreSettings), args)


def _ours(settings: CoreSettings) -> Path:
    if settings.database_url is not None:
        raise Refused("DATABASE_URL names a server that is not ours to start or stop")
    return settings.claims_data_dir


def _start(settings: CoreSettings, args: argparse.Namespace) -> int:
    with embedded.start(_ours(settings)) as server:
        (server.home / "stay").touch()
        print(server.url)
    return 0


def _stop(settings: CoreSettings, args: argparse.Namespace) -> int:
    print("stopped" if embedded.stop(_ours(settings)) else "no server was running")
    return 0


def _upgrade(settings: CoreSettings, args: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> str:
        before = await shape.revision(engine)
        await migrate.upgrade(engine)
        foreign = await bind_database(engine, instance_id=settings.claims_instance_id, now=utc_now())
        return "\n".join(filter(None, (f"{before or 'empty'} -> {await shape.revision(engine)}", foreign)))

    print(_with_engine(settings, work))
    return 0


def _check(settings: CoreSettings, args: argparse.Namespace) -> int:
    async def work(engine: AsyncEngine) -> list[str]:
        return await migrate.faults(engine) or await orphans(engine)

    faults = _with_engine(settings, work)
    for fault in faults:
        print(fault)
    print("the database is as this version expects" if not faults else f"{len(faults)} faults")
    return 1 if faults else 0


def _with_engine(settings: CoreSettings, work: Callable[[AsyncEngine], Awaitable[Answer]]) -> Answer:
    async def on(url: str) -> Answer:
        engine = make_engine(url)
        try:
            await must_answer(engine)
            return await work(engine)
        finally:
            await engine.dispose()

    with embedded.database(settings) as url:
        return asyncio.run(on(url))


def _backup(settings: CoreSettings, args: argparse.Namespace) -> int:
    if args.file.exists():
        raise Refused(f"{args.file} is there already: name another file")
    if not args.file.parent.is_dir():
        raise Refused(f"there is no folder {args.file.parent}: make it, or name another file")
    program = embedded.find_programs().folder / "pg_dump"
    half = args.file.with_name(args.file.name + ".part")
    with embedded.database(settings) as url, _without_password(url) as address:
        command = [str(program), "--format=custom", "--no-owner", f"--file={half}", f"--dbname={address}"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if made.returncode != 0:
        half.unlink(missing_ok=True)
        raise ClaimsError(f"no backup was written: {' '.join(made.stderr.split()) or program}")
    half.rename(args.file)
    print(f"{args.file}: {args.file.stat().st_size:,} bytes")
    return 0


@contextmanager
def _without_password(url: str) -> Iterator[str]:
    """The address for a program's arguments, which every account of the machine can read; its password is in a file."""
    parsed = make_url(plain_address(url))
    if not parsed.password:
        yield plain_address(url)
        return
    with tempfile.TemporaryDirectory(prefix="claims-") as folder:
        file = Path(folder) / "password"
        file.touch(0o600)
        file.write_text("*:*:*:*:" + parsed.password.replace("\\", r"\\").replace(":", r"\:") + "\n")
        named = parsed.update_query_dict({"passfile": str(file)})
        yield named._replace(password=None).render_as_string()  # `set` takes None for "as it is"
