"""A claim brings ten optional messages at most; then its news are on the page and in letters, and it is said why."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.stages import ClaimStage, Outcome, Situation
from notifier.commands.notifications import account_of
from notifier.dispatch.rates import open_sender
from notifier.dispatch.taking import take
from notifier.planning.another_way import write_beyond_cap
from notifier.planning.facts import ready_for
from notifier.planning.planner import plan_batch
from notifier.states import PRIORITY, CauseKind, ChannelName, Importance
from notifier.tables import Notification
from tests.factories import a_person, a_snapshot, later
from tests.notifier.queue import Desk, a_desk
from tests.notifier.scenes import seen
from tests.notifier.test_letters import MAIL, WITH_BOTH, a_post, told

NEWS = [
    {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION},
    {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL},
]


async def a_claim_with_news(desk: Desk, *, rounds: int, **person) -> str:
    """A claim that moves to and fro, and whatever may leave does so the same hour; its number."""
    claim = a_snapshot(policyholder=a_person(**person))
    await seen(desk.engine, claim, now=desk.now - timedelta(hours=1), first_load=True)
    for place in range(rounds):
        claim = later(claim, **NEWS[place % 2])
        await seen(desk.engine, claim, now=desk.now)
        while await plan_batch(desk.engine, now=desk.now, settings=desk.settings):
            pass
        await desk.dispatch()
        desk.later(minutes=30)
    return claim.claim_number


async def test_what_comes_after_the_last_one_is_not_sent_and_the_claims_account_says_why(engine, database_url):
    async with a_desk(engine, database_url, notifier_claim_cap=3) as desk:
        number = await a_claim_with_news(desk, rounds=4)
        assert len(desk.twilio.taken) == 3
        assert await write_beyond_cap(desk.pool, now=desk.now) == 0  # no address, no mail server
    async with session_scope(engine) as session:
        said = [row["why"] for row in await account_of(session, number) if row["template"]]
    assert said.count("claim_cap") == 1


async def test_beyond_the_cap_news_go_by_letter_where_there_is_an_address_once(engine, database_url):
    async with a_post(engine, database_url, notifier_claim_cap=1) as (desk, office):
        await a_claim_with_news(desk, rounds=2, **WITH_BOTH)
        for _ in range(3):
            await asyncio.gather(*(write_beyond_cap(desk.pool, now=desk.now) for _ in range(3)))
            await desk.dispatch()
        assert len(desk.twilio.taken) == 1
        assert len(office.mailbox(MAIL)) == 1
        assert await told(desk) == [
            ("sms", "sent", None),
            ("sms", "suppressed", "claim_cap"),
            ("email", "sent", None),
        ]


async def test_a_decision_and_a_code_are_not_counted_and_not_kept_back(engine, database_url):
    async with a_desk(engine, database_url, notifier_claim_cap=1) as desk:
        claim = a_snapshot()
        await seen(engine, claim, now=desk.now - timedelta(hours=1), first_load=True)
        for fields in ({"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.REFUSED}, NEWS[0], NEWS[1]):
            claim = later(claim, **{"outcome": None} | fields)
            await seen(engine, claim, now=desk.now)
            while await plan_batch(engine, now=desk.now, settings=desk.settings):
                pass
            await desk.dispatch()
        await desk.code()
        await desk.dispatch()
        rows = await desk.pool.fetch("select importance, state from notification order by planned_at, id")
        sent = [row["importance"] for row in rows if row["state"] == "sent"]
        assert sent.count("required") >= 1
        assert sent.count("progress") <= 1
        assert sent.count("code") == 1


async def test_however_many_workers_take_at_once_a_claim_never_has_one_too_many(engine: AsyncEngine, database_url):
    cap, waiting = 2, 9
    async with a_desk(engine, database_url, notifier_claim_cap=cap) as desk:
        await a_claim_with_news(desk, rounds=1)
        row = await desk.pool.fetchrow("select claim_id, recipient_id, contact_point_id from notification")
        async with session_scope(engine) as session:
            for _ in range(waiting):
                session.add(
                    Notification(
                        **row,
                        cause_kind=CauseKind.SILENCE_SLOT,
                        cause_id=uuid4(),
                        template="heartbeat",
                        importance=Importance.HEARTBEAT,
                        priority=PRIORITY[Importance.HEARTBEAT],
                        channel=ChannelName.SMS,
                        not_before=desk.now,
                        send_by=desk.now + timedelta(days=1),
                    )
                )
        await open_sender(desk.pool, "sms", per_second=1000, now=desk.now)
        in_hand = [await take(desk.pool, "sms", most=1, now=desk.now, lease=timedelta(minutes=1)) for _ in range(3)]
        going = []
        for batch in in_hand:  # each looks before any of the others has committed what leaves
            async with desk.pool.acquire() as connection:
                ids = [each.id for each in batch.rows]
                looked = await ready_for(connection, ids, settings=desk.settings, now=desk.now)
                going += [each for each in looked.values() if each.verdict is None]
        assert len(going) <= 1
        for _ in range(4):
            await asyncio.gather(*(desk.dispatch(most=1, worker=f"w{place}") for place in range(6)))
            desk.later(seconds=2)
        assert len(desk.twilio.taken) <= cap
