"""The same claims through every kind of source of the sandbox: one ledger, and to the byte the same to who waits.

60 claims and a page for each page state in `make test`; in `make soak` 300 and every page.
"""

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from difflib import unified_diff
from pathlib import Path

import asyncpg
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.mapping import Mapping, load
from backoffice_adapter.settings import ClaimCenterConfig, SourceConfig, read_config
from backoffice_adapter.source import CaseSource
from backoffice_adapter.sources import open_source
from backoffice_adapter.sources.claim_center import ClaimCenter
from backoffice_adapter.sync import Ear, Plan, sync_once, version_of, work_off
from backoffice_adapter.tables import SourceNotice
from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.tables import CaseEvent, Claim
from claims_portal.settings import PortalSettings
from notifier.foretelling import foretell
from sandbox.claim_center.events import claim_event
from sandbox.sources.afternoon import write_down
from sandbox.sources.kind import Kind
from sandbox.sources.office import Office, a_story
from sandbox.sources.opening import Surface, every_kind
from tests.adapter.cases import ROOT
from tests.portal.conftest import pool  # noqa: F401 - a fixture
from tests.portal.people import signed_in
from tests.portal.portal import Clock, notifier_settings, portal_app, portal_settings

PUSHED = "pushed"
# The ClaimCenter once more: read by many at a time, and then heard.
TOO = {"name": PUSHED, "composite": True}
SIZES = [pytest.param(60, False, id="60"), pytest.param(300, True, id="300", marks=pytest.mark.soak)]
# What is ours and new with every load, and what is the source's own: no client sees it.
ASIDE = "{id,seq,claim_id,policyholder_id,person_id,run_id,source,source_version,source_hash,mapping_version,part_of}"
OF_A_CLAIM = ("case_event", "payment", "document_request", "promise", "pause", "claim_number")
LEDGER = f"""
select 'claim', c.claim_number, (to_jsonb(c) - '{ASIDE}'::text[])::text from claim c where c.source = :source
union all select 'policyholder', p.source_ref, (to_jsonb(p) - '{ASIDE}'::text[])::text from policyholder p
  where p.source = :source
union all select 'contact_point', p.source_ref, (to_jsonb(o) - '{ASIDE}'::text[])::text from contact_point o
  join policyholder p on p.id = o.policyholder_id where p.source = :source
""" + "".join(
    f"union all select '{table}', c.claim_number, (to_jsonb(t) - '{ASIDE}'::text[])::text from {table} t "
    "join claim c on c.id = t.claim_id where c.source = :source\n"
    for table in OF_A_CLAIM
)
# Ids are chance, in a page as in the database; so is the word that lets the page's own style through.
CHANCE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|nonce-?=?\"?[\w-]+")
# Some of everything that a cell may hold.
THINGS = (
    "Kia Rio",
    'Лада "Веста"',
    "дом, баня; сарай",
    "two\nlines",
    "O'Neill & <Sons>",
    "ЁЖ №5",
    "   spaces   ",
    "{}[],",
)
NUMBERS = re.compile(r"\d[\d,]*")
Opened = tuple[SourceConfig, Mapping, CaseSource]


@pytest.fixture
async def core_url(server_url: str) -> AsyncIterator[str]:
    """An empty database beside ours, for the core system."""
    name = f"claims_test_core_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f'create database "{name}"')
    yield make_url(server_url).set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    await admin.execute(f'drop database "{name}" with (force)')
    await admin.close()


@asynccontextmanager
async def described(
    home: Path, kinds: list[Kind], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[Opened]]:
    """Every kind as its file of sources describes it; the ClaimCenter twice, for once it is to tell us by itself."""
    write_down(home, kinds, {kind.described.name: "" for kind in kinds})
    opened: list[Opened] = []
    for kind in (kind.described for kind in kinds):
        for variable, word in kind.secrets.items():
            monkeypatch.setenv(variable, word)
        (config,) = read_config(home / f"{kind.name}.toml")
        for one in (config, config.model_copy(update=TOO)) if isinstance(config, ClaimCenterConfig) else (config,):
            mapping = load(one.mapping)
            opened.append((one, mapping, open_source(one, key=mapping.key, clock=clock)))
    yield opened
    for _, _, source in opened:
        await source.close()


async def must_be_in_the_guide(sources: list[Opened]) -> None:
    """What `claims doctor` says of each kind stands in `docs/back-offices.md`, numbers aside."""
    guide = NUMBERS.sub("0", re.sub(r" {2,}", " ", (ROOT / "docs" / "back-offices.md").read_text()))
    for config, _, source in sources:
        said = NUMBERS.sub("0", f"ok source {config.name} {await source.look()}")
        assert config.name == PUSHED or said in guide


