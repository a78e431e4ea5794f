"""Sending: once, in order, in time, to those who may be told, at the sender's pace."""

import asyncio
import logging
from datetime import timedelta

import pytest

from claims_core.clock import utc_now
from claims_core.ids import new_id
from claims_core.installation import bind_database
from notifier.dispatch import open_senders, run
from notifier.dispatch.rates import open_sender
from notifier.dispatch.taking import take
from notifier.reports.receipts import record_report, report_of
from tests.notifier.queue import a_desk


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def test_a_planned_notification_is_handed_over_and_its_delivery_says_how(desk):
    [notification_id] = await desk.queue(1)

    assert await desk.dispatch() == 1

    [message] = desk.twilio.taken
    [delivery] = await desk.deliveries()
    assert delivery["text"] == message.body
    assert delivery["provider_ref"] == message.sid
    assert (delivery["state"], delivery["attempt"], delivery["segments"]) == ("accepted", 1, 1)
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["lease_token"], notification["takes"]) == ("sent", None, 0)
    assert message.callback.startswith("https://claims.example.org/webhooks/twilio/status/")
    # The token itself lies nowhere.
    assert desk.tokens()[0].encode() not in delivery["token_hash"]


async def test_the_delivery_is_committed_before_the_provider_hears_of_it(desk):
    await desk.queue(3)
    desk.twilio.latency = 0.3
    sending = asyncio.create_task(desk.dispatch())
    while len(desk.twilio.asked) < 3:
        await asyncio.sleep(0.01)
    assert [delivery["state"] for delivery in await desk.deliveries()] == ["sending"] * 3
    # No transaction of ours is open while the provider is thinking.
    assert (
        await desk.pool.fetchval(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in trans%'"
        )
        == 0
    )
    await sending


async def test_eight_workers_send_each_message_once(desk):
    await desk.queue(60)
    desk.twilio.latency = 0.02
    while sum(await asyncio.gather(*(desk.dispatch(most=5, worker=f"w{place}") for place in range(8)))):
        pass
    assert len(desk.twilio.taken) == 60
    assert len(set(desk.twilio.bodies())) == 60
    assert await desk.states() == {"sent": 60}


async def test_a_code_overtakes_everything_that_waits(desk):
    await desk.queue(20)
    await desk.code("777111")
    await desk.dispatch(most=1)
    assert "777111" in desk.twilio.bodies()[0]


async def test_a_code_lies_nowhere_in_clear_once_it_has_left(desk):
    await desk.queue(1)
    notification_id = await desk.code("777111")
    await desk.dispatch()

    assert any("777111" in body for body in desk.twilio.bodies())
    assert (await desk.notification(notification_id))["values"] == {}
    [delivery] = await desk.deliveries(notification_id)
    assert "777111" not in delivery["text"]


async def test_a_code_that_may_be_tried_again_is_still_there(desk):
    await desk.queue(1)
    await desk.dispatch()
    notification_id = await desk.code("777111")
    desk.twilio.script.append("down")
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "planned"
    desk.later(seconds=30)
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "sent"
    assert "777111" in desk.twilio.bodies()[-1]


async def test_of_one_claim_and_recipient_the_earlier_fact_goes_first(desk):
    [first] = await desk.queue(1)
    second = new_id()
    await desk.pool.execute(
        "insert into notification (id, cause_kind, cause_id, template, recipient_id, step, claim_id, event_seq,"
        " importance, priority, channel, contact_point_id, sender, language, values, state, planned_at, not_before,"
        " send_by, takes) select $2, cause_kind, $2, template, recipient_id, step, claim_id, event_seq + 1, 'required',"
        " 3, channel, contact_point_id, sender, language, values, state, planned_at, not_before, send_by, 0"
        " from notification where id = $1",
        first,
        second,
    )
    assert await desk.dispatch(most=10) == 1
    assert (await desk.notification(first))["state"] == "sent"
    assert (await desk.notification(second))["state"] == "planned"
    # An earlier one whose fate is unknown still holds the later one back.
    await desk.pool.execute("update notification set state = 'unknown' where id = $1", first)
    assert await desk.dispatch(most=10) == 0
    await desk.pool.execute("update notification set state = 'sent' where id = $1", first)
    assert await desk.dispatch(most=10) == 1


