"""What must be known is followed until it is: delivered or opened, by another way, a letter, and at last a call."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.errors import Conflict, NotFound
from claims_core.snapshot import ClaimSnapshot
from claims_core.stages import ClaimStage, Outcome
from claims_core.tables import AuditEntry
from notifier.commands.notifications import account_of
from notifier.deciding.must_know import Call, Ended, Letters, Tried, Way, next_move, waits_until
from notifier.deciding.rules import rule_for, rules_from_text, shipped_rules, text_from_rules
from notifier.people import preferences
from notifier.planning import calls
from notifier.planning.planner import NOTE_EVERY, plan_batch
from notifier.planning.unheard import follow
from notifier.states import ChannelName, Importance
from tests.factories import NOON, a_person, a_snapshot, claim_of, later
from tests.notifier.queue import Desk, a_desk
from tests.notifier.scenes import a_background, a_fact, seen, the_settings
from tests.notifier.test_letters import MAIL, WITH_BOTH, a_post, told

DECIDED = {"stage": ClaimStage.DECIDED, "situation": None, "outcome": Outcome.REFUSED}
A_DECISION = a_fact(kind="decision_made", page_state="declined", detail={"outcome": "refused"})
REFUSED = a_background(stage="decided", outcome="refused", page_state="declined")
CHANNELS = (ChannelName.SMS, ChannelName.WHATSAPP, ChannelName.EMAIL)
LETTERS = Letters(REFUSED.contact_point_id, MAIL, stopped=False)
WITH_LETTERS = the_settings(smtp_url="smtp://mail.example:587", smtp_from="claims@primer.example")
DAY = timedelta(days=1)


def tried(*channels: str, **over) -> Tried:
    values = {"is_open": False, "handed_over": None, "delivered": False, "opened": False, "let_be": False}
    return Tried(channels=frozenset(channels), **values | over)


def move(was: Tried, *, stands=REFUSED, letters: Letters | None = LETTERS, now=NOON + 3 * DAY, fact=A_DECISION):
    return next_move(fact, was, stands, letters, CHANNELS, settings=WITH_LETTERS, now=now)


def test_what_was_delivered_or_opened_is_known():
    assert move(tried("sms", delivered=True)) is Ended.DELIVERED
    assert move(tried("sms", opened=True, handed_over=NOON)) is Ended.OPENED


def test_a_text_without_a_receipt_is_waited_for_and_then_a_letter_is_the_next_way():
    waiting = tried("sms", handed_over=NOON)
    until = waits_until(NOON, REFUSED, WITH_LETTERS)
    assert move(waiting, now=NOON + timedelta(hours=1)) == until
    way = move(waiting, now=until)
    assert isinstance(way, Way)
    assert (way.channel, way.stands.address) == (ChannelName.EMAIL, MAIL)
    assert isinstance(move(tried("sms", "email", handed_over=NOON)), Call)


def test_what_was_refused_at_once_is_not_waited_for():
    assert isinstance(move(tried("sms"), now=NOON), Way)
    assert isinstance(move(tried("sms"), now=NOON, letters=None), Call)


def test_the_wait_ends_in_the_recipients_working_hours():
    friday = datetime(2026, 6, 5, 13, tzinfo=UTC)  # 16:00 in Moscow
    assert waits_until(friday, REFUSED, WITH_LETTERS) == datetime(2026, 6, 8, 6, tzinfo=UTC)
    there = REFUSED._replace(time_zone="Asia/Vladivostok")
    assert waits_until(friday, there, WITH_LETTERS) == datetime(2026, 6, 7, 23, tzinfo=UTC)


def test_after_a_stop_of_texts_the_letter_goes_and_after_a_stop_of_letters_somebody_calls():
    stopped = REFUSED._replace(stopped=["sms", "whatsapp"])
    assert isinstance(move(tried("sms"), stands=stopped), Way)
    assert isinstance(move(tried("sms"), stands=stopped, letters=replace(LETTERS, stopped=True)), Call)
    assert isinstance(move(tried("sms"), stands=REFUSED._replace(contact_prohibited=True)), Call)


def test_what_is_true_no_more_or_was_not_to_be_told_is_let_be():
    assert move(tried("sms"), stands=REFUSED._replace(outcome="approved")) is Ended.OVERTAKEN
    assert move(tried("sms", let_be=True)) is Ended.LET_BE


@given(
    st.sets(st.sampled_from(["sms", "whatsapp", "email"])),
    st.booleans(),
    st.sets(st.sampled_from(["sms", "whatsapp", "email"])),
    st.booleans(),
    st.none() | st.integers(0, 200),
)
def test_no_way_is_taken_twice_or_against_a_stop_and_it_ends_with_a_call(done, is_open, stopped, prohibited, ago):
    now = NOON + 9 * DAY
    stands = REFUSED._replace(stopped=sorted(stopped), contact_prohibited=prohibited)
    letters = Letters(REFUSED.contact_point_id, MAIL, stopped="email" in stopped)
    for _ in range(4):
        was = tried(*done, is_open=is_open, handed_over=None if ago is None else now - timedelta(hours=ago))
        said = move(was, stands=stands, letters=letters, now=now)
        if isinstance(said, datetime):
            assert said > now
            return
        if isinstance(said, Call):
            return
        assert isinstance(said, Way)
        assert said.channel not in done
        assert said.channel not in stopped
        assert not prohibited
        done = done | {said.channel}
    raise AssertionError("it never ends")


def test_only_what_is_required_can_be_a_fact_that_must_be_known_and_the_file_keeps_it():
    followed = [rule for rule in shipped_rules() if rule.must_be_known]
    assert {rule.event for rule in followed} >= {"decision_made", "documents_requested", "details_needed"}
    assert {rule.importance for rule in followed} == {Importance.REQUIRED}
    assert set(rules_from_text(text_from_rules(shipped_rules()))) == set(shipped_rules())
    assert rule_for(shipped_rules(), "decision_made", "declined", "motor").must_be_known


async def decided(desk: Desk, **person) -> ClaimSnapshot:
    """A decision on a claim is planned; the claim as it was."""
    claim = a_snapshot(policyholder=a_person(**person))
    await seen(desk.engine, claim, now=desk.now - timedelta(hours=1), first_load=True)
    await seen(desk.engine, later(claim, **DECIDED), now=desk.now)
    while await plan_batch(desk.engine, now=desk.now, settings=desk.settings):
        pass
    return claim


async def followed(desk: Desk, *, passes: int = 1, **span: float) -> tuple[int, int, int, int]:
    """Time passes, the planner's mark moves on, and the job looks; what it did in all."""
    desk.later(**span)
    # The mark waits for every transaction of the server that began before it, whoever's they are.
    for place in range(1, 200):
        await plan_batch(desk.engine, now=desk.now + place * 2 * NOTE_EVERY, settings=desk.settings)
        if await desk.pool.fetchval("select mark = (select max(seq) from case_event) from planner_mark"):
            break
        await asyncio.sleep(0.05)
    done = [await follow(desk.engine, now=desk.now, settings=desk.settings) for _ in range(passes)]
    return tuple(sum(each) for each in zip(*done, strict=True))


