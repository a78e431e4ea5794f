"""Faults of a provider, by their numbers: F05, F06 and F09. F07, F08 and F10 are in `test_failover`."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from notifier.channels.twilio.channel import TwilioChannel, open_http
from notifier.dispatch.pausing import LONGEST_ASKED
from notifier.states import ChannelName
from tests.notifier.queue import Desk, a_desk
from tests.notifier.test_email import a_certificate


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url, notifier_call_deadline=timedelta(seconds=0.5)) as desk:
        yield desk


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("", 5, 8),
        ("soon", 5, 8),
        ("-5", 5, 8),
        ("1", 1, 4),
        ("3600", 3600, 3603),
        ("999999", LONGEST_ASKED, LONGEST_ASKED + 3),
        ("date:90", 86, 94),
        ("date:-90", 0, 3),
    ],
)
async def test_nothing_is_asked_of_a_provider_for_as_long_as_it_wished(desk, asked, least, most):
    """F06: 429 with and without Retry-After (a second, an hour, rubbish, a date): no request while it holds."""
    await desk.queue(5)
    header = in_seconds(float(asked[5:])) if asked.startswith("date:") else asked
    desk.twilio.script.append(f"busy:{header}")
    await desk.dispatch(most=1)
    began = desk.now
    paused = await desk.pool.fetchval("select paused_until from sender_rate where sender = 'sms'")
    assert least <= (paused - began).total_seconds() <= most
    for part in (0.2, 0.5, 0.99):
        desk.now = began + (paused - began) * part
        assert await desk.dispatch() == 0
    assert len(desk.twilio.asked) == 1
    desk.now = paused + timedelta(seconds=8)
    assert await desk.dispatch() == 1, "one goes ahead to see"
    assert await desk.dispatch() == 4
    assert await desk.states() == {"sent": 5}


async def test_what_a_long_ban_makes_too_late_is_ended_and_never_sent_late(desk):
    """F06: the wait is capped by `send_by`."""
    await desk.queue(1)
    await desk.pool.execute("update notification set send_by = $1", desk.now + timedelta(minutes=30))
    desk.twilio.script.append("busy:3600")
    await desk.dispatch()
    desk.later(hours=1, seconds=30)
    assert await desk.dispatch() == 0
    assert desk.twilio.taken == []


async def test_after_an_outage_the_order_is_kept_and_the_rate_too(desk):
    """F05: ten minutes of clean 5xx; few requests, then all in their order, and no faster than the sender may."""
    ids = await desk.queue(30)
    desk.settings = desk.settings.model_copy(update={"notifier_rate_per_second": 10})
    desk.twilio.default = "down"
    for _ in range(60):
        await desk.dispatch()
        desk.later(seconds=10)
    assert len(desk.twilio.asked) <= 45
    desk.twilio.default = "ok"
    desk.later(minutes=6)
    taken = []
    for _ in range(8):
        taken.append(await desk.dispatch())
        desk.later(seconds=1)
    assert taken[0] == 1
    assert max(taken) <= 10
    assert await desk.states() == {"sent": 30}
    accepted = {each["notification_id"] for each in await desk.deliveries() if each["state"] == "accepted"}
    assert accepted == set(ids)


@asynccontextmanager
async def dripping() -> AsyncIterator[str]:
    """A provider that says one byte after the other, and never all of them."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        for byte in b"HTTP/1.1 201 Created\r\nContent-Length: 4000\r\n\r\n" + b" " * 4000:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def untrusted(folder) -> AsyncIterator[str]:
    """A provider whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*a_certificate(folder))
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def over(desk: Desk, base: str) -> dict[str, int]:
    """What becomes of one message to a provider at this address; its slot must be free again soon."""
    settings = desk.settings.model_copy(update={"twilio_api_base_url": base})
    http = open_http(settings)
    desk.channels[ChannelName.SMS] = TwilioChannel(ChannelName.SMS, settings, http)
    await desk.queue(1)
    try:
        async with asyncio.timeout(6):
            await desk.dispatch()
    finally:
        await http.close()
    return await desk.states()


async def test_a_provider_that_says_a_byte_at_a_time_frees_its_slot_at_the_deadline(desk):
    """F09: it may have taken the message, so that nobody says it has not."""
    async with dripping() as base:
        assert await over(desk, base) == {"unknown": 1}


async def test_a_provider_that_is_nowhere_has_taken_nothing(desk):
    """F09: a name that nobody knows, and an address where nobody listens."""
    assert await over(desk, "http://127.0.0.1:9") == {"planned": 1}
    desk.settings = desk.settings.model_copy(update={"notifier_call_deadline": timedelta(seconds=5)})
    assert await over(desk, "http://provider.invalid") == {"planned": 2}


async def test_a_provider_whose_certificate_does_not_fit_hears_nothing(desk, tmp_path):
    """F09."""
    async with untrusted(tmp_path) as base:
        assert await over(desk, base) == {"planned": 1}
