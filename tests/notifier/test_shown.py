"""An operator sees all that there is to say of a message, and puts one aside before it leaves."""

import json
from datetime import timedelta

import pytest
from sqlmodel import col, select

import claims_cli
from claims_core.db import session_scope
from claims_core.errors import BadInput, Conflict, NotFound
from claims_core.snapshot import CaseEventKind
from claims_core.tables import AuditEntry
from notifier import held
from notifier.commands import notifications, shown
from notifier.deciding.rules import SILENT_EVENTS
from tests.factories import NOON, later
from tests.notifier.queue import a_desk
from tests.notifier.scenes import known, planned, seen
from tests.notifier.test_commands import ASSESSING

BY = "operator"


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def look(desk, what: str) -> list[dict]:
    async with session_scope(desk.engine) as session:
        return await shown.shown(session, what, desk.settings, by=BY, now=desk.now)


async def put_aside(desk, what: str, why: str = "a mistake in the text") -> int:
    async with session_scope(desk.engine) as session:
        return await shown.put_aside(session, what, why=why, by=BY, now=desk.now)


async def test_a_message_is_shown_with_its_deliveries_receipts_text_and_cost(desk):
    [one] = await desk.queue(1)
    await desk.dispatch()
    [delivery] = await desk.deliveries()
    await desk.pool.execute(
        "insert into receipt (id, provider, provider_ref, provider_status, delivery_id, received_at)"
        " values (gen_random_uuid(), $1, $2, 'delivered', $3, $4)",
        *(delivery["provider"], delivery["provider_ref"], delivery["id"], desk.now),
    )
    [row] = await look(desk, str(one))
    assert (row["template"], row["state"], row["why"]) == ("assessment", "sent", "accepted")
    [handed] = row["deliveries"]
    assert handed["text"] == delivery["text"]
    assert handed["address"] != delivery["address"]
    assert delivery["address"][-2:] in handed["address"]
    assert [receipt["provider_status"] for receipt in handed["receipts"]] == ["delivered"]
    assert row["cost"] == desk.settings.notifier_sms_price
    lines = "\n".join(shown._lines(row))
    for words in ("assessment about", "attempt 1 to", "text version 0", "receipt", "cost 4.20", f"| {handed['text']}"):
        assert words in lines
    assert await look(desk, row["claim"]) == [row]
    with pytest.raises(NotFound):
        await look(desk, "no-such-claim")
    async with session_scope(desk.engine) as session:
        acts = (
            await session.exec(
                select(AuditEntry.actor, AuditEntry.action, AuditEntry.detail).order_by(col(AuditEntry.seq))
            )
        ).all()
    assert acts == [(BY, "notifications_shown", {"messages": 1})] * 2


async def test_a_code_is_never_shown(desk):
    await desk.queue(1)
    code = await desk.code("482913")
    await desk.dispatch()
    [row] = await look(desk, str(code))
    assert "482913" not in json.dumps(row, default=str)


async def test_what_has_not_left_is_put_aside_with_a_reason_and_goes_when_it_is_let_go(desk):
    [first, second] = await desk.queue(2)
    code = await desk.code()
    assert await put_aside(desk, str(first)) == 1
    for what, problem in ((str(first), Conflict), (str(code), Conflict), ("none", NotFound)):
        with pytest.raises(problem):
            await put_aside(desk, what)
    with pytest.raises(BadInput, match="--why is empty"):
        await put_aside(desk, str(second), why=" ")
    await desk.dispatch()
    assert [(await desk.notification(each))["state"] for each in (first, second, code)] == ["held", "sent", "sent"]
    assert (await desk.notification(first))["reason"] == "by_hand"
    async with session_scope(desk.engine) as session:
        assert await notifications._decided(session, "release", str(first)) == 1
        with pytest.raises(Conflict, match="is not held"):
            await notifications._decided(session, "drop", str(first))
        with pytest.raises(BadInput, match="neither a notification's id nor one of"):
            await notifications._decided(session, "drop", "backlogs")
    desk.later(seconds=5)
    await desk.dispatch()
    assert (await desk.notification(first))["state"] == "sent"
    async with session_scope(desk.engine) as session:
        acts = (await session.exec(select(AuditEntry).order_by(AuditEntry.seq))).all()
    assert [(one.action, one.detail.get("why")) for one in acts] == [
        ("message_held", "a mistake in the text"),
        ("message_released", None),
    ]


async def test_all_of_a_claim_is_put_aside_at_once(desk):
    await desk.queue(2)
    number = await desk.pool.fetchval("select claim_number from claim order by id limit 1")
    assert await put_aside(desk, number) == 1
    async with session_scope(desk.engine) as session:
        assert [row.reason for row in await held.what_is_held(session)] == ["by_hand"]


async def test_every_kind_of_fact_has_an_answer_to_why_nothing_was_heard(engine):
    """Whatever happened to a claim, `why` says of each fact that it was told, or the one reason why not."""
    first = await known(engine, claim_number="2041-7785")
    await seen(engine, later(first, **ASSESSING, handler_name="Пётр Ильин"))
    async with session_scope(engine) as session:
        [told] = [row for row in await notifications.account_of(session, "2041-7785") if row["what"] == "stage_changed"]
        assert told["why"] == "not_decided_yet"
        known_kinds = {row["what"] for row in await notifications.account_of(session, "2041-7785")}
    await planned(engine)
    for kind in set(CaseEventKind) - known_kinds:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(
                "insert into case_event (id, claim_id, kind, fact_key, stage, page_state, detail, occurred_at,"
                " tell_after, recorded_at, historic) select gen_random_uuid(), claim_id, $1, $2, stage, page_state,"
                " '{}', occurred_at, tell_after, recorded_at, false from case_event where kind = 'stage_changed'",
                (kind.value, kind.value),
            )
    await planned(engine, now=NOON + timedelta(minutes=1))
    async with session_scope(engine) as session:
        rows = await notifications.account_of(session, "2041-7785")
    assert {row["what"] for row in rows if row["about"] == "fact"} == set(CaseEventKind)
    assert all(row["why"] for row in rows)
    assert {row["what"] for row in rows if row["why"] == "silent_on_purpose"} >= SILENT_EVENTS
    assert "not_decided_yet" not in {row["why"] for row in rows}


def test_it_works_from_the_command_line(engine, database_url, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("PORTAL_PUBLIC_URL", "https://claims.example")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "k" * 32)
    assert claims_cli.main(["notifications", "show", "0000"]) == 1
    assert "there is no claim 0000, and it is no notification's id" in capsys.readouterr().err
    assert claims_cli.main(["notifications", "hold", "0000", "--why", "x"]) == 1
    assert claims_cli.main(["notifications", "release", "by_hand"]) == 0
    assert claims_cli.main(["notifications", "release", "nothing"]) == 1
