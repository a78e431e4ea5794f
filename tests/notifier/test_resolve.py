"""A lost answer: a receipt, a look-up or the class of the message decides, and the books say which."""

from datetime import timedelta
from itertools import pairwise

import pytest

from notifier.channels.base import Capabilities
from notifier.channels.twilio.channel import TwilioChannel
from notifier.dispatch.taking import take
from notifier.reports.resolve import Step, next_step, poll_receipts
from notifier.states import ChannelName, Importance, NotificationState, Reason
from tests.notifier.queue import a_desk
from tests.notifier.test_receipts import report


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url, notifier_call_deadline=timedelta(seconds=0.3)) as desk:
        yield desk


AMBIGUOUS = ["accept_then_timeout", "accept_then_reset", "accept_then_500", "accept_then_garbage", "accept_then_cut"]


@pytest.mark.parametrize("word", AMBIGUOUS)
async def test_what_the_provider_took_is_found_and_not_sent_again(desk, word):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append(word)
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    # Too early: the list may not show it yet.
    assert await desk.resolve() == 0
    desk.later(minutes=2)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "sent"
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["resolution"]) == ("accepted", "look_up")
    assert delivery["provider_ref"] == desk.twilio.taken[0].sid
    await desk.dispatch()
    assert len(desk.twilio.taken) == 1


@pytest.mark.parametrize("word", ["reset_before_accept", "broken", "hang"])
async def test_what_the_provider_never_took_is_sent_again_and_both_hand_overs_are_in_the_books(desk, word):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append(word)
    await desk.dispatch()
    desk.later(minutes=2)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "planned"
    await desk.dispatch()
    first, second = await desk.deliveries()
    assert (first["state"], first["resolution"], first["attempt"]) == ("unknown", "not_found", 1)
    assert (second["state"], second["resolution"], second["attempt"]) == ("accepted", None, 2)
    assert len(desk.twilio.taken) == 1


async def test_a_receipt_resolves_at_once(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    await report(desk, "sent")
    assert (await desk.notification(notification_id))["state"] == "sent"
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["resolution"]) == ("on_its_way", "receipt")
    desk.later(minutes=2)
    assert await desk.resolve() == 0


async def test_a_receipt_that_comes_before_the_repeat_stops_it(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    desk.twilio.list_lag = 10**6  # the list never shows it
    desk.later(minutes=2)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "planned"
    await report(desk, "delivered")
    assert (await desk.notification(notification_id))["state"] == "settled"
    assert await desk.dispatch() == 0


async def test_a_code_is_never_sent_again(desk):
    await desk.queue(1)
    await desk.dispatch()
    notification_id = await desk.code()
    desk.twilio.script.append("reset_before_accept")
    await desk.dispatch()
    assert (await desk.notification(notification_id))["values"] == {}
    desk.later(minutes=2)
    await desk.resolve()
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["reason"]) == ("failed", "gave_up")
    assert await desk.dispatch() == 0


async def test_a_code_whose_answer_was_lost_is_found_by_its_masked_text(desk):
    await desk.queue(1)
    await desk.dispatch()
    notification_id = await desk.code()
    desk.twilio.script.append("accept_then_reset")
    await desk.dispatch()
    desk.later(minutes=2)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "sent"


async def test_a_worker_that_died_with_a_row_before_any_delivery_leaves_it_to_the_next(desk):
    [notification_id] = await desk.queue(1)
    await desk.dispatch(most=0)
    await take(desk.pool, "sms", most=1, now=desk.now, lease=timedelta(minutes=1))
    assert await desk.resolve() == 0
    desk.later(minutes=2)
    await desk.resolve()
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["takes"]) == ("planned", 1)
    await desk.dispatch()
    assert (await desk.notification(notification_id))["state"] == "sent"


