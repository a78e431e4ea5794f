"""A held message goes, or does not, by the word of a person, which is in the audit; nothing goes by itself."""

import argparse
import asyncio

import pytest
from sqlmodel import select

from claims_core.db import session_scope
from claims_core.tables import AuditEntry
from notifier import held
from notifier.commands import notifications as command
from notifier.states import Reason
from notifier.sweeps import expire
from tests.notifier.queue import Desk, a_desk

BY = "staff:someone"


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def hold(desk: Desk, reason: Reason = Reason.APPROVAL) -> None:
    await desk.pool.execute("update notification set state = 'held', reason = $1 where state = 'planned'", reason)


async def acts(desk: Desk) -> list[tuple[str, str, str, dict]]:
    async with session_scope(desk.engine) as session:
        found = (await session.exec(select(AuditEntry).order_by(AuditEntry.seq))).all()
    return [(each.actor, each.action, each.subject, each.detail) for each in found]


async def test_what_is_held_leaves_once_when_somebody_lets_it_go(desk):
    [first, second] = await desk.queue(2)
    await hold(desk)
    assert await desk.dispatch() == 0
    async with session_scope(desk.engine) as session:
        assert await held.release(session, first, by=BY, now=desk.later(hours=1))
        assert not await held.release(session, first, by=BY, now=desk.now)
    assert await desk.dispatch() == 1
    assert (await desk.notification(first))["state"] == "sent"
    assert (await desk.notification(second))["state"] == "held"
    assert await acts(desk) == [(BY, "message_released", f"notification:{first}", {"messages": 1})]


async def test_what_is_dropped_is_never_sent_and_says_why(desk):
    [one] = await desk.queue(1)
    await hold(desk)
    async with session_scope(desk.engine) as session:
        assert await held.drop(session, one, by=BY, now=desk.now)
        assert not await held.release(session, one, by=BY, now=desk.now)
    row = await desk.notification(one)
    assert (row["state"], row["reason"], row["finished_at"]) == ("suppressed", "handler_said_no", desk.now)
    assert await desk.dispatch() == 0
    assert [each[1] for each in await acts(desk)] == ["message_dropped"]


async def test_everything_of_one_reason_goes_with_one_word_and_the_others_stay(desk):
    await desk.queue(3)
    await hold(desk, Reason.RESTORE)
    await desk.queue(2)
    await hold(desk, Reason.MASS_CHANGE)
    async with session_scope(desk.engine) as session:
        assert [(row.reason, row.messages) for row in await held.what_is_held(session)] == [
            (Reason.MASS_CHANGE, 2),
            (Reason.RESTORE, 3),
        ]
        assert await held.release_all(session, Reason.RESTORE, by=BY, now=desk.now) == 3
    assert await desk.dispatch() == 3
    assert await desk.states() == {"sent": 3, "held": 2}
    assert await acts(desk) == [(BY, "message_released", "held:restore", {"messages": 3})]


async def test_what_is_too_late_and_what_is_a_code_is_not_let_go(desk):
    await desk.queue(1)
    await desk.code()
    await hold(desk, Reason.RESTORE)
    async with session_scope(desk.engine) as session:
        assert await held.release_all(session, Reason.RESTORE, by=BY, now=desk.later(hours=30)) == 0
    assert await acts(desk) == []
    # Whatever is held ends by itself when its time is over.
    assert await expire(desk.pool, now=desk.now) == 2


async def test_what_is_let_go_is_looked_at_again_when_it_leaves(desk):
    [one] = await desk.queue(1)
    await hold(desk)
    await desk.pool.execute(
        "insert into opt_out (id, address, channel, how, at) select gen_random_uuid(), address, 'sms', 'desk', $1"
        " from contact_point",
        desk.now,
    )
    async with session_scope(desk.engine) as session:
        assert await held.release(session, one, by=BY, now=desk.now)
    await desk.dispatch()
    assert (await desk.notification(one))["reason"] == "opted_out"


async def test_an_operator_counts_and_decides_at_the_command_line(desk, database_url, monkeypatch, capsys):
    await desk.queue(2)
    await hold(desk, Reason.RESTORE)
    monkeypatch.setenv("DATABASE_URL", database_url)
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)

    async def say(*words: str) -> str:
        await asyncio.to_thread(command.run, parser.parse_args(list(words)))
        return capsys.readouterr().out

    assert "restore      assessment" in await say("held")
    assert await say("drop", "restore") == "2 messages\n"
    assert await say("held") == "nothing is held\n"