async def test_nothing_leaves_after_its_time(desk):
    [notification_id] = await desk.queue(1)
    desk.later(hours=25)
    assert await desk.dispatch() == 0
    assert (await desk.notification(notification_id))["state"] == "planned"
    assert desk.twilio.taken == []


async def test_nothing_leaves_before_its_time(desk):
    await desk.queue(1)
    await desk.pool.execute("update notification set not_before = $1", desk.now + timedelta(minutes=5))
    assert await desk.dispatch() == 0
    desk.later(minutes=5)
    assert await desk.dispatch() == 1


async def test_whoever_said_stop_before_the_hand_over_hears_nothing(desk):
    [notification_id] = await desk.queue(1)
    await desk.pool.execute(
        "insert into opt_out (id, address, channel, how, at)"
        " select gen_random_uuid(), address, 'sms', 'reply', now() from contact_point"
    )
    await desk.dispatch()
    assert desk.twilio.taken == []
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["reason"]) == ("suppressed", "opted_out")
    assert await desk.deliveries() == []


async def test_no_hand_over_starts_after_a_committed_stop(desk):
    await desk.queue(40)
    desk.twilio.latency = 0.01
    stopped: dict[str, object] = {}

    async def stop_everybody() -> None:
        for row in await desk.pool.fetch("select address from contact_point order by address"):
            await desk.pool.execute(
                "insert into opt_out (id, address, channel, how, at) values (gen_random_uuid(), $1, 'sms', 'r', now())",
                row["address"],
            )
            stopped[row["address"]] = await desk.pool.fetchval("select clock_timestamp()")

    async def send_all() -> None:
        senders = open_senders(desk.pool, desk.channels, desk.settings, worker="w", clock=utc_now)
        await open_sender(desk.pool, "sms", per_second=10_000, now=utc_now())
        while (await senders[0].take_and_call(3))[0]:
            pass
        await senders[0].settle_calls()

    await asyncio.gather(stop_everybody(), send_all())
    deliveries = await desk.deliveries()
    assert [each for each in deliveries if each["started_at"] > stopped[each["address"]]] == []
    states = await desk.states()
    assert states.get("sent", 0) + states.get("suppressed", 0) == 40


async def test_a_text_that_cannot_be_made_fails_alone(desk, caplog):
    ids = await desk.queue(5)
    await desk.pool.execute("update notification set template = 'no_such_text' where id = $1", ids[2])
    with caplog.at_level(logging.WARNING):
        await desk.dispatch()
    bad = await desk.notification(ids[2])
    assert (bad["state"], bad["reason"]) == ("failed", "render")
    assert len(desk.twilio.taken) == 4
    assert {"rendering_failed", "text_broken"} <= set(caplog.messages)


async def test_the_late_outcome_of_a_worker_that_lost_its_lease_changes_nothing(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.latency = 0.2
    zombie = asyncio.create_task(desk.dispatch())
    while not desk.twilio.asked:
        await asyncio.sleep(0.01)
    # The lease has run out; somebody else has found the row and moved it on.
    await desk.pool.execute("update notification set lease_until = now() - interval '1 hour'")
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    await zombie
    assert (await desk.notification(notification_id))["state"] == "unknown"
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["provider_ref"]) == ("unknown", None)


async def test_a_worker_that_slept_through_its_lease_does_not_call(desk):
    await desk.queue(1)
    clock = [desk.now]
    [sender] = open_senders(desk.pool, desk.channels, desk.settings, worker="w", clock=lambda: clock[0])
    await open_sender(desk.pool, "sms", per_second=10, now=desk.now)
    await sender.take_and_call(1)
    clock[0] += timedelta(minutes=2)
    await sender.settle_calls()
    assert desk.twilio.asked == []


