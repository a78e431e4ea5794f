"""The same 300 claims through every kind of source: one ledger, and byte for byte the same page for who waits."""

import csv
import gzip
import io
import random
import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.mapping import load
from backoffice_adapter.settings import FilesConfig, SourceConfig, SqlConfig
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from backoffice_adapter.sync import Plan, sync_once
from claims_core.db import driver_connection, session_scope
from claims_core.tables import Claim
from claims_portal.pages.claim.build import build_claim_page
from claims_portal.pages.speech import Speech
from claims_portal.queries import claim_as_owner
from tests.adapter.fake_rest import SMALL, FakeRest, config_of
from tests.adapter.test_servers import S3, Sftp, moto, s3, sftp  # noqa: F401 - fixtures
from tests.adapter.test_sql import Theirs, theirs  # noqa: F401 - fixtures
from tests.conftest import DIRTY
from tests.portal.portal import portal_settings

# Files were just written: by this clock, long ago.
NOW = datetime(2027, 11, 20, 12, 0, tzinfo=UTC)
MANY = 300
ZONE = ZoneInfo("Europe/Moscow")
NAMES = ("number", "state", "reported", "sum", "name", "phone", "thing")
Opened = tuple[SourceConfig, CaseSource]
Places = dict[str, Any]
Kind = Callable[[Path, list[dict[str, str]], Places], Awaitable[Opened]]
MAPPING = load(SMALL)


def the_claims() -> list[dict[str, str]]:
    """Some of everything that a cell may hold."""
    chance = random.Random(300)
    things = ["Kia Rio", 'Лада "Веста"', "дом, баня; сарай", "two\nlines", "O'Neill & <Sons>", "ЁЖ №5", "   spaces   "]
    found = []
    for number in range(MANY):
        day = datetime(2026, 11, 1, 7, 0, tzinfo=UTC) + timedelta(hours=number)
        values = (
            f"N-{number}", chance.choice(["new", "done"]), day.isoformat(), f"{chance.randrange(10**7)},50",
            chance.choice(["Ирина Петрова", "Oleg O'Kim", "Ё Ъ"]), f"+7916{number:07}", chance.choice(things),
        )  # fmt: skip
        found.append(dict(zip(NAMES, values, strict=True)))
    return found


