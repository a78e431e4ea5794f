"""A copy of the production database tells nobody anything until it is taken over; then only what is new leaves."""

import argparse
import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from claims_cli import adopt
from claims_core import migrate
from claims_core.commands import doctor
from claims_core.db import make_engine
from claims_core.errors import Refused
from claims_core.installation import bind_database
from claims_core.ticks import Context
from notifier.scheduler import FOREIGN, Tools, end_late, resolve_lost
from tests.notifier.queue import Desk, a_desk


@pytest.fixture
async def copied(server_url: str) -> AsyncIterator[tuple[str, str]]:
    """Two databases that a test may copy one into the other; the first has the tables."""
    names = [f"claims_test_{word}_{uuid.uuid4().hex[:10]}" for word in ("original", "copy")]
    urls = [make_url(server_url).set(database=name).render_as_string(hide_password=False) for name in names]
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'create database "{names[0]}"')
    async with at(urls[0]) as desk:
        await migrate.upgrade(desk.engine)
    yield urls[0], urls[1]
    for name in names:
        await admin.execute(f'drop database if exists "{name}" with (force)')
    await admin.close()


@asynccontextmanager
async def at(url: str) -> AsyncIterator[Desk]:
    """A notifier on that database; nothing is connected to it afterwards."""
    engine = make_engine(url, pool_size=2)
    try:
        async with a_desk(engine, url) as desk:
            yield desk
    finally:
        await engine.dispose()


async def copy(server_url: str, original: str, into: str) -> None:
    """What `pg_dump` and `pg_restore` do, in one statement."""
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'create database "{make_url(into).database}" template "{make_url(original).database}"')
    await admin.close()


async def jobs(desk: Desk, instance_id: str | None) -> list[str | None]:
    """What the timed jobs say that ask a provider or put something aside."""
    context = Context(desk.engine, desk.now, Tools(desk.settings, desk.pool, desk.channels, instance_id))
    return [await resolve_lost(context), await end_late(context)]


# The name is the one that production has: what tells a restored copy is where it lies.
@pytest.mark.parametrize("name", [None, "production"])
async def test_a_copy_sends_nothing_until_it_is_taken_over(
    server_url: str,
    copied: tuple[str, str],
    name: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    original, restored = copied
    async with at(original) as desk:
        assert await bind_database(desk.engine, instance_id=name, now=desk.now) is None
        await desk.queue(3)
        lost = (await desk.queue(1))[-1]
        await desk.pool.execute("update notification set state = 'sending' where id = $1", lost)
    await copy(server_url, original, restored)

    async with at(restored) as desk:
        why = await bind_database(desk.engine, instance_id=name, now=desk.now)
        assert why is not None
        assert "claims adopt" in why
        assert await desk.dispatch(instance_id=name) == 0
        assert await jobs(desk, name) == [FOREIGN, "0 expired, 4 held"]
        # What comes from now on is decided on, and put aside with the rest.
        await desk.queue(1)
        assert await desk.dispatch(instance_id=name) == 0
        assert await jobs(desk, name) == [FOREIGN, "0 expired, 1 held"]
        assert desk.twilio.asked == []

    monkeypatch.setenv("DATABASE_URL", restored)
    if name is not None:
        monkeypatch.setenv("CLAIMS_INSTANCE_ID", name)
    await asyncio.to_thread(doctor.run, argparse.Namespace())
    assert "BAD  installation" in capsys.readouterr().out
    with pytest.raises(Refused, match="--yes"):
        await asyncio.to_thread(adopt.run, argparse.Namespace(yes=False))
    assert await asyncio.to_thread(adopt.run, argparse.Namespace(yes=True)) == 0
    assert await asyncio.to_thread(adopt.run, argparse.Namespace(yes=True)) == 0
    assert "nothing to take over" in capsys.readouterr().out

    async with at(restored) as desk:
        await desk.queue(2)
        assert await desk.dispatch(instance_id=name) == 2
        assert await desk.states() == {"held": 5, "sent": 2}
        assert await desk.pool.fetchval("select count(*) from audit_entry where action = 'database_adopted'") == 1
    async with at(original) as desk:
        # The original went on all the while.
        assert await desk.dispatch(instance_id=name) == 3


async def test_taking_over_holds_what_waits_although_no_notifier_has_looked(
    server_url: str, copied: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    original, restored = copied
    async with at(original) as desk:
        await bind_database(desk.engine, instance_id=None, now=desk.now)
        await desk.queue(2)
    await copy(server_url, original, restored)
    monkeypatch.setenv("DATABASE_URL", restored)
    assert await asyncio.to_thread(adopt.run, argparse.Namespace(yes=True)) == 0
    async with at(restored) as desk:
        assert await desk.dispatch() == 0
        assert await desk.states() == {"held": 2}