async def test_a_decision_that_no_text_brings_is_followed_by_a_letter_and_then_by_a_call(engine, database_url):
    async with a_post(engine, database_url) as (desk, office):
        snapshot = await decided(desk, **WITH_BOTH)
        await desk.dispatch()
        assert await followed(desk, minutes=15) == (1, 0, 0, 0)
        assert await followed(desk, days=4, passes=3) == (0, 1, 0, 0)
        await desk.dispatch()
        assert len(office.mailbox(MAIL)) == 1
        assert await followed(desk, days=4, passes=3) == (0, 0, 1, 0)
        assert await followed(desk, days=9, passes=3) == (0, 0, 0, 0)
        assert [channel for channel, _, _ in await told(desk)] == ["sms", "email"]
    async with session_scope(engine) as session:
        said = [(row["channel"], row["why"]) for row in await account_of(session, snapshot.claim_number)]
        assert said[1:] == [("sms", "accepted"), ("email", "accepted"), (None, "to_call")]
        [call] = await calls.open_calls(session, now=desk.now)
        assert (call.kind, call.tried) == ("decision_made", (("sms", "accepted"), ("email", "accepted")))
        assert call.phone
        assert await calls.how_many(session, now=desk.now) == 1


async def test_nobody_answered_is_asked_again_a_day_later_and_told_ends_it_once(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        await decided(desk)
        await desk.dispatch()
        await followed(desk, minutes=15)
        await followed(desk, days=4)
    now = desk.now
    async with session_scope(engine) as session:
        [call] = await calls.open_calls(session, now=now)
        about = {"claim_id": call.claim_id, "by": "staff:kotova", "now": now}
        await calls.record(session, call.id, outcome=calls.Outcome.NO_ANSWER, **about)
        assert await calls.open_calls(session, now=now) == []
        [again] = await calls.open_calls(session, now=now + DAY)
        assert again.calls == 1
        assert len(await calls.calls_of(session, call.claim_id)) == 1
        await calls.record(session, call.id, outcome=calls.Outcome.TOLD, **about)
        with pytest.raises(Conflict):
            await calls.record(session, call.id, outcome=calls.Outcome.POSTED, **about)
        with pytest.raises(NotFound):
            await calls.record(session, call.id, outcome=calls.Outcome.TOLD, **about | {"claim_id": uuid4()})
        acts = (
            await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)).where(AuditEntry.action == "called"))
        ).all()
        assert [act.detail["outcome"] for act in acts] == ["no_answer", "told"]