async def test_too_fast_pauses_the_sender_for_as_long_as_it_was_asked(desk):
    await desk.queue(10)
    desk.twilio.script.append("busy:30")
    await desk.dispatch(most=1)
    assert await desk.dispatch() == 0
    desk.later(seconds=29)
    assert await desk.dispatch() == 0
    assert len(desk.twilio.asked) == 1
    desk.later(seconds=5)
    # One message goes ahead to see; the others wait until it was taken.
    assert await desk.dispatch() == 1
    assert await desk.dispatch() == 9
    assert await desk.states() == {"sent": 10}


async def test_a_probe_whose_worker_dies_holds_up_the_others_no_longer_than_its_lease(desk):
    await desk.queue(10)
    desk.twilio.script.append("busy:30")
    await desk.dispatch(most=1)
    desk.later(seconds=35)
    died = await take(desk.pool, "sms", most=9, now=desk.now, lease=timedelta(seconds=20))
    assert len(died.rows) == 1
    desk.later(seconds=19)
    assert await desk.dispatch() == 0
    desk.later(seconds=1)
    assert await desk.dispatch() == 1
    assert await desk.dispatch() == 8


async def test_refused_credentials_stop_the_sender_but_for_one_probe_a_minute(desk, caplog):
    await desk.queue(10)
    desk.twilio.default = "locked"
    with caplog.at_level(logging.ERROR):
        await desk.dispatch(most=1)
    assert "sender_paused" in caplog.messages
    for _ in range(30):
        desk.later(seconds=10)
        await desk.dispatch()
    # Five minutes and a probe a minute, give or take the jitter.
    assert 4 <= len(desk.twilio.asked) <= 6
    desk.twilio.default = "ok"
    desk.later(minutes=2)
    assert await desk.dispatch() == 1
    desk.later(seconds=10)
    await desk.dispatch()
    assert await desk.states() == {"sent": 10}


async def test_an_outage_is_met_with_few_requests_and_nothing_is_lost(desk):
    await desk.queue(100)
    desk.twilio.default = "down"
    for _ in range(120):
        await desk.dispatch()
        desk.later(seconds=5)
    asked = len(desk.twilio.asked)
    assert 100 <= asked <= 130  # all that was in hand when it began, then probes further and further apart
    desk.twilio.default = "ok"
    desk.later(minutes=10)
    for _ in range(4):
        await desk.dispatch()
        desk.later(seconds=10)
    assert await desk.states() == {"sent": 100}
    assert len(set(desk.twilio.bodies())) == 100


async def test_one_failure_in_twenty_does_not_slow_a_sender(desk):
    await desk.queue(100)
    for place in range(100):
        desk.twilio.script.append("down" if place % 20 == 7 else "ok")
    await desk.dispatch()
    pause = await desk.pool.fetchval("select paused_until from sender_rate")
    assert pause is None
    assert await desk.states() == {"sent": 95, "planned": 5}


async def test_a_clean_no_is_tried_once_and_the_address_is_marked(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.default = "refuse:21211"
    await desk.dispatch()
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["reason"]) == ("failed", "refused_by_provider")
    assert await desk.pool.fetchval("select code from address_note") == "21211"
    # The next message to that number is not even tried.
    desk.twilio.default = "ok"
    code = await desk.code()
    await desk.dispatch()
    assert len(desk.twilio.asked) == 1
    assert (await desk.notification(code))["reason"] == "no_contact"


async def test_a_stop_that_the_carrier_knows_of_is_recorded_as_ours(desk):
    await desk.queue(1)
    desk.twilio.default = "refuse:21610"
    await desk.dispatch()
    opt_outs = await desk.pool.fetch("select address, channel, how from opt_out where ended_at is null")
    assert [(row["channel"], row["how"]) for row in opt_outs] == [("sms", "provider")]


async def test_the_rate_of_a_sender_holds_over_two_processes(desk):
    await desk.queue(60)
    await open_sender(desk.pool, "sms", per_second=10, now=desk.now)
    taken = 0
    for _ in range(10):
        for _ in range(2):
            batch = await take(desk.pool, "sms", most=50, now=desk.now, lease=timedelta(minutes=1))
            taken += len(batch.rows)
        desk.later(seconds=0.2)
    # Ten at once, then ten a second for 1.8 seconds.
    assert taken == 10 + 18


