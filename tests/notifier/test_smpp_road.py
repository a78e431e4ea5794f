"""SMPP on its whole road: what an SMSC reports and what people write over it, down to our tables."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import smpp34
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import pool_scope, session_scope
from notifier.channels.smpp.alphabet import encoded
from notifier.channels.smpp.channel import SmppChannel
from notifier.incoming.carriers import find_owners, read_incomplete, taking_deliveries
from notifier.reports.receipts import unpark
from notifier.states import ChannelName
from tests.fakes.smsc import Smsc, served_smsc
from tests.notifier.queue import Desk, a_desk
from tests.notifier.test_process import a_process, ended

QUESTION = "Когда приедет оценщик? Я дома до шести вечера, потом меня не будет до среды. " * 2


@asynccontextmanager
async def a_bind(engine: AsyncEngine, url: str, **changes: Any) -> AsyncIterator[tuple[Desk, Smsc]]:
    """A notifier whose SMS go over a bind, and the SMSC."""
    async with served_smsc() as smsc:
        values = {
            "smpp_url": SecretStr(smsc.url),
            "smpp_from": "PRIMER",
            "notifier_call_deadline": timedelta(seconds=0.4),
        }
        async with a_desk(engine, url, **values | changes) as desk:
            channel = SmppChannel(desk.settings, first_wait=0.02)
            desk.channels[ChannelName.SMS] = channel
            async with taking_deliveries(engine, desk.pool, desk.channels, desk.settings, lambda: desk.now):
                await smsc.until(lambda: smsc.esme)
                yield desk, smsc
            await channel.close()


@pytest.fixture
async def bind(engine: AsyncEngine, database_url: str) -> AsyncIterator[tuple[Desk, Smsc]]:
    async with a_bind(engine, database_url) as bind:
        yield bind


async def match_parked(desk: Desk) -> int:
    async with pool_scope(desk.pool) as connection:
        await find_owners(connection, now=desk.now)
        return await unpark(connection, now=desk.now)


async def test_a_message_is_taken_named_and_settled_by_its_receipt(bind):
    desk, smsc = bind
    [notification_id] = await desk.queue(1)
    await desk.dispatch()
    [delivery] = await desk.deliveries()
    assert (delivery["provider"], delivery["provider_ref"], delivery["state"]) == ("smpp", "00000001", "accepted")
    assert await smsc.report(smsc.sent[0]) == 0
    assert (await desk.notification(notification_id))["state"] == "settled"
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["provider_status"]) == ("delivered", "DELIVRD")


@pytest.mark.parametrize("reported", ["0000001A", "0000001a", "1a", "26", "0000000026"])
async def test_a_receipt_finds_its_message_in_whichever_notation_it_names_it(bind, reported):
    desk, smsc = bind
    smsc._count = 25
    await desk.queue(1)
    await desk.dispatch()
    await smsc.report(smsc.sent[0], ref=reported)
    assert [each["state"] for each in await desk.deliveries()] == ["delivered"]


async def test_a_name_in_another_notation_is_not_taken_for_that_of_anothers_message(bind):
    desk, smsc = bind
    names = {1: "10", 2: "a"}  # the second, in hexadecimal, is reported as the name of the first
    smsc.name = names.__getitem__
    await desk.queue(2)
    await desk.dispatch()
    first, second = smsc.sent
    await smsc.report(second, "UNDELIV", ref="10")
    states = {each["address"]: each["state"] for each in await desk.deliveries()}
    assert states == {first.number: "accepted", second.number: "undelivered"}


@pytest.mark.parametrize("order", [("ENROUTE", "DELIVRD"), ("DELIVRD", "ENROUTE", "DELIVRD", "DELIVRD")])
async def test_late_double_and_reordered_receipts_say_the_same(bind, order):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    desk.later(days=2)
    for word in order:
        assert await smsc.report(smsc.sent[0], word) == 0
    assert [each["state"] for each in await desk.deliveries()] == ["delivered"]


async def test_a_receipt_before_our_own_commit_is_not_lost_and_not_believed_of_another(bind):
    desk, smsc = bind

    async def report_first(sent: Any) -> None:
        await smsc.report(sent)

    smsc.before_answer = report_first
    [notification_id] = await desk.queue(1)
    await desk.dispatch()
    assert [each["state"] for each in await desk.deliveries()] == ["delivered"]
    assert (await desk.notification(notification_id))["state"] == "settled"


async def test_a_receipt_that_several_may_own_waits_until_their_names_are_known(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    await desk.pool.execute("update delivery set provider_ref = null, state = 'unknown'")
    await desk.pool.execute("update notification set state = 'unknown'")
    await desk.pool.execute(
        "insert into delivery (id, notification_id, attempt, token_hash, channel, provider, address, text, segments,"
        " state, worker, started_at, send_by, conflict) select gen_random_uuid(), notification_id, 2, '\\x00', channel,"
        " provider, address, text, segments, state, worker, started_at, send_by, false from delivery"
    )
    assert await smsc.report(smsc.sent[0]) == 0
    assert [each["state"] for each in await desk.deliveries()] == ["unknown", "unknown"]
    assert await match_parked(desk) == 0
    await desk.pool.execute("update delivery set provider_ref = '1' where attempt = 1")
    assert await match_parked(desk) == 1
    assert {each["attempt"]: each["state"] for each in await desk.deliveries()} == {1: "delivered", 2: "unknown"}


async def test_an_answer_that_got_lost_is_resolved_by_the_receipt_that_can_only_be_its(bind):
    desk, smsc = bind
    [notification_id] = await desk.queue(1)
    smsc.script.append("accept_then_drop")
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    await smsc.until(lambda: smsc.bound == 2)
    await asyncio.sleep(0.02)
    await smsc.report(smsc.sent[0])
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["resolution"]) == ("delivered", "receipt")
    assert (await desk.notification(notification_id))["state"] == "settled"
    desk.later(minutes=30)
    await desk.resolve()
    await desk.dispatch()
    assert len(smsc.sent) == 1


async def test_a_receipt_on_other_words_resolves_nothing(bind):
    desk, smsc = bind
    [notification_id] = await desk.queue(1)
    smsc.script.append("accept_then_silence")
    await desk.dispatch()
    await desk.pool.execute("update delivery set text = 'Something else entirely'")
    await smsc.report(smsc.sent[0], text="Claim 7785: we have ")
    assert (await desk.notification(notification_id))["state"] == "unknown"


async def test_what_nobody_can_tell_is_held_ten_minutes_and_repeated_once(bind):
    desk, smsc = bind
    [notification_id] = await desk.queue(1)
    smsc.script.append("accept_then_silence")
    await desk.dispatch()
    desk.later(minutes=9)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    desk.later(minutes=3)
    await desk.resolve()
    await desk.dispatch()
    first, second = await desk.deliveries()
    assert (first["state"], first["resolution"]) == ("unknown", "unseen")
    assert second["state"] == "accepted"
    assert len(smsc.sent) == 2


async def test_a_code_whose_answer_got_lost_is_never_repeated(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    code = await desk.code()
    smsc.script.append("accept_then_silence")
    await desk.dispatch()
    for _ in range(3):
        desk.later(minutes=6)
        await desk.resolve()
        await desk.dispatch()
    assert (await desk.notification(code))["state"] == "failed"
    assert len(smsc.sent) == 2


async def test_an_unknown_subscriber_is_noted(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    await smsc.report(smsc.sent[0], "UNDELIV", tlvs=[smpp34.Tlv(0x423, b"\x03\x00\x01")])
    [note] = await desk.pool.fetch("select address, channel, code from address_note")
    assert (note["address"], note["channel"], note["code"]) == (smsc.sent[0].number, "sms", "gsm:1")


async def test_a_stop_counts_from_its_answer_on_and_each_time_it_is_said(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    number = smsc.sent[0].number
    for word in (b"STOP", b"START", b"START", b"STOP"):
        assert await smsc.bring(number, short_message=word) == 0
    rows = await desk.pool.fetch("select command from inbound order by received_at, id")
    assert sorted(row["command"] for row in rows) == ["start", "stop", "stop"], "the SMSC's repeat is one message"
    assert await desk.pool.fetchval("select exists (select from opt_out where channel = 'sms' and ended_at is null)")


async def test_the_same_words_are_a_repeat_for_five_minutes_and_no_longer(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    for minutes, heard in ((0, 1), (2.5, 1), (2.4, 1), (11, 2)):
        desk.later(minutes=minutes)
        await smsc.bring(smsc.sent[0].number, short_message=b"STATUS")
        assert await desk.pool.fetchval("select count(*) from inbound") == heard


async def test_a_long_question_is_put_together_and_asked_once(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    number, message = smsc.sent[0].number, encoded(QUESTION, reference=7)
    assert len(message.parts) >= 3
    shuffled = [*message.parts[1:], message.parts[1], message.parts[0]]
    for part in shuffled:
        how = {"esm_class": message.esm_class, "data_coding": message.coding, "short_message": part}
        assert await smsc.bring(number, **how) == 0
    assert [row["text"] for row in await desk.pool.fetch("select text from question")] == [QUESTION]
    assert await desk.pool.fetchval("select count(*) from inbound_part") == 0


async def test_what_is_there_of_a_message_whose_rest_never_comes_is_read_after_ten_minutes(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    message = encoded(QUESTION, reference=7)
    how = {"esm_class": message.esm_class, "data_coding": message.coding}
    for part in (message.parts[0], message.parts[2]):
        await smsc.bring(smsc.sent[0].number, short_message=part, **how)
    for minutes, read in ((9, 0), (2, 1), (1, 0)):
        desk.later(minutes=minutes)
        async with session_scope(desk.engine) as session:
            assert await read_incomplete(session, settings=desk.settings, now=desk.now) == read
    [asked] = await desk.pool.fetch("select text from question")
    assert asked["text"].startswith(QUESTION[:67] + " … ")


async def test_while_the_database_is_away_the_smsc_keeps_what_it_brings(bind):
    desk, smsc = bind
    await desk.queue(1)
    await desk.dispatch()
    await desk.pool.execute("alter table inbound rename to gone")
    try:
        assert await smsc.bring(smsc.sent[0].number, short_message=b"STOP") == 0x64
    finally:
        await desk.pool.execute("alter table gone rename to inbound")
    assert await smsc.bring(smsc.sent[0].number, short_message=b"STOP") == 0
    assert await desk.pool.fetchval("select exists (select from opt_out where channel = 'sms' and ended_at is null)")


@pytest.mark.crash
async def test_a_process_binds_before_anything_leaves_and_says_goodbye_when_told(engine, database_url):
    async with served_smsc() as smsc, a_desk(engine, database_url) as desk:
        await desk.queue(1)
        desk.twilio.default = "locked"
        process = await a_process(desk, database_url, SMPP_URL=smsc.url, SMPP_FROM="PRIMER")
        async with ended(process), asyncio.timeout(90):
            while not smsc.sent:
                await asyncio.sleep(0.02)
            number = smsc.sent[0].number
            assert await smsc.report(smsc.sent[0]) == 0
            assert await smsc.bring(number, short_message=b"STOP") == 0
            process.send_signal(signal.SIGTERM)
            output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert (await desk.states())["settled"] == 1
        assert await desk.pool.fetchval("select exists (select from opt_out where ended_at is null)")
        assert number[1:].encode() not in output


@pytest.mark.crash
async def test_what_a_killed_process_had_handed_over_is_known_from_its_receipt_and_not_repeated(engine, database_url):
    """F01: killed between the SMSC's yes and our commit; the receipt comes over the bind of the next process."""
    async with served_smsc() as smsc, a_desk(engine, database_url) as desk:
        await desk.queue(1)
        bind = {"SMPP_URL": smsc.url, "SMPP_FROM": "PRIMER", "TWILIO_ACCOUNT_SID": ""}
        first = await a_process(desk, database_url, **bind)

        async def kill_first(_: Any) -> None:
            first.kill()
            await first.wait()

        smsc.before_answer = kill_first
        async with ended(first), asyncio.timeout(90):
            while not smsc.sent:
                await asyncio.sleep(0.02)
            await first.communicate()
        assert [each["state"] for each in await desk.deliveries()] == ["sending"]
        second = await a_process(desk, database_url, **bind)
        async with ended(second), asyncio.timeout(90):
            while smsc.bound < 2:
                await asyncio.sleep(0.02)
            await asyncio.sleep(0.1)
            assert await smsc.report(smsc.sent[0]) == 0
            second.send_signal(signal.SIGTERM)
            await second.communicate()
        assert await desk.states() == {"settled": 1}
        [delivery] = await desk.deliveries()
        assert (delivery["state"], delivery["resolution"], len(smsc.sent)) == ("delivered", "receipt", 1)
