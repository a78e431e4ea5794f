"""`python -m sandbox --sources`: every kind of source on this machine, moving, until it is told to stop."""

import asyncio
import os
import shutil
import sys
from functools import partial
from pathlib import Path

from sqlalchemy.engine import make_url

from claims_core import embedded, migrate
from claims_core.clock import utc_now
from claims_core.db import make_engine
from claims_core.errors import ClaimsError
from claims_core.settings import forget_surroundings
from sandbox.demo import seeding
from sandbox.demo.place import AlreadyRuns, Place, hold
from sandbox.sources.afternoon import PORTAL, banner, write_down
from sandbox.sources.kind import Kind
from sandbox.sources.office import Office, a_story
from sandbox.sources.opening import Surface, every_kind
from sandbox.stopping import until_told

# Seconds between two moves, and between two deliveries of files.
MOVE_EVERY, DELIVER_EVERY = 3.0, 30.0
DONE, FAILED = 0, 1
CORE, EMPTY = "core", "ledger"


def run(home: Path) -> int:
    """Serve them from `home`; the exit code. A second start prints where the first one is."""
    forget_surroundings(os.environ)
    try:
        with hold(home.resolve()) as place:
            return _with_database(place)
    except AlreadyRuns as already:
        print("\n".join(already.lines))
        return DONE
    except ClaimsError as problem:
        print(f"sources: {problem}", file=sys.stderr)
        return FAILED


def _with_database(place: Place) -> int:
    server = embedded.start(place.folder)
    try:
        return asyncio.run(until_told(partial(_work, place, server.url), cut=DONE))
    finally:
        server.close()
        # It would stop by itself a moment later; whoever waits for us wants it gone now.
        embedded.stop(place.folder)


async def _work(place: Place, url: str, _told: asyncio.Event) -> int:
    home = place.folder
    shutil.rmtree(home / "files", ignore_errors=True)
    shutil.rmtree(home / "sftp", ignore_errors=True)
    await seeding.fresh_database(beside(url, CORE))
    story = await asyncio.to_thread(a_story, utc_now)
    async with every_kind(Surface(home, beside(url, CORE), PORTAL), story.records) as (kinds, missing):
        office = Office(story, kinds)
        await office.show()
        write_down(home, kinds, await _ledgers(url, kinds))
        lines = banner(home, kinds, missing, story)
        place.announce(lines)
        print("\n".join(["", *lines, "", "Ctrl-C stops everything."]), flush=True)
        await _keep_moving(office)
    return DONE


async def _ledgers(url: str, kinds: list[Kind]) -> dict[str, str]:
    """For each kind an empty database of ours; the story has begun again, so what was read before it is gone."""
    empty = beside(url, EMPTY)
    await seeding.fresh_database(empty)
    engine = make_engine(empty)
    await migrate.upgrade(engine)
    await engine.dispose()
    found = {}
    for name in (kind.described.name for kind in kinds):
        found[name] = beside(url, f"ledger_{name}")
        await seeding.fresh_database(found[name], like=EMPTY)
        engine = make_engine(found[name])
        await seeding.bind(engine)
        await engine.dispose()
    return found


def beside(url: str, name: str) -> str:
    """Another database of the same server."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _keep_moving(office: Office) -> None:
    """Until cancelled. What is asked shows a move at once, what is delivered with the next delivery."""
    since = 0.0
    while True:
        await asyncio.sleep(MOVE_EVERY)
        office.move(1)
        since += MOVE_EVERY
        await office.show(delivered=None if since >= DELIVER_EVERY else False)
        since %= DELIVER_EVERY
