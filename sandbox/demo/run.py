"""From nothing to a running demo and back: the order in which things start, what is printed, and how all of it ends."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg
import httpx
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_cli import COMMANDS
from claims_core import embedded
from claims_core.db import make_engine
from claims_core.errors import ClaimsError
from claims_core.settings import forget_surroundings
from sandbox.demo import seeding
from sandbox.demo.backstage import ZONE, Backstage, emulators, set_up
from sandbox.demo.feed import feed
from sandbox.demo.place import AlreadyRuns, Place, Secrets, hold
from sandbox.demo.processes import Fell, Process, start, stop
from sandbox.demo.surroundings import Addresses, environment, held_addresses, own_environment, write_sources
from sandbox.serving import HOST
from sandbox.stopping import until_told

READY_WITHIN = 90.0
DONE, FAILED = 0, 1
FIRST_LOAD = "select count(*) from source_cursor where complete_at is not null"
SOURCES = 2


@dataclass(frozen=True)
class Demo:
    """All of a running demo that somebody may want to look at."""

    addresses: Addresses
    secrets: Secrets
    backstage: Backstage
    engine: AsyncEngine
    database_url: str
    twins: tuple[seeding.Twin, seeding.Twin]
    processes: tuple[Process, ...]
    seconds: float


Act = Callable[[Demo, asyncio.Event], Awaitable[int]]


def run(folder: Path, *, act: Act | None = None) -> int:
    """Run the demo in `folder` until told to stop, or for as long as `act` takes; its exit code."""
    forget_surroundings(os.environ)
    try:
        with hold(folder) as place:
            return _run_with_database(place, act)
    except AlreadyRuns as already:
        print("\n".join(already.lines))
        return DONE if act is None else FAILED
    except (ClaimsError, Fell) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return FAILED


def _run_with_database(place: Place, act: Act | None) -> int:
    began = time.monotonic()
    server = embedded.start(place.folder)
    try:
        work = partial(_work, place, server.url, act, began)
        return asyncio.run(until_told(work, cut=DONE if act is None else FAILED))
    finally:
        server.close()
        # It would stop by itself a moment later; whoever waits for us wants it gone now.
        embedded.stop(place.folder)


async def _work(place: Place, url: str, act: Act | None, began: float, told: asyncio.Event) -> int:
    with held_addresses() as addresses:
        return await _work_at(addresses, place, url, act, began, told)


async def _work_at(
    addresses: Addresses, place: Place, url: str, act: Act | None, began: float, told: asyncio.Event
) -> int:
    secrets = place.secrets()
    backstage = await asyncio.to_thread(set_up, addresses, secrets, place.folder)
    write_sources(addresses, place.folder)
    told_to_all = environment(addresses, secrets, database_url=url, folder=place.folder, surroundings=own_environment())
    engine = make_engine(url, pool_size=3)
    try:
        await seeding.fresh_database(url)
        await seeding.shape(engine)
        async with emulators(backstage, addresses, secrets), _processes(place, addresses, told_to_all) as processes:
            await asyncio.gather(
                _until_ready(addresses, url, processes),
                seeding.add_people_and_pilot(engine, password=secrets.password),
            )
            twins = await seeding.enrol_twins(engine, backstage.story.twins, key=SecretStr(secrets.portal_key))
            _introduce(backstage, twins)
            seconds = time.monotonic() - began
            demo = Demo(addresses, secrets, backstage, engine, url, twins, processes, seconds)
            return await (act or _show(place))(demo, told)
    finally:
        await engine.dispose()
        backstage.exchange.close()


def _introduce(backstage: Backstage, twins: tuple[seeding.Twin, seeding.Twin]) -> None:
    """From here on these two move together, and the telephone page says who is who."""
    story = backstage.story
    story.twins = tuple(twin.ref for twin in twins)
    backstage.marks[story.tales[story.shown].person.phone] = "the claim to try"
    backstage.marks[story.tales[story.by_letter].person.email or ""] = "no telephone: hears by letter"
    for twin in twins:
        backstage.marks[story.tales[twin.ref].person.phone] = f"pilot: {twin.arm.value}"


@asynccontextmanager
async def _processes(place: Place, addresses: Addresses, told: dict[str, str]) -> AsyncIterator[tuple[Process, ...]]:
    """`claims portal`, `claims notifier` and `claims sync --watch`, as in production."""
    portal = ["portal", "--host", HOST, "--port", str(addresses.portal_port)]
    running = tuple(
        start(words, log=place.log(words[0]), environment=told)
        for words in (portal, ["notifier"], ["sync", "--watch"])
        if words[0] in COMMANDS
    )
    try:
        yield running
    finally:
        await stop(running)


async def _until_ready(addresses: Addresses, url: str, processes: tuple[Process, ...]) -> None:
    """Until the portal answers and both back offices were read once. Raises `Fell` when a process ended instead."""
    deadline = time.monotonic() + READY_WITHIN
    connection = await asyncpg.connect(url)
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            while not (await _answers(http, addresses) and await connection.fetchval(FIRST_LOAD) == SOURCES):
                for process in processes:
                    process.must_run()
                if time.monotonic() > deadline:
                    raise Fell(f"the demo was not ready after {READY_WITHIN:.0f} s; its logs lie in the data folder")
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def _answers(http: httpx.AsyncClient, addresses: Addresses) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return (await http.get(f"{addresses.portal}/healthz")).status_code < 500
    return False


def _show(place: Place) -> Act:
    """The demo for people: print where to go, then what happens."""

    async def show(demo: Demo, told: asyncio.Event) -> int:
        lines = banner(demo)
        place.announce(lines)
        print("\n".join(["", *lines, "", "Ctrl-C stops everything. What happens:"]), flush=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(demo.backstage.keep_moving())
            group.create_task(feed(demo.database_url, lambda line: print(line, flush=True), zone=ZONE))
            group.create_task(_watch(demo.processes))
        return DONE

    return show


async def _watch(processes: tuple[Process, ...]) -> None:
    while True:
        await asyncio.sleep(0.5)
        for process in processes:
            process.must_run()


def banner(demo: Demo) -> list[str]:
    """What a newcomer needs: three addresses, a claim and a phone, a handler's sign-in, the twins."""
    story, to = demo.backstage.story, demo.addresses
    shown = story.tales[story.shown]
    essential, frequent = (story.tales[twin.ref] for twin in demo.twins)
    return [
        f"Ready in {demo.seconds:.1f} s: {len(story.tales)} claims of an emulated ClaimCenter, 2,812 from files.",
        "",
        f"  Portal      {to.portal}",
        f"              claim {shown.number}, phone {shown.person.phone}",
        f"  Telephone   {to.telephone}/telephone/{shown.person.phone}",
        "              codes and messages arrive here; answer with СТАТУС, СТОП, СТАРТ or a question",
        f"  Mailbox     {to.telephone}/mailbox/{story.tales[story.by_letter].person.email}",
        "              of a client without a telephone, who hears by letter",
        f"  Desk        {to.portal}/desk",
        f"              {seeding.HANDLER} / {demo.secrets.password}",
        "",
        f"  Pilot       two claims alike, one in each arm; compare their telephones on {to.telephone}",
        f"              {essential.number}, {essential.person.phone}: the main things",
        f"              {frequent.number}, {frequent.person.phone}: every step",
    ]