async def read(engine: AsyncEngine, clock: Clock, opened: Opened, office: Office) -> int:
    """What is new, by a run; where the source tells us by itself, by what it posted, and then by a run all the same."""
    config, mapping, source = opened
    known = await rows(engine, "select count(*) from claim where source = :source", config.name)
    heard = await hear(engine, clock, opened, office) if config.name == PUSHED and known != [(0,)] else 0
    plan = Plan(engine, config.model_copy(update={"most_moved": 1}), mapping, source, clock=clock, settle=timedelta(0))
    summary = await sync_once(plan)
    assert (config.name, summary.problem, summary.counts.rejected) == (config.name, None, 0)
    assert not heard or summary.counts.events == 0, "what was heard is no news when it is read"
    return heard or summary.counts.new + summary.counts.changed


async def hear(engine: AsyncEngine, clock: Clock, opened: Opened, office: Office) -> int:
    config, mapping, source = opened
    assert isinstance(source, ClaimCenter)
    async with session_scope(engine) as session:
        for case in office.story.records.cases.values():
            body = orjson.dumps(claim_event(case))
            session.add(SourceNotice(source=config.name, body=body, received_at=clock()))
            await session.flush()
    version = await version_of(engine, config.name, mapping, now=clock())
    translate = mapping.translator(source=config.name, mapping_version=version)
    done = await work_off(Ear(engine, source, source, translate, version, clock, timedelta(0), share=1))
    return done.new + done.changed


async def rows(engine: AsyncEngine, query: str, source: str) -> list[tuple[object, ...]]:
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), {"source": source})]


async def pages_of(app: FastAPI, engine: AsyncEngine, source: str, *, every: bool) -> dict[str, str]:
    """The claim pages as their owners see them, in both languages: all of them, or one for each page state."""
    async with session_scope(engine) as session:
        found = (await session.exec(select(Claim).where(Claim.source == source).order_by(Claim.source_ref))).all()
    chosen = found if every else list({claim.page_state: claim for claim in found}.values())
    pages: dict[str, str] = {}
    for claim in chosen:
        async with signed_in(app, claim) as browser:
            for language in ("ru", "en"):
                answer = await browser.get(f"/{language}/claim/{claim.id}")
                assert answer.status_code == 200
                # Each claimant's side has the number of the claim that it is part of.
                pages[f"{claim.source_ref} {language}"] = CHANCE.sub("-", answer.text)
    return pages


def differing(pages: dict[str, str], others: dict[str, str]) -> dict[str, list[str]]:
    """The lines in which a page is another one, by page."""
    assert pages.keys() == others.keys()
    return {
        name: list(unified_diff(page.splitlines(), others[name].splitlines(), n=0, lineterm=""))
        for name, page in pages.items()
        if page != others[name]
    }


async def texts_of(engine: AsyncEngine, clock: Clock, source: str, settings: PortalSettings) -> list[str]:
    """What would be told of all that is no history, in the words that go out."""
    news = (
        select(CaseEvent.id)
        .join(Claim, CaseEvent.claim_id == Claim.id)
        .where(Claim.source == source, ~CaseEvent.historic)
        .order_by(CaseEvent.seq)
    )
    async with session_scope(engine) as session:
        ids = list((await session.exec(news)).all())
        foretold = await foretell(session, ids, settings=notifier_settings(settings), now=clock())
    return sorted(f"{one.claim_number} {one.template} {one.channel}: {one.text} ({one.reason})" for one in foretold)


@pytest.mark.parametrize(("many", "every"), SIZES)
async def test_the_same_claims_through_every_kind_of_source_are_the_same_to_who_waits(
    engine: AsyncEngine,
    pool: asyncpg.Pool,  # noqa: F811
    core_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    many: int,
    every: bool,
):
    clock = Clock(utc_now().replace(microsecond=0))
    story, settings = a_story(clock, claims=many), portal_settings()
    app = portal_app(engine, pool, clock)
    for case, thing in zip(story.records.cases.values(), THINGS, strict=False):
        case.parts["exposures"][0]["vehicleIncident"] = {"displayName": thing}
    async with every_kind(Surface(tmp_path, core_url, "http://127.0.0.1:1"), story.records) as (kinds, missing):
        assert not missing
        office = Office(story, kinds)
        async with described(tmp_path, kinds, clock, monkeypatch) as sources:
            await office.show()
            await must_be_in_the_guide(sources)
            clock.now += timedelta(minutes=1)
            for one in sources:
                assert (one[0].name, await read(engine, clock, one, office)) == (one[0].name, many)
            clock.now += timedelta(minutes=10)
            moved = set(office.move(many // 6)) - {None}
            await office.show()
            clock.now += timedelta(minutes=1)
            for one in sources:
                assert (one[0].name, await read(engine, clock, one, office)) == (one[0].name, len(moved))
            names = [config.name for config, _, _ in sources]
    assert len(names) == 9
    first, *others = names
    ledger, pages = sorted(await rows(engine, LEDGER, first)), await pages_of(app, engine, first, every=every)
    texts = await texts_of(engine, clock, first, settings)
    assert len(texts) > many / 12
    for name in others:
        assert sorted(await rows(engine, LEDGER, name)) == ledger, name
        assert await texts_of(engine, clock, name, settings) == texts, name
        assert differing(pages, await pages_of(app, engine, name, every=every)) == {}, name