def as_csv(claims: list[dict[str, str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([NAMES, *(claim.values() for claim in claims)])
    return out.getvalue().encode()


def as_jsonl(claims: list[dict[str, str]]) -> bytes:
    return b"".join(orjson.dumps(claim) + b"\n" for claim in claims)


def as_xes(claims: list[dict[str, str]]) -> bytes:
    def attribute(name: str, value: str) -> str:
        return f"<string key={quoteattr(name)} value={quoteattr(value, {chr(10): '&#10;'})}/>"

    traces = (f"<trace><event>{''.join(attribute(*one) for one in claim.items())}</event></trace>" for claim in claims)
    return f"<log>{''.join(traces)}</log>".encode()


def opened(config: SourceConfig) -> Opened:
    return config, open_source(config, key=MAPPING.key, clock=lambda: NOW)


def files(format_: str, **said: Any) -> FilesConfig:
    usual = {"name": "core", "kind": "files", "mapping": SMALL, "pattern": "1.*", "format": format_, "ref": "number"}
    return FilesConfig(**{**usual, **said})


def in_folder(name: str, format_: str, write: Callable[[list[dict[str, str]]], bytes], **said: Any) -> Kind:
    async def kind(folder: Path, claims: list[dict[str, str]], at: Places) -> Opened:
        content = write(claims)
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return opened(files(format_, folder=folder, **said))

    return kind


def on_server(which: str) -> Kind:
    async def kind(folder: Path, claims: list[dict[str, str]], at: Places) -> Opened:
        server: Sftp | S3 = at[which]
        server.put("1.csv", as_csv(claims))
        return opened(files("csv", **server.said))

    return kind


async def by_interface(folder: Path, claims: list[dict[str, str]], at: Places) -> Opened:
    api = FakeRest()
    api.cases = [{**claim, "changed": "2026-11-19T10:00:00Z"} for claim in claims]
    return config_of("offset", name="core"), api.source("offset", name="core", key=MAPPING.key)


async def by_view(folder: Path, claims: list[dict[str, str]], at: Places) -> Opened:
    database: Theirs = at["theirs"]
    columns = ", ".join(f"{name} text" for name in NAMES)
    await database.say(f"create table texts ({columns}, updated_at timestamptz default now())")
    rows = [tuple(claim.values()) for claim in claims]
    await database.connection.executemany(
        f"insert into texts ({', '.join(NAMES)}) values ($1, $2, $3, $4, $5, $6, $7)", rows
    )
    return opened(view("texts"))


async def by_file_of_sqlite(folder: Path, claims: list[dict[str, str]], at: Places) -> Opened:
    path = folder / "theirs.db"
    monkeypatch: pytest.MonkeyPatch = at["monkeypatch"]
    monkeypatch.setenv("THEIR_DATABASE", f"sqlite:///{path}")
    with sqlite3.connect(path) as lite:
        lite.execute(f"create table texts ({', '.join(NAMES)}, updated_at)")
        rows = [(*claim.values(), f"2026-11-19 10:00:{number % 60:02}") for number, claim in enumerate(claims)]
        lite.executemany(f"insert into texts values ({', '.join('?' * 8)})", rows)
    lite.close()
    return opened(view("texts"))


def view(name: str) -> SqlConfig:
    return SqlConfig(
        name="core", kind="sql", mapping=SMALL, url_env="THEIR_DATABASE", view=name, ref="number",
        updated_at="updated_at", page_size=70,
    )  # fmt: skip


KINDS: dict[str, Kind] = {
    "cells": in_folder("1.csv", "csv", as_csv),
    "packed JSON lines": in_folder("1.jsonl.gz", "jsonl", as_jsonl),
    "an event log": in_folder("1.xes", "xes", as_xes, log={"at": "reported"}),
    "SFTP": on_server("sftp"),
    "S3": on_server("s3"),
    "an interface": by_interface,
    "a view in PostgreSQL": by_view,
    "a view in SQLite": by_file_of_sqlite,
}


async def pages_of(engine: AsyncEngine) -> dict[str, str]:
    """All that the page of each claim may show, in both languages; ids, which no client sees, aside."""
    settings = portal_settings()
    found: dict[str, str] = {}
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        for claim in (await session.exec(select(Claim))).all():
            row = await claim_as_owner(connection, claim.id)
            assert row is not None
            shown = [build_claim_page(row, Speech(language, ZONE, NOW), settings) for language in ("ru", "en")]
            found[claim.claim_number] = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", repr(shown))
    return found


FACTS = """select c.claim_number, e.kind, e.stage, e.situation, c.outcome, e.occurred_at, e.historic, c.approved,
  c.object_label, c.reported_at, p.name from claim c join case_event e on e.claim_id = c.id
  join policyholder p on p.id = c.policyholder_id order by 1, 2, 3"""


async def ledger_of(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(FACTS))]


async def test_the_same_claims_through_every_kind_of_source_are_the_same_to_who_waits(
    engine: AsyncEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sftp: Sftp,  # noqa: F811
    s3: S3,  # noqa: F811
    theirs: Theirs,  # noqa: F811
):
    places = {"sftp": sftp, "s3": s3, "theirs": theirs, "monkeypatch": monkeypatch}
    seen: dict[str, tuple[dict[str, str], list[tuple[Any, ...]]]] = {}
    for name, kind in KINDS.items():
        async with engine.begin() as connection:
            await connection.exec_driver_sql(DIRTY)
        folder = tmp_path / name
        folder.mkdir()
        config, source = await kind(folder, the_claims(), places)
        plan = Plan(engine, config, MAPPING, source, clock=lambda: NOW, settle=timedelta(0))
        summary = await sync_once(plan)
        await source.close()
        assert (name, summary.problem, summary.counts.new) == (name, None, MANY)
        seen[name] = await pages_of(engine), await ledger_of(engine)
    pages, ledger = seen["cells"]
    for name, (their_pages, their_ledger) in seen.items():
        assert their_ledger == ledger, name
        assert their_pages == pages, name
