"""A report that overtakes our own writing down of the call: whoever comes first, both find their message."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ClassVar

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from claims_core.db import pool_scope
from notifier.channels.base import hash_of_token
from notifier.channels.email.bounces import Returned
from notifier.channels.smpp.reading import Reported
from notifier.incoming.carriers import record
from notifier.reports.bounces import record_returned
from tests.databases import WAITS
from tests.notifier.queue import Desk, a_desk

TOKEN = "t" * 26
NAME = "1A"


@pytest.fixture
async def desk(engine, database_url) -> AsyncIterator[Desk]:
    async with a_desk(engine, database_url) as desk:
        await desk.queue(1)
        await desk.dispatch()
        yield desk


async def being_called(desk: Desk, provider: str) -> asyncpg.Record:
    """The one message as it is between the call and its acknowledgement, at another provider."""
    await desk.pool.execute("update notification set state = 'sending'")
    row = await desk.pool.fetchrow(
        "update delivery set state = 'sending', provider = $1, provider_ref = null, accepted_at = null, token_hash = $2"
        " returning notification_id, address",
        provider,
        hash_of_token(TOKEN),
    )
    assert row is not None
    return row


async def until_done_or_waiting(desk: Desk, task: asyncio.Future) -> None:
    async with asyncio.timeout(20):
        while not task.done() and not await desk.pool.fetchval(WAITS):
            await asyncio.sleep(0.01)


class BetweenTwoLooks(asyncpg.Connection):
    """A connection on which something else happens after each look."""

    meanwhile: ClassVar[Callable[[], Awaitable[None]]]

    async def fetchval(self, query: str, *args: Any, **how: Any) -> Any:
        value = await super().fetchval(query, *args, **how)
        await type(self).meanwhile()
        return value


async def test_a_letter_that_comes_back_while_its_call_is_written_down_is_known(desk, database_url):
    await being_called(desk, "smtp")
    begun: list[asyncio.Future] = []

    async def acknowledged() -> None:
        async with pool_scope(desk.pool) as connection:
            sent = "update notification set state = 'sent' where state = 'sending' returning id"
            if await connection.fetchval(sent):
                await connection.execute("update delivery set provider_ref = $1, state = 'accepted'", NAME)

    async def meanwhile() -> None:
        begun.append(asyncio.ensure_future(acknowledged()))
        await until_done_or_waiting(desk, begun[-1])

    BetweenTwoLooks.meanwhile = meanwhile
    url = make_url(database_url).render_as_string(hide_password=False)
    async with asyncpg.create_pool(url, min_size=1, max_size=1, connection_class=BetweenTwoLooks) as pool:
        assert await record_returned(pool, Returned("failed", "5.1.1"), token=TOKEN, now=desk.now)
    await asyncio.gather(*begun)
    assert [row["state"] for row in await desk.deliveries()] == ["undelivered"]


async def test_a_receipt_that_names_no_message_yet_waits_for_the_name_and_for_nobody_in_a_ring(desk):
    one = await being_called(desk, "smpp")

    async def reported() -> bool:
        async with pool_scope(desk.pool) as connection:
            said = Reported((one["address"],), (NAME, str(int(NAME, 16))), "DELIVRD", None, "")
            return await record(connection, said, now=desk.now)

    async with pool_scope(desk.pool) as acknowledging:
        await acknowledging.execute("update notification set state = 'sent'")
        report = asyncio.ensure_future(reported())
        await until_done_or_waiting(desk, report)
        await acknowledging.execute("update delivery set provider_ref = $1, state = 'accepted'", NAME)
    assert await report
    assert [(row["state"], row["provider_ref"]) for row in await desk.deliveries()] == [("delivered", NAME)]
