"""`claims audit verify` says whether the trail is whole, keeps what it found, and finds a cut end the next time."""

import asyncio
import importlib
import json

import pytest
from sqlalchemy import text
from sqlmodel import col, select

import claims_cli
from claims_core import ledger
from claims_core.db import session_scope
from claims_core.jobs import look_along_the_chain
from claims_core.tables import AuditCheck
from claims_core.ticks import Context
from tests.factories import NOON


@pytest.fixture
async def trail(engine, monkeypatch, database_url):
    """Twelve sealed acts, and the command pointed at them."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    async with session_scope(engine) as session:
        for number in range(12):
            await ledger.audit(session, actor="staff:1", action="tried", subject=f"claim:{number}", detail={}, now=NOON)
        await ledger.seal_audit(session)
    return engine


async def change(engine, statement: str) -> None:
    async with session_scope(engine) as session:
        await session.exec(text(statement))


async def verify(capsys, *words: str) -> tuple[int, dict]:
    code = await asyncio.to_thread(claims_cli.main, ["audit", "verify", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


async def test_a_whole_trail_is_said_to_hold_with_a_head_to_keep(trail, capsys):
    code, said = await verify(capsys)
    assert (code, said["holds"], said["sealed"], said["waiting"], said["missing"]) == (0, True, 12, 0, 0)
    assert await verify(capsys, "--head", said["head"]) == (0, said)
    assert await asyncio.to_thread(claims_cli.main, ["audit", "verify"]) == 0
    assert said["head"] in capsys.readouterr().out
    async with session_scope(trail) as session:
        checks = (await session.exec(select(AuditCheck).order_by(col(AuditCheck.id)))).all()
    assert [(check.sealed, check.broken_at, bool(check.by)) for check in checks] == [(12, None, True)] * 3


async def test_of_no_sealed_entry_there_is_no_head_to_keep(engine, monkeypatch, database_url, capsys):
    monkeypatch.setenv("DATABASE_URL", database_url)
    code, said = await verify(capsys)
    assert (code, said["sealed"], said["head"]) == (0, 0, None)
    assert await asyncio.to_thread(claims_cli.main, ["audit", "verify"]) == 0
    assert capsys.readouterr().out == "no entry is sealed yet\n"


async def test_a_changed_entry_is_named_and_the_command_fails(trail, capsys):
    await change(trail, "update audit_entry set actor = 'staff:2' where place = 7")
    code, said = await verify(capsys)
    assert (code, said["holds"], said["sealed"]) == (1, False, 6)
    assert await asyncio.to_thread(claims_cli.main, ["audit", "verify"]) == 1
    assert f"entry {said['broken_at']} does not follow" in capsys.readouterr().out


async def test_an_end_that_was_cut_off_is_found_by_the_next_look_and_against_a_head_kept_elsewhere(trail, capsys):
    _, whole = await verify(capsys)
    await change(trail, "delete from audit_entry where place > 9")
    code, said = await verify(capsys)
    assert (code, said["sealed"], said["missing"], said["broken_at"]) == (1, 9, 3, None)
    await change(trail, "delete from audit_check")
    assert (await verify(capsys))[0] == 0
    code, said = await verify(capsys, "--head", whole["head"])
    assert (code, said["missing"]) == (1, 3)


async def test_an_end_that_was_unsealed_and_written_anew_is_found(trail, capsys):
    await verify(capsys)
    await change(
        trail, "update audit_entry set actor = 'x', hash = null, prev_hash = null, place = null where place > 10"
    )
    async with session_scope(trail) as session:
        assert await ledger.seal_audit(session) == 2
    code, said = await verify(capsys)
    assert (code, said["sealed"]) == (1, 11)


async def test_a_long_trail_is_walked_a_batch_at_a_time(trail, monkeypatch):
    monkeypatch.setattr(importlib.import_module("claims_core.ledger.audit"), "BATCH", 5)
    walked = []
    async with session_scope(trail) as session:
        assert (await ledger.verify_audit(session, on_batch=walked.append)).sealed == 12
    assert walked == [5, 10, 12]


async def test_each_night_somebody_looks_along_the_chain_and_says_so(trail, caplog):
    context = Context(trail, NOON)
    caplog.set_level("INFO")
    assert await look_along_the_chain(context) == "12 entries hold"
    await change(trail, "delete from audit_entry where place > 9")
    assert await look_along_the_chain(context) == "failed: 3 cut off"
    await change(trail, "update audit_entry set action = 'x' where place = 2")
    assert (await look_along_the_chain(context)).startswith("failed: broken at")
    assert [record.message for record in caplog.records if record.message.startswith("audit")] == [
        "audit_verified",
        "audit_broken",
        "audit_broken",
    ]


@pytest.mark.parametrize("head", ["12", "12:", "0:" + "0" * 64, "12:" + "z" * 64, "9" * 30 + ":" + "0" * 64, "x:y"])
def test_a_head_that_is_none_is_a_usage_error(head, capsys):
    with pytest.raises(SystemExit) as stopped:
        claims_cli.main(["audit", "verify", "--head", head])
    assert stopped.value.code == 2
