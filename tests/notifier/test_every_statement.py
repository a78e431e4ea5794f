"""F03: whichever statement of a round the database fails at, nothing is lost and nothing leaves twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import DATABASE_AWAY, plain_address
from notifier.dispatch import dispatch_once
from notifier.reports.resolve import resolve_once
from tests.journeys.books import compare
from tests.notifier.queue import Desk, a_desk

OPEN = "select count(*) from notification where state in ('planned', 'sending', 'unknown')"

ALIVE = "select exists (select from pg_stat_activity where pid = any($1::int[]))"


class Failing:
    """A pool of which the `at`-th statement fails, one time; BEGIN and COMMIT are statements, too.

    `how`: `lost_before` and `lost_after` it was done, or `given_up` by the database (a serialisation failure).
    """

    pool: asyncpg.Pool

    def __init__(self) -> None:
        self.how, self.at, self.asked = "", 0, 0
        self.cut: list[int] = []  # backends whose line was cut

    async def run(
        self, connection: asyncpg.Connection, ask: Callable[..., Awaitable[Any]], *args: Any, **how: Any
    ) -> Any:
        """Ask, unless this is the one."""
        self.asked += 1
        if self.asked != self.at:
            return await ask(*args, **how)
        if self.how == "given_up":
            raise asyncpg.SerializationError("could not serialize access")
        if self.how == "lost_after":
            await ask(*args, **how)
        self.cut.append(connection.get_server_pid())
        connection.terminate()
        raise asyncpg.ConnectionDoesNotExistError("the connection was lost")

    def connections(self) -> type[asyncpg.Connection]:
        """The class of its connections."""
        run = self.run

        class Spoiled(asyncpg.Connection):
            async def execute(self, *args: Any, **how: Any) -> Any:
                return await run(self, super().execute, *args, **how)

            async def fetch(self, *args: Any, **how: Any) -> Any:
                return await run(self, super().fetch, *args, **how)

            async def fetchrow(self, *args: Any, **how: Any) -> Any:
                return await run(self, super().fetchrow, *args, **how)

            async def fetchval(self, *args: Any, **how: Any) -> Any:
                return await run(self, super().fetchval, *args, **how)

        return Spoiled


@pytest.fixture
async def desk(engine: AsyncEngine, database_url: str) -> AsyncIterator[Desk]:
    async with a_desk(engine, database_url) as desk:
        yield desk


@pytest.fixture
async def failing(database_url: str) -> AsyncIterator[Failing]:
    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")

    failing = Failing()
    kinds = {"connection_class": failing.connections(), "init": prepare}
    async with asyncpg.create_pool(plain_address(database_url), min_size=1, max_size=4, **kinds) as failing.pool:
        yield failing


async def one_round(desk: Desk, failing: Failing, which: str) -> None:
    """A round of sending or of looking up, over the failing pool; whoever meets the failure dies of it."""
    now = {"now": desk.now}
    with suppress(DATABASE_AWAY):
        if which == "send":
            await dispatch_once(failing.pool, desk.channels, desk.settings, **now)
        else:
            await resolve_once(failing.pool, desk.channels, **now)
    # The server holds what a cut line had locked until it has seen that nobody is there.
    async with asyncio.timeout(20):
        while await desk.pool.fetchval(ALIVE, failing.cut):
            await asyncio.sleep(0.01)


async def brought_to_its_end(desk: Desk) -> int:
    """How many are under way still after somebody else has gone on for a while."""
    for _ in range(8):
        if not await desk.pool.fetchval(OPEN):
            break
        desk.later(minutes=2)
        await desk.resolve()
        await desk.dispatch()
    return int(await desk.pool.fetchval(OPEN))


@pytest.mark.parametrize(
    ("which", "how"),
    [
        ("send", "lost_after"),
        pytest.param("send", "lost_before", marks=pytest.mark.soak),
        pytest.param("send", "given_up", marks=pytest.mark.soak),
        pytest.param("look_up", "lost_after", marks=pytest.mark.soak),
        pytest.param("look_up", "lost_before", marks=pytest.mark.soak),
        ("look_up", "given_up"),
    ],
)
async def test_whichever_statement_fails_nothing_is_lost_and_nothing_leaves_twice(desk, failing, which, how):
    """For every statement in turn, until a round comes to its end undisturbed."""
    failing.how = how
    for at in count(1):
        await desk.queue(2)
        if which == "look_up":
            desk.twilio.script.append("accept_then_reset")
            await desk.dispatch()
            desk.later(minutes=2)
        failing.asked, failing.at = 0, at
        await one_round(desk, failing, which)
        is_through, failing.at = failing.asked < at, 0
        assert await brought_to_its_end(desk) == 0, f"stuck after statement {at}"
        books = await compare(desk.pool, desk.twilio)
        assert (books.lost, books.unexpected, books.duplicated) == ([], [], []), f"statement {at}"
        assert books.accepted == books.planned, f"statement {at}"
        if is_through:
            break
    assert at > 9, "so many statements there are at least"
