"""The process `claims notifier`: it starts, sends what comes, and ends without leaving anything in its hands."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from claims_core.installation import bind_database
from notifier.scheduler import JOBS
from notifier.sweeps import expire, health, hold_foreign_copy
from tests.notifier.conftest import ACCOUNT
from tests.notifier.queue import Desk, a_desk


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


def surroundings(desk: Desk, url: str, **more: str) -> dict[str, str]:
    """The environment of a notifier on this database with this provider."""
    return os.environ | {
        "DATABASE_URL": url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+15550001111",
        "TWILIO_API_BASE_URL": desk.twilio.url,
        "PORTAL_PUBLIC_URL": "https://claims.example.org",
        "PORTAL_SECRET_KEY": "k" * 32,
        "PORTAL_BRAND_PHONE": "8 800 000-00-00",
        "NOTIFIER_MARKET": "us",
        "NOTIFIER_QUIET_HOURS": "false",
        "NOTIFIER_DAILY_CAP": "0",
        "NOTIFIER_CADENCE": "frequent",
        "NOTIFIER_RATE_PER_SECOND": "1000",
        **more,
    }


async def a_process(desk: Desk, url: str, **more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "notifier",
        env=surroundings(desk, url, **more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


@asynccontextmanager
async def ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """Leave no process behind, whatever the test finds."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_process_sends_what_is_planned_and_ends_cleanly_when_told(desk, database_url):
    await desk.queue(40)
    desk.twilio.latency = 0.2
    process = await a_process(desk, database_url)
    async with ended(process), asyncio.timeout(90):
        while not desk.twilio.asked:
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert b"notifier_stopped" in output
    states = await desk.states()
    assert "sending" not in states
    assert len(desk.twilio.taken) == states["sent"]
    # No line of the log names a person, a number or a text.
    assert b"+7912" not in output
    assert b"https://" not in output


async def test_without_a_provider_the_process_says_what_to_set(desk, database_url):
    process = await a_process(desk, database_url, TWILIO_ACCOUNT_SID="", TWILIO_FROM="")
    async with ended(process):
        output, _ = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode != 0
    assert b"TWILIO_ACCOUNT_SID" in output


async def test_what_is_too_late_is_ended_and_its_code_wiped(desk):
    await desk.queue(2)
    code = await desk.code()
    assert await expire(desk.pool, now=desk.now) == 0
    assert await expire(desk.pool, now=desk.later(minutes=11)) == 1
    notification = await desk.notification(code)
    assert (notification["state"], notification["reason"], notification["values"]) == ("expired", "too_late", {})
    assert await expire(desk.pool, now=desk.later(hours=25)) == 2


async def test_in_a_copy_of_another_installation_everything_is_put_aside(desk):
    await desk.queue(3)
    assert await hold_foreign_copy(desk.pool, instance_id=None) == 0
    assert await bind_database(desk.engine, instance_id="here", now=desk.now) is None
    assert await hold_foreign_copy(desk.pool, instance_id="here") == 0
    assert await hold_foreign_copy(desk.pool, instance_id="there") == 3
    assert await desk.states() == {"held": 3}


async def test_whatever_waits_has_somebody_who_moves_it_on(desk):
    ids = await desk.queue(3)
    seen = await health(desk.pool, now=desk.later(seconds=30))
    assert (dict(seen.open), seen.ownerless) == ({"planned": 3}, 0)
    assert seen.waited >= timedelta(seconds=30)
    await desk.pool.execute("update notification set state = 'unknown' where id = $1", ids[0])
    await desk.pool.execute("update notification set state = 'sending' where id = $1", ids[1])
    assert (await health(desk.pool, now=desk.now)).ownerless == 2


def test_every_job_has_a_name_of_its_own():
    assert len({job.name for job in JOBS}) == len(JOBS)