async def test_a_receipt_or_a_look_at_the_page_ends_it_even_when_somebody_was_to_call(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        snapshot = await decided(desk)
        await desk.dispatch()
        await followed(desk, minutes=15)
        assert (await followed(desk, days=4))[2] == 1  # there is no address: somebody calls
        async with session_scope(engine) as session:
            claim = await claim_of(session, snapshot)
            await session.exec(
                text(
                    "insert into access_log (at, claim_id, viewer_kind, viewer_id, page)"
                    " values (:at, :claim, 'policyholder', :who, '/claims/x')"
                ).bindparams(at=desk.now, claim=claim.id, who=claim.policyholder_id)
            )
        assert await followed(desk, hours=2) == (0, 0, 0, 1)
        row = await desk.pool.fetchrow("select ended_how from unheard_fact")
        assert row["ended_how"] == "opened"


async def test_what_was_delivered_within_minutes_is_never_followed(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        await decided(desk)
        await desk.dispatch()
        await desk.pool.execute("update delivery set state = 'delivered'")
        assert await followed(desk, minutes=15) == (0, 0, 0, 0)
        assert await desk.pool.fetchval("select mark from unheard_mark") > 0


async def test_after_a_stop_a_decision_goes_by_letter_and_news_does_not(engine, database_url):
    async with a_post(engine, database_url) as (desk, office):
        person = {"phones": ("+79129990000",), **WITH_BOTH}
        async with session_scope(engine) as session:
            await preferences.stop_address(session, "+79129990000", how="reply", now=desk.now)
        await decided(desk, **person)
        await desk.queue(1, policyholder=a_person(**person, ref="somebody else"))
        assert await followed(desk, minutes=15, passes=2) == (1, 1, 0, 0)
        await desk.dispatch()
        assert not desk.twilio.taken
        assert len(office.mailbox(MAIL)) == 1
        assert ("email", "sent", None) in await told(desk)


@pytest.mark.parametrize("how", ["dropped", "young"])
async def test_what_is_not_to_be_told_is_not_followed_and_what_is_young_waits(engine: AsyncEngine, database_url, how):
    async with a_desk(engine, database_url) as desk:
        await decided(desk)
        if how == "dropped":
            await desk.pool.execute("update notification set state = 'suppressed', reason = 'handler_said_no'")
            assert await followed(desk, minutes=15, passes=2) == (1, 0, 0, 1)
        else:
            assert await followed(desk, seconds=0) == (0, 0, 0, 0)
