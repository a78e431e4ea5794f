"""Messages to us that never reached our door (F13): found in the provider's list, and done as if they had."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from claims_core.db import session_scope
from claims_core.errors import TemporaryChannelFailure
from claims_core.ticks import run_job
from notifier.channels.base import Written
from notifier.channels.console import PRINTED, ConsoleChannel
from notifier.channels.roads import Roads
from notifier.incoming import inbound
from notifier.incoming.missed import JOB, take_missed
from notifier.scheduler import JOBS, Tools
from notifier.states import ChannelName
from tests.factories import a_person
from tests.notifier.queue import a_desk

OURS, THEIRS = "+15550001111", "+12015550123"
BOOKS = "select body, command, outcome from inbound order by received_at"


class CannotTell(ConsoleChannel):
    """A provider whose list is closed."""

    capabilities = replace(PRINTED, replies=True)

    async def written_since(self, moment: datetime) -> Sequence[Written]:
        raise TemporaryChannelFailure("the list is closed", code="401")


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        desk.now = desk.now.replace(microsecond=0)  # as a list shows moments
        yield desk


async def look(desk) -> int:
    return await take_missed(desk.engine, desk.channels, settings=desk.settings, now=desk.now)


async def at_the_door(desk, body: str, ref: str) -> None:
    async with session_scope(desk.engine) as session:
        await inbound.receive(
            session,
            provider="twilio",
            provider_ref=ref,
            channel=ChannelName.SMS,
            address=THEIRS,
            body=body,
            now=desk.now,
            settings=desk.settings,
        )


async def test_a_stop_that_was_written_while_nobody_was_at_the_door_is_obeyed(desk):
    await desk.queue(1, policyholder=a_person(phones=(THEIRS,)))
    desk.twilio.is_written_to(THEIRS, OURS, "STOP", at=desk.now)
    desk.later(minutes=9)
    assert await look(desk) == 1
    await desk.dispatch()
    assert [
        row["template"] for row in await desk.pool.fetch("select template from notification where state = 'sent'")
    ] == ["optout"]
    assert [tuple(row)[:2] for row in await desk.pool.fetch(BOOKS)] == [("STOP", "stop")]


async def test_what_came_to_the_door_is_not_done_again(desk):
    ref = desk.twilio.is_written_to(THEIRS, OURS, "STOP", at=desk.now)
    await at_the_door(desk, "STOP", ref)
    assert await look(desk) == 0
    assert await look(desk) == 0
    assert len(await desk.pool.fetch(BOOKS)) == 1


async def test_what_somebody_has_said_since_then_holds(desk):
    desk.twilio.is_written_to(THEIRS, OURS, "STOP", at=desk.now - timedelta(minutes=5))
    await at_the_door(desk, "START", "SM" + "1" * 32)
    assert await look(desk) == 1
    assert tuple((await desk.pool.fetch(BOOKS))[0]) == ("STOP", "stop", "overtaken")
    assert await desk.pool.fetchval("select count(*) from opt_out where ended_at is null") == 0


async def test_a_question_is_asked_whatever_was_said_since_then(desk):
    await desk.queue(1, policyholder=a_person(phones=(THEIRS,)))
    desk.twilio.is_written_to(THEIRS, OURS, "When is the money coming?", at=desk.now - timedelta(minutes=5))
    await at_the_door(desk, "STATUS", "SM" + "1" * 32)
    await look(desk)
    assert await desk.pool.fetchval("select text from question") == "When is the money coming?"


async def test_of_two_words_in_one_second_the_later_holds(desk):
    await desk.queue(1, policyholder=a_person(phones=(THEIRS,)))
    for word in ("STOP", "START"):
        desk.twilio.is_written_to(THEIRS, OURS, word, at=desk.now)
    desk.later(minutes=3)
    assert await look(desk) == 2
    assert await desk.pool.fetchval("select count(*) from opt_out where ended_at is null") == 0


async def test_a_provider_that_cannot_tell_keeps_nobody_from_asking_the_others(desk):
    """A list that stays closed, as with refused credentials, would hide every STOP to the others for ever."""
    desk.channels[ChannelName.SMS] = Roads([CannotTell(ChannelName.SMS), desk.channels[ChannelName.SMS]])
    desk.twilio.is_written_to(THEIRS, OURS, "STOP", at=desk.now)
    desk.later(minutes=3)
    with pytest.raises(TemporaryChannelFailure):
        await look(desk)
    assert [tuple(row)[:2] for row in await desk.pool.fetch(BOOKS)] == [("STOP", "stop")]


async def test_after_an_outage_the_look_begins_where_the_last_good_one_did(desk):
    """Longer than the overlap, and with looks that failed meanwhile: nothing falls between two of them."""
    job = next(each for each in JOBS if each.name == JOB)
    tools = Tools(desk.settings, desk.pool, desk.channels)
    assert await run_job(desk.engine, job, now=desk.now, settings=tools)
    desk.twilio.is_written_to(THEIRS, OURS, "STOP", at=desk.later(minutes=3))
    desk.twilio.lists = False
    for _ in range(10):
        desk.later(minutes=3)
        assert await run_job(desk.engine, job, now=desk.now, settings=tools)
    desk.twilio.lists = True
    desk.later(minutes=3)
    assert await run_job(desk.engine, job, now=desk.now, settings=tools)
    assert [tuple(row)[:2] for row in await desk.pool.fetch(BOOKS)] == [("STOP", "stop")]
