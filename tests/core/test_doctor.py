"""`claims doctor` tries everything and says what is wrong; it never stops at the first fault."""

import argparse
import asyncio
import importlib

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import findings
from claims_core.commands import doctor
from claims_core.errors import Misconfigured


async def test_an_attempt_that_fails_is_a_sentence():
    async def bad() -> str:
        raise Misconfigured("set X")

    async def late() -> str:
        raise TimeoutError

    assert await findings.finding("x", bad()) == findings.Finding("x", False, "set X")
    assert (await findings.finding("x", late())).text == "no answer in time"


def test_every_probe_is_there_to_be_called():
    assert all(callable(importlib.import_module(name).probe) for name in doctor.PROBES)


def test_all_is_tried_and_each_fault_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert doctor.run(argparse.Namespace()) == 1
    said = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("ok ", "BAD")) for line in said)
    assert any("database" in line and "mend DATABASE_URL" in line for line in said)
    assert any("BACKOFFICE_CONFIG" in line for line in said)
    assert any("PORTAL_SECRET_KEY" in line for line in said)


def test_a_good_database_is_said_to_be_good(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    doctor.run(argparse.Namespace())
    assert "ok   database" in capsys.readouterr().out


async def test_a_database_older_than_the_code_is_a_sentence_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database_url: str, engine: AsyncEngine
):
    monkeypatch.setenv("DATABASE_URL", database_url)
    older = "alter table installation rename column {} to {}"
    async with engine.begin() as connection:
        await connection.exec_driver_sql(older.format("place", "was"))
    try:
        assert await asyncio.to_thread(doctor.run, argparse.Namespace()) == 1
    finally:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(older.format("was", "place"))
    said = capsys.readouterr().out.splitlines()
    (whole,) = [line for line in said if line.startswith("BAD  installation")]
    assert "not as this version expects it" in whole
    assert "claims db upgrade" in whole
    assert any("the table installation differs from the code" in line for line in said)
