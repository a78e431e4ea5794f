"""The switch: a person stops sending at once, whatever is under way, and nothing is lost by it."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

import claims_cli
from claims_core.db import session_scope
from claims_core.tables import AuditEntry
from notifier import switch
from notifier.deciding.decisions import BACKLOG_AFTER
from notifier.dispatch import open_senders
from notifier.dispatch.rates import open_sender
from notifier.states import Importance
from notifier.sweeps import hold_backlog
from tests.notifier.queue import Desk, a_desk

SMS = "sms"


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def stopped(desk: Desk, sender: str = switch.EVERY, *, codes_too: bool = False) -> None:
    async with session_scope(desk.engine) as session:
        await switch.stop(session, sender, codes_too=codes_too, why="a wrong text", by="nightwatch", now=desk.now)


async def let_go(desk: Desk, sender: str = switch.EVERY) -> bool:
    async with session_scope(desk.engine) as session:
        return await switch.let_go(session, sender, by="nightwatch", now=desk.now)


async def test_once_stopped_nothing_leaves_but_codes_until_it_is_let_go(desk: Desk):
    await desk.queue(3)
    await desk.code()
    await stopped(desk)
    assert await desk.dispatch() == 1
    assert [message.body for message in desk.twilio.taken if "123456" in message.body], "nobody could sign in"
    assert await let_go(desk)
    assert await desk.dispatch() == 3
    assert not await let_go(desk), "it is not stopped any more"


async def test_codes_are_stopped_too_where_that_is_said(desk: Desk):
    await desk.queue(1)
    await desk.code()
    await stopped(desk, SMS, codes_too=True)
    assert await desk.dispatch() == 0
    assert desk.twilio.asked == []


async def test_another_senders_stop_stops_nobody_else(desk: Desk):
    await desk.queue(2)
    await stopped(desk, "whatsapp")
    assert await desk.dispatch() == 2


async def test_what_was_taken_before_and_waits_for_its_turn_does_not_leave_either(desk: Desk):
    settings = desk.settings.model_copy(update={"notifier_in_flight": 8})
    await desk.queue(40)
    desk.twilio.latency = 0.4
    [sender] = open_senders(desk.pool, desk.channels, settings, worker="one", clock=lambda: desk.now)
    await open_sender(desk.pool, SMS, per_second=1000, now=desk.now)
    await sender.take_and_call(40)
    while len(desk.twilio.asked) < 8:
        await asyncio.sleep(0.01)
    await stopped(desk)
    watching = asyncio.create_task(switch.watch(desk.pool, [sender]))
    await sender.settle_calls()
    watching.cancel()
    assert len(desk.twilio.asked) == 8, "those that were open, and none of those that waited"
    assert await desk.states() == {"planned": 32, "sent": 8}
    assert await desk.pool.fetchval("select pause_reason from sender_rate") is None, "the provider is not to blame"
    await let_go(desk)
    desk.later(seconds=30)
    assert await desk.dispatch() == 32


async def test_what_waited_for_hours_behind_the_switch_is_held_before_it_can_burst_out(desk: Desk):
    await desk.queue(2)
    await desk.dispatch(most=0)
    await stopped(desk)
    desk.later(seconds=BACKLOG_AFTER.total_seconds() + 60)
    await desk.dispatch()
    assert await hold_backlog(desk.pool, now=desk.now) == 2
    await let_go(desk)
    assert await desk.dispatch() == 0


async def test_who_stopped_and_why_is_in_the_audit_and_told_to_whoever_looks(
    engine: AsyncEngine, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("DATABASE_URL", database_url)

    def said(*words: str) -> tuple[int, str]:
        code = claims_cli.main(["notifications", *words])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert "--why is empty" in (await asyncio.to_thread(said, "stop", "--why", " "))[1]
    assert (await asyncio.to_thread(said, "stop", "--why", "a wrong text"))[0] == 0
    _, shown = await asyncio.to_thread(said, "waiting")
    assert shown.startswith("STOPPED everything (not codes) since ")
    assert shown.splitlines()[0].endswith(": a wrong text")
    code, problem = await asyncio.to_thread(said, "go", "--sender", SMS)
    assert code != 0
    assert "sms is not stopped; stopped: *" in problem
    assert (await asyncio.to_thread(said, "go"))[0] == 0
    async with session_scope(engine) as session:
        actions = [entry.action for entry in await session.exec(select(AuditEntry).order_by(AuditEntry.seq))]
    assert actions == ["sending_stopped", "sending_let_go"]


@given(st.dictionaries(st.sampled_from([switch.EVERY, SMS, "whatsapp"]), st.booleans()))
def test_a_sender_stops_for_its_own_word_and_for_that_on_all_and_the_stricter_holds(stops: dict[str, bool]):
    forbidden = switch.forbidden_to(SMS, stops)
    mine = {name: codes for name, codes in stops.items() if name != "whatsapp"}
    assert bool(forbidden) == bool(mine)
    assert (Importance.CODE in forbidden) == any(mine.values())
    assert not mine or forbidden >= frozenset(Importance) - {Importance.CODE}
