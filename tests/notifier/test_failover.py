"""SMS over two providers: what one cleanly does not take leaves over the other, and what nobody can tell never does."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from notifier import switch
from notifier.channels.console import ConsoleChannel
from notifier.channels.roads import Roads, roads_over
from notifier.channels.smpp.channel import SmppChannel
from notifier.commands.notifications import account_of, what_pauses
from notifier.dispatch import open_senders
from notifier.dispatch.failover import adopt
from notifier.dispatch.rates import open_sender
from notifier.dispatch.taking import take
from notifier.states import ChannelName
from tests.fakes.smsc import Smsc, served_smsc
from tests.notifier.queue import Desk, a_desk

Both = tuple[Desk, Smsc]


@pytest.fixture
async def both(engine: AsyncEngine, database_url: str) -> AsyncIterator[Both]:
    """A notifier that prefers Twilio and may use an SMSC, too."""
    async with served_smsc() as smsc:
        values: dict[str, Any] = {"smpp_url": SecretStr(smsc.url), "smpp_from": "PRIMER"}
        short = {"notifier_call_deadline": timedelta(seconds=0.5)}
        async with a_desk(engine, database_url, **values | short) as desk:
            smpp = SmppChannel(desk.settings, first_wait=0.02)
            desk.channels[ChannelName.SMS] = Roads([desk.channels[ChannelName.SMS], smpp])
            yield desk, smsc
            await smpp.close()


async def over(desk: Desk) -> Counter[tuple[str, str]]:
    """How many deliveries went over which provider, and what became of them."""
    return Counter((each["provider"], each["state"]) for each in await desk.deliveries())


async def open_roads(desk: Desk) -> None:
    for name in ("sms", "sms/smpp"):
        await open_sender(desk.pool, name, per_second=100, now=desk.now)


@pytest.mark.parametrize("word", ["down", "busy", "busy:3600", "locked", "redirect"])
async def test_what_the_preferred_road_cleanly_does_not_take_leaves_over_the_other_at_once(both, word):
    desk, smsc = both
    [notification_id] = await desk.queue(1)
    desk.twilio.default = word
    await desk.dispatch()
    assert await over(desk) == {("twilio", "refused"): 1, ("smpp", "accepted"): 1}
    assert (await desk.notification(notification_id))["state"] == "sent"
    assert (len(smsc.sent), desk.twilio.taken) == (1, [])


async def test_a_code_leaves_over_the_other_road_too(both):
    desk, smsc = both
    await desk.queue(1)
    await desk.dispatch()
    desk.twilio.default = "locked"
    code = await desk.code("654321")
    await desk.dispatch()
    assert (await desk.notification(code))["state"] == "sent"
    assert "654321" in smsc.texts()[0]


async def test_while_all_is_well_everything_goes_over_the_preferred_road(both):
    desk, smsc = both
    await desk.queue(20)
    await desk.dispatch()
    assert await over(desk) == {("twilio", "accepted"): 20}
    assert smsc.asked == []


@pytest.mark.parametrize("word", ["accept_then_timeout", "accept_then_reset", "accept_then_500"])
async def test_what_nobody_can_tell_never_leaves_over_the_other_road(both, word):
    desk, smsc = both
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append(word)
    await desk.dispatch()
    for _ in range(3):
        await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    desk.later(minutes=2)
    await desk.resolve()
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "sent", "who took it was asked, and found it"
    assert smsc.asked == []
    assert len(desk.twilio.taken) == 1


async def test_who_took_a_message_is_asked_about_it_and_nobody_else(both):
    desk, smsc = both
    await desk.queue(1)
    desk.twilio.default = "down"
    smsc.script.append("accept_then_silence")
    await desk.dispatch()
    assert await over(desk) == {("twilio", "refused"): 1, ("smpp", "unknown"): 1}
    for minutes in (2, 4):
        desk.later(minutes=minutes)
        await desk.resolve()
    assert desk.twilio.looked_up == 0
    assert await desk.states() == {"unknown": 1}
    desk.later(minutes=6)  # the class of the message: once more, after ten minutes
    await desk.resolve()
    desk.twilio.default = "ok"
    desk.later(minutes=1)
    await desk.dispatch()
    await desk.dispatch()
    assert await desk.states() == {"sent": 1}


async def test_what_somebody_else_has_taken_over_meanwhile_is_not_given_to_the_other_road(both):
    """F17: the call ends after the lease; where the message waits now, and until when, is not ours to say."""
    desk, smsc = both
    [notification_id] = await desk.queue(1)
    desk.twilio.default = "down"
    await open_roads(desk)
    clock, morning = (lambda: desk.now), desk.now + timedelta(hours=9)
    [first, _] = open_senders(desk.pool, desk.channels, desk.settings, worker="slow", clock=clock)
    await first.take_and_call(1)
    await desk.pool.execute(
        "update notification set state = 'planned', lease_token = null, lease_until = null, not_before = $1", morning
    )
    await first.settle_calls()
    row = await desk.notification(notification_id)
    assert (row["state"], row["sender"], row["not_before"]) == ("planned", "sms", morning)
    assert smsc.asked == []


async def test_a_clean_no_to_the_address_is_a_no_on_every_road(both):
    """F07: one attempt, no retry, and no second road."""
    desk, smsc = both
    await desk.queue(1)
    desk.twilio.default = "refuse:21614"
    await desk.dispatch()
    desk.later(minutes=10)
    await desk.dispatch()
    assert len(desk.twilio.asked) == 1
    assert smsc.asked == []
    assert await desk.states() == {"failed": 1}


async def test_while_the_preferred_road_pauses_the_other_carries_all_but_a_probe_a_minute(both):
    """F08: refused credentials; the other road carries what they would have carried."""
    desk, smsc = both
    desk.twilio.default = "locked"
    await desk.queue(3)
    for _ in range(30):
        await desk.queue(1)
        await desk.dispatch()
        desk.later(seconds=10)
    await desk.dispatch()
    assert len(smsc.sent) == 33
    assert 5 <= len(desk.twilio.asked) <= 9, "three at once, then a probe a minute"
    assert await desk.states() == {"sent": 33}


async def test_back_to_the_preferred_road_when_it_is_well(both):
    desk, smsc = both
    desk.twilio.default = "busy:60"
    await desk.queue(2)
    await desk.dispatch()
    desk.twilio.default = "ok"
    desk.later(seconds=70)
    await desk.queue(10)
    for _ in range(3):
        await desk.dispatch()
        desk.later(seconds=1)
    assert await desk.states() == {"sent": 12}
    assert len(desk.twilio.taken) + len(smsc.sent) == 12
    before = len(smsc.sent)
    await desk.queue(5)
    await desk.dispatch()
    assert len(smsc.sent) == before, "a probe was taken: all goes the preferred way again"


async def test_a_code_is_nobodys_probe_while_another_road_is_well(both):
    desk, smsc = both
    desk.twilio.default = "busy:60"
    await desk.queue(1)
    await desk.dispatch()
    desk.later(seconds=70)
    desk.twilio.default = "accept_then_timeout"
    code = await desk.code()
    await desk.dispatch()
    assert (await desk.notification(code))["state"] == "sent"
    assert len(smsc.sent) == 2
    assert len(desk.twilio.asked) == 1


async def test_the_next_message_after_a_pause_is_the_probe_of_the_road_that_paused_and_a_code_waits_for_nobody(both):
    desk, _ = both
    await open_roads(desk)
    await desk.queue(3)
    lease = {"lease": timedelta(minutes=1), "most": 9, "others": ("sms",)}
    until = desk.now + timedelta(minutes=1)
    await desk.pool.execute(
        "update sender_rate set pause_reason = 'failing', paused_until = $1 where sender = 'sms'", until
    )
    desk.later(seconds=61)
    assert not (await take(desk.pool, "sms/smpp", now=desk.now, **lease)).rows
    code = await desk.code()
    assert [row.id for row in (await take(desk.pool, "sms/smpp", now=desk.now, **lease)).rows] == [code]
    await desk.pool.execute("update sender_rate set paused_until = $1 where sender = 'sms'", desk.later(minutes=1))
    assert len((await take(desk.pool, "sms/smpp", now=desk.now - timedelta(seconds=1), **lease)).rows) == 3


async def test_with_both_roads_down_all_waits_and_leaves_once_when_one_is_back(both):
    """F05: few requests in an outage, nothing lost, no burst of repeats."""
    desk, smsc = both
    await desk.queue(40)
    desk.twilio.default, smsc.default = "down", "refuse:0x64"
    for _ in range(120):
        await desk.dispatch()
        desk.later(seconds=5)
    assert len(desk.twilio.asked) <= 75
    assert len(smsc.asked) <= 75
    smsc.default = "ok"
    desk.later(minutes=10)
    for _ in range(6):
        await desk.dispatch()
        desk.later(seconds=10)
    assert await desk.states() == {"sent": 40}
    assert len(smsc.sent) + len(desk.twilio.taken) == 40
    assert len(set(smsc.texts())) == len(smsc.sent)


async def test_what_both_roads_refuse_goes_round_slowly(both):
    desk, smsc = both
    await desk.queue(1)
    desk.twilio.default, smsc.default = "down", "refuse:0x08"
    for _ in range(20):
        await desk.dispatch()
    assert (len(desk.twilio.asked), len(smsc.asked)) == (1, 1)


async def test_what_waits_for_a_road_that_is_gone_goes_back_to_its_channel(both):
    desk, _ = both
    await desk.queue(2)
    await desk.pool.execute("update notification set sender = 'sms/smpp'")
    assert await adopt(desk.pool, ["sms", "sms/smpp"]) == 0
    assert await adopt(desk.pool, ["sms"]) == 2
    desk.channels[ChannelName.SMS] = roads_over(desk.channels[ChannelName.SMS])[0]
    await desk.dispatch()
    assert await over(desk) == {("twilio", "accepted"): 2}


async def test_who_stops_sms_by_hand_stops_both_roads(both):
    desk, smsc = both
    await open_roads(desk)
    moved, _ = await desk.queue(2)
    await desk.pool.execute("update notification set sender = 'sms/smpp' where id = $1", moved)
    async with session_scope(desk.engine) as session:
        await switch.stop(session, "sms", codes_too=True, why="a test", by="somebody", now=desk.now)
    await desk.dispatch()
    assert await desk.states() == {"planned": 2}
    senders = open_senders(desk.pool, desk.channels, desk.settings, worker="w", clock=lambda: desk.now)
    watching = asyncio.create_task(switch.watch(desk.pool, senders))
    await smsc.until(lambda: all(sender.forbidden == switch.ALL for sender in senders))
    watching.cancel()


async def test_an_operator_sees_which_road_pauses_and_over_which_a_message_went(both):
    desk, _ = both
    desk.twilio.default = "locked"
    await desk.queue(1, claim_number="2041-7785")
    await desk.dispatch()
    async with session_scope(desk.engine) as session:
        assert [(each.sender, each.pause_reason) for each in await what_pauses(session)] == [("sms", "20003")]
        told = [row for row in await account_of(session, "2041-7785") if row["template"]]
    assert [(row["channel"], row["provider"], row["attempts"]) for row in told] == [("sms", "smpp", 2)]


async def test_a_road_has_the_rate_of_its_own_contract(both):
    desk, _ = both
    settings = desk.settings.model_copy(update={"smpp_rate_per_second": 3.0})
    first, second = open_senders(desk.pool, desk.channels, settings, worker="w", clock=lambda: desk.now)
    assert (first.name, second.name) == ("sms", "sms/smpp")
    assert (first.settings.notifier_rate_per_second, second.settings.notifier_rate_per_second) == (10_000, 3.0)
    assert (first.settings.notifier_in_flight, second.settings.notifier_in_flight) == (256, settings.smpp_window)


@pytest.mark.parametrize("hanging", ["twilio", "smpp"])
async def test_a_road_that_hangs_holds_up_neither_the_other_nor_another_channel(both, hanging):
    """F10: while every slot of one road hangs, all that the others have leaves."""
    desk, smsc = both
    slow = desk.settings.model_copy(update={"notifier_call_deadline": timedelta(seconds=9), "notifier_in_flight": 8})
    twilio, smpp = roads_over(desk.channels[ChannelName.SMS])
    channels = {ChannelName.SMS: Roads([twilio, smpp]), ChannelName.EMAIL: ConsoleChannel(ChannelName.EMAIL)}
    await open_roads(desk)
    await open_sender(desk.pool, "email", per_second=100, now=desk.now)
    await desk.queue(48)
    names = ["sms/smpp"] * 16 + ["email"] * 16 + ["sms"] * 16
    ids = [row["id"] for row in await desk.pool.fetch("select id from notification order by id")]
    await desk.pool.execute(
        "update notification n set sender = o.sender, channel = split_part(o.sender, '/', 1)"
        " from unnest($1::uuid[], $2::text[]) as o(id, sender) where n.id = o.id",
        ids,
        names,
    )
    if hanging == "twilio":
        desk.twilio.default = "hang"
    else:
        smsc.default = "silence"
    stop = asyncio.Event()
    senders = open_senders(desk.pool, channels, slow, worker="w", clock=lambda: desk.now)
    running = [asyncio.create_task(sender.run(stop)) for sender in senders]
    others = {"twilio": ["sms/smpp", "email"], "smpp": ["sms", "email"]}[hanging]
    try:
        async with asyncio.timeout(6):
            while await desk.pool.fetchval(
                "select count(*) from notification where sender = any($1) and state in ('planned', 'sending')", others
            ):
                await asyncio.sleep(0.02)
        left = await desk.pool.fetchval("select count(*) from notification where state = 'sending'")
        assert left == 8, "what hangs has taken as many as it may, and waits"
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for sender in senders:
            for call in sender._calls:
                call.cancel()