async def test_a_row_that_kills_its_workers_is_put_aside_and_the_others_go(desk):
    poison, *others = await desk.queue(4)
    await desk.dispatch(most=0)
    deaths = 0
    for _ in range(12):
        for alone in (False, True):
            batch = await take(
                desk.pool, "sms", most=1 if alone else 9, now=desk.now, lease=timedelta(minutes=1), suspects=alone
            )
            taken = [row.id for row in batch.rows]
            if poison in taken:
                deaths += 1
                # From the third time on it travels alone, so that nobody dies with it.
                assert len(taken) == (4 if deaths <= 2 else 1)
            else:
                await desk.pool.execute("update notification set state = 'sent' where id = any($1)", taken)
        desk.later(minutes=2)
        await desk.resolve()
    notification = await desk.notification(poison)
    assert (notification["state"], notification["reason"]) == ("failed", "quarantined")
    assert deaths == 4
    assert [(await desk.notification(other))["state"] for other in others] == ["sent"] * 3


async def test_while_the_provider_cannot_tell_nothing_is_repeated_for_ten_minutes_then_once(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    desk.twilio.hide_bodies = True
    for _ in range(4):
        desk.later(minutes=2)
        await desk.resolve()
        assert (await desk.notification(notification_id))["state"] == "unknown"
    desk.later(minutes=3)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "planned"
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    assert [each["resolution"] for each in await desk.deliveries()] == ["unseen", None]
    for _ in range(30):
        desk.later(minutes=20)
        await desk.resolve()
        await desk.dispatch()
    # The second one stays open, visible, until its time is over; there is no third.
    assert len(desk.twilio.taken) == 2
    desk.later(hours=20)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "expired"


async def test_a_look_up_that_could_not_tell_is_repeated_soon_and_then_each_minute(desk):
    await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    desk.twilio.hide_bodies = True
    looked = []
    desk.later(minutes=2)
    for second in range(180):
        if await desk.resolve():
            looked.append(second)
        desk.later(seconds=1)
    assert len(looked) == desk.twilio.looked_up
    # Six only where each pause came out a fifth shorter.
    assert 5 <= len(looked) <= 6
    apart = [after - before for before, after in pairwise(looked)]
    assert 4 <= apart[0] <= 7
    assert 12 <= apart[1] <= 19
    assert all(48 <= each <= 73 for each in apart[2:])


async def test_what_one_look_up_could_not_tell_the_next_one_finds_a_few_seconds_later(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()
    desk.twilio.hide_bodies = True
    desk.later(minutes=2)
    await desk.resolve()
    desk.twilio.hide_bodies = False
    desk.later(seconds=6)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "sent"
    assert len(desk.twilio.taken) == 1


class Interrupted(TwilioChannel):
    """What happens while the provider is being asked, once."""

    def __init__(self, desk, meanwhile):
        super().__init__(ChannelName.SMS, desk.settings, desk.http)
        self.meanwhile = meanwhile

    async def find(self, *what, **how):
        found = await super().find(*what, **how)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


async def test_what_a_worker_was_looking_up_that_died_is_looked_up_by_the_next_when_it_is_due_again(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("accept_then_timeout")
    await desk.dispatch()

    async def dies():
        raise ZeroDivisionError

    desk.channels[ChannelName.SMS] = Interrupted(desk, dies)
    desk.later(minutes=2)
    with pytest.raises(ZeroDivisionError):
        await desk.resolve()
    desk.later(seconds=59)
    assert await desk.resolve() == 0
    desk.later(seconds=1)
    assert await desk.resolve() == 1
    assert (await desk.notification(notification_id))["state"] == "sent"


async def test_a_worker_that_was_held_up_while_it_asked_does_not_decide_about_the_repeat(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.extend(["reset_before_accept", "accept_then_timeout"])
    await desk.dispatch()

    async def another_works():
        desk.later(minutes=2)
        await desk.resolve()
        await desk.dispatch()

    desk.channels[ChannelName.SMS] = Interrupted(desk, another_works)
    desk.later(minutes=2)
    await desk.resolve()
    # The repeat's own answer was lost too: it may have arrived, and "nothing found" was said before it left.
    assert (await desk.notification(notification_id))["state"] == "unknown"
    assert [each["resolution"] for each in await desk.deliveries()] == ["not_found", None]


async def test_a_channel_without_a_look_up_waits_for_a_receipt_and_repeats_once(desk):
    [notification_id] = await desk.queue(1)
    desk.channels[ChannelName.SMS].capabilities = Capabilities(receipts=False, lookup=False, replies=False)
    desk.twilio.script.append("accept_then_reset")
    await desk.dispatch()
    desk.later(minutes=5)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "unknown"
    desk.later(minutes=6)
    await desk.resolve()
    assert (await desk.notification(notification_id))["state"] == "planned"
    assert desk.twilio.looked_up == 0


async def test_a_clean_no_before_a_lost_answer_does_not_cost_the_one_repeat(desk):
    desk.channels[ChannelName.SMS].capabilities = Capabilities(receipts=True, lookup=False, replies=False)
    [notification_id] = await desk.queue(1)
    desk.twilio.script.extend(["down", "hang"])
    await desk.dispatch()
    desk.later(seconds=10)
    await desk.dispatch()
    for span in (timedelta(minutes=9), timedelta(minutes=3)):
        assert (await desk.notification(notification_id))["state"] == "unknown"
        desk.later(seconds=span.total_seconds())
        await desk.resolve()
    await desk.dispatch()
    assert [each["resolution"] for each in await desk.deliveries()] == [None, "unseen", None]


async def test_what_was_lost_and_is_too_late_is_not_sent_again(desk):
    [notification_id] = await desk.queue(1)
    desk.twilio.script.append("reset_before_accept")
    await desk.dispatch()
    desk.later(hours=25)
    await desk.resolve()
    notification = await desk.notification(notification_id)
    assert (notification["state"], notification["reason"]) == ("expired", "too_late")


async def test_a_state_is_asked_for_when_no_receipt_comes(desk):
    [notification_id] = await desk.queue(1)
    await desk.dispatch()
    desk.twilio.taken[0].status = "delivered"
    assert await poll_receipts(desk.pool, desk.channels, now=desk.now) == 0
    assert await poll_receipts(desk.pool, desk.channels, now=desk.later(minutes=6)) == 1
    assert (await desk.notification(notification_id))["state"] == "settled"
    assert await poll_receipts(desk.pool, desk.channels, now=desk.later(hours=6)) == 0


async def test_what_the_carrier_says_when_asked_counts_as_a_receipt(desk):
    await desk.queue(1)
    await desk.dispatch()
    desk.twilio.taken[0].status, desk.twilio.taken[0].error_code = "undelivered", 30005
    await poll_receipts(desk.pool, desk.channels, now=desk.later(minutes=6))
    assert await desk.pool.fetchval("select code from address_note") == "30005"


async def test_after_three_days_without_a_word_the_books_are_closed(desk):
    [notification_id] = await desk.queue(1)
    await desk.dispatch()
    asked = 0
    for _ in range(73):
        asked += await poll_receipts(desk.pool, desk.channels, now=desk.later(hours=1))
    assert (await desk.notification(notification_id))["state"] == "settled"
    assert (await desk.deliveries())[0]["state"] == "accepted"
    assert 4 <= asked <= 12  # further and further apart


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"importance": Importance.CODE}, Step(None)),
        ({"importance": Importance.CODE, "late": True}, Step(NotificationState.FAILED, Reason.GAVE_UP, "gave_up")),
        ({"looked": True}, Step(NotificationState.PLANNED, None, "not_found")),
        ({"looked": True, "takes": 8}, Step(NotificationState.PLANNED, None, "not_found")),
        ({"looked": True, "takes": 9}, Step(NotificationState.FAILED, Reason.QUARANTINED, "gave_up")),
        ({"hope_is_over": False}, Step(None)),
        ({"hope_is_over": True}, Step(NotificationState.PLANNED, None, "unseen")),
        ({"hope_is_over": True, "repeated": True}, Step(None)),
        ({"late": True}, Step(NotificationState.EXPIRED, Reason.TOO_LATE, "gave_up")),
    ],
)
def test_what_is_done_when_nothing_was_found(given, step):
    values = {"importance": Importance.PROGRESS, "looked": False, "repeated": False, "takes": 1, "late": False}
    assert next_step(**values | {"hope_is_over": False} | given) == step