async def test_a_code_does_not_wait_for_the_rate(desk):
    await desk.queue(30)
    await open_sender(desk.pool, "sms", per_second=5, now=desk.now)
    assert len((await take(desk.pool, "sms", most=50, now=desk.now, lease=timedelta(minutes=1))).rows) == 5
    code = await desk.code()
    batch = await take(desk.pool, "sms", most=5, now=desk.now, lease=timedelta(minutes=1), lane=1)
    assert [row.id for row in batch.rows] == [code]


async def test_a_copy_of_the_database_in_another_installation_sends_nothing(desk):
    await desk.queue(3)
    await bind_database(desk.engine, instance_id="here", now=desk.now)
    assert await desk.dispatch(instance_id="there") == 0
    assert await desk.dispatch(instance_id=None) == 0
    assert desk.twilio.asked == []
    assert await desk.dispatch(instance_id="here") == 3


async def test_a_process_sends_what_comes_while_it_runs_and_ends_cleanly(desk):
    await desk.queue(30)
    desk.twilio.latency = 0.1
    stop = asyncio.Event()
    senders = open_senders(desk.pool, desk.channels, desk.settings, worker="w", clock=utc_now)
    running = asyncio.create_task(run(senders, stop))
    while len(desk.twilio.taken) < 30:
        await asyncio.sleep(0.02)
    await desk.queue(5)
    for sender in senders:
        sender.bell.set()
    while len(desk.twilio.asked) < 35:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 15)
    assert await desk.states() == {"sent": 35}


async def test_a_process_that_may_make_one_call_at_a_time_sends_them_one_after_the_other(desk):
    await desk.queue(4)
    # It hears of each free slot: who only looked at the queue again in a minute would be late here.
    settings = desk.settings.model_copy(update={"notifier_in_flight": 1, "notifier_poll": timedelta(minutes=1)})
    stop = asyncio.Event()
    senders = open_senders(desk.pool, desk.channels, settings, worker="w", clock=utc_now)
    running = asyncio.create_task(run(senders, stop))
    async with asyncio.timeout(15):
        while len(desk.twilio.taken) < 4:
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(running, 15)
    assert await desk.states() == {"sent": 4}


async def test_what_is_made_ready_ahead_opens_no_more_calls_than_are_allowed(desk):
    await desk.queue(60)
    desk.twilio.latency = 0.01
    stop = asyncio.Event()
    settings = desk.settings.model_copy(update={"notifier_in_flight": 8})
    senders = open_senders(desk.pool, desk.channels, settings, worker="w", clock=utc_now)
    running = asyncio.create_task(run(senders, stop))
    async with asyncio.timeout(15):
        while len(desk.twilio.taken) < 30:
            await asyncio.sleep(0.01)
        # Now far fewer calls end than the last batch let us expect.
        desk.twilio.latency = 0.3
        while len(desk.twilio.taken) < 60:
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(running, 15)
    assert desk.twilio.most_at_once == 8
    assert await desk.states() == {"sent": 60}


async def test_a_code_that_is_taken_among_others_waits_for_no_slot(desk):
    await desk.queue(1)
    await desk.code()
    desk.twilio.latency = 0.2
    settings = desk.settings.model_copy(update={"notifier_in_flight": 1})
    [sender] = open_senders(desk.pool, desk.channels, settings, worker="w", clock=utc_now)
    await open_sender(desk.pool, "sms", per_second=10, now=utc_now())
    assert (await sender.take_and_call(2))[0] == 2
    await sender.settle_calls()
    assert desk.twilio.most_at_once == 2


async def test_a_receipt_may_come_before_our_own_books_are_written(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.latency = 0.3
    sending = asyncio.create_task(desk.dispatch())
    while not desk.twilio.taken:
        await asyncio.sleep(0.01)
    form = {"MessageSid": desk.twilio.taken[0].sid, "MessageStatus": "delivered"}
    async with desk.pool.acquire() as connection:
        assert await record_report(connection, report_of(form), provider="twilio", token=desk.tokens()[0], now=desk.now)
    await sending
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["provider_ref"]) == ("delivered", desk.twilio.taken[0].sid)
    assert (await desk.notification(notification_id))["state"] == "settled"
