"""The checker of the crash loops tells what waits in sight, and ends with a reason, from what is lost."""

from tests.fakes.smsc import Smsc
from tests.journeys.books import Books, compare, ended_late
from tests.notifier.queue import Desk
from tests.notifier.test_smpp_road import bind as bind

Bind = tuple[Desk, Smsc]


async def both_answers_lost(desk: Desk, smsc: Smsc, word: str = "accept_then_silence") -> None:
    """A message that left, was repeated when its hope was over, and of which nothing was heard either time.

    The line stays: over one that fell the repeat would have to wait until it is bound again.
    """
    await desk.queue(1)
    smsc.script.extend([word, word])
    await desk.dispatch()
    desk.later(minutes=11)
    await desk.resolve()
    desk.later(minutes=1)
    await desk.dispatch()


async def books_of(desk: Desk, smsc: Smsc) -> Books:
    return await compare(desk.pool, desk.twilio, smsc)


async def test_what_an_smsc_took_twice_without_a_word_waits_in_sight_and_is_given_up_at_its_end(bind: Bind):
    await both_answers_lost(*bind)
    books = await books_of(*bind)
    assert (books.lost, len(books.in_sight), books.untaken, books.unexplained) == ([], 1, 0, 0)
    assert await ended_late(bind[0].pool) == []
    assert await bind[0].states() == {"expired": 1}


async def test_what_might_still_be_repeated_is_stuck_not_in_sight(bind: Bind):
    desk, smsc = bind
    await desk.queue(1)
    smsc.script.append("accept_then_silence")
    await desk.dispatch()
    books = await books_of(desk, smsc)
    assert (len(books.lost), books.in_sight) == (1, [])


SPOILED = {  # what spoils it, and what mends it again
    # Nobody looks at it any more.
    "update delivery set resolve_after = null": "update delivery set resolve_after = now()",
    "update delivery set resolution = 'gave_up' where attempt = 2": (
        "update delivery set resolution = null where attempt = 2"
    ),
    # That provider can be asked.
    "update delivery set provider = 'twilio' where attempt = 2": "update delivery set provider = 'smpp'",
    # Its time is over, and it has not ended.
    "update notification set send_by = now()": "update notification set send_by = now() + interval '1 day'",
    "update notification set state = 'sending'": "update notification set state = 'unknown'",
    # Called sent, and no provider took it.
    "update notification set state = 'sent'": "update notification set state = 'unknown'",
}


async def test_what_nobody_will_settle_is_lost(bind: Bind):
    await both_answers_lost(*bind, word="silence")
    for spoil, mend in SPOILED.items():
        await bind[0].pool.execute(spoil)
        books = await books_of(*bind)
        assert (len(books.lost), books.in_sight) == (1, []), spoil
        await bind[0].pool.execute(mend)
        books = await books_of(*bind)
        assert (books.lost, len(books.in_sight), books.untaken) == ([], 1, 1), mend
    await bind[0].pool.execute("update delivery set send_by = send_by + interval '2 days'")
    assert len(await ended_late(bind[0].pool)) == 1, "it does not end at its end"
