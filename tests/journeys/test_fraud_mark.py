"""A mark of suspicion in the source is nowhere to be felt: not in a byte, not in a schedule, not in a time."""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.mapping import parse
from claims_core.db import make_engine, open_pool, session_scope
from claims_core.snapshot import ClaimSnapshot
from claims_core.tables import Claim
from tests.adapter.cases import CLAIM_CENTER, activity, as_record, check, claim_center_case
from tests.conftest import DIRTY
from tests.notifier.living import Living
from tests.notifier.scenes import seen
from tests.portal.links import TOKEN, a_link
from tests.portal.people import signed_in
from tests.portal.portal import Clock, portal_app, visiting

TRANSLATE = parse(CLAIM_CENTER.read_text()).translator(source="claim_center", mapping_version=1)
BEGIN = datetime(2026, 11, 3, 9, tzinfo=UTC)
QUICK = 4
SETTLE = timedelta(minutes=2)
# The paper of what we hold is written from what its JSON holds.
PATHS = ("", "/messages", "/files", "/data", "/data/json")
LANGUAGES = ("ru", "en")
PLANNED = """
select to_jsonb(n)::text from notification n where template <> 'awaiting' or cause_kind <> 'case_event'
  or event_seq is not null order by planned_at, event_seq, template, step, state, reason
"""
FRESHENED = """
insert into source_freshness (source, fresh_at, old_after_seconds) values ('claim_center', $1, 999999999)
on conflict (source) do update set fresh_at = excluded.fresh_at
"""
# What is drawn by lot differs between any two runs: keys, and the link and check word of a text.
DRAWN = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # our ids
    r"|(?<=primer\.exm/)\w{8}|(?<=#)[0-9A-Z-]{4,9}\b"
)

# Where a claim can stand, as the source says it. "review" is the check whose cause nobody may feel.
PLACES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "review": {},
    "calculation": {"activities": [activity("calculation")]},
    "documents": {"activities": [activity("request_documents", ref="cc:a7", subject="A photo")]},
    "approval": {"activities": [activity("approval")]},
    "police": {"activities": [activity("wait_police")]},
    "paid": {"checks": [check("issued")], "extSelfServiceStage_Ext": {"code": "approved"}},
}
HARMLESS = ("quality_check", "missing_facts", "high_amount_review")
MARK = {"siEscalateSIU": {"code": "yes"}, "siScore": 97, "description": "ПОХОЖЕ НА ОБМАН", "fraud": True}


@dataclass(frozen=True)
class Poll:
    """One look at the source: so long after the one before, the claim stands there; `is_marked` in the marked run."""

    minutes: int
    place: str
    is_marked: bool
    harmless: str


def case(poll: Poll, *, marked: bool) -> dict[str, Any]:
    """The case as the source shows it at this look."""
    shown = dict(PLACES[poll.place])
    if poll.place == "review":
        shown["activities"] = [activity("special_review" if marked else poll.harmless, ref="cc:a9")]
    if marked:
        notes = {"notes": [{"body": "ОБМАН", "topic": "siu"}], "reserves": [{"amount": "999999.99"}]}
        shown |= MARK
        return claim_center_case(**shown) | notes
    return claim_center_case(**shown)


def translated(shown: dict[str, Any], *, at: datetime) -> ClaimSnapshot:
    """What our mapping makes of it, changed in the source just now."""
    shot = TRANSLATE(as_record(shown | {"changed": at.isoformat()}), at)
    assert isinstance(shot, ClaimSnapshot), shot
    return shot


def plain(value: object) -> str:
    """As text, with what is drawn by lot taken out."""
    return DRAWN.sub("…", str(value))


def in_order(copy: dict[str, Any]) -> dict[str, Any]:
    """The copy of a person with the rows of each table in an order that no key drawn by lot decides."""
    tables = {name: sorted(map(plain, table["rows"])) for name, table in copy["tables"].items()}
    return copy | {"tables": tables}


def apart(one: str, other: str) -> tuple[str, str]:
    """Two texts from where they part."""
    begun = next((place for place, signs in enumerate(zip(one, other, strict=False)) if len(set(signs)) > 1), 0)
    return one[begun - 60 :][:160], other[begun - 60 :][:160]


class Life:
    """One insurer with one claim: what its policyholder gets to see and to hear, look by look."""

    def __init__(self, engine: AsyncEngine, pool: Any) -> None:
        self.engine, self.pool, self.clock = engine, pool, Clock(BEGIN)
        self.app: FastAPI = portal_app(engine, pool, self.clock)

    async def of(self, polls: list[Poll], *, marked: bool) -> list[str]:
        """All that a client can see of this history, in the order it can be seen."""
        await self.pool.execute(DIRTY)
        self.living, shown, before = Living(self.engine, self.pool, BEGIN), [], None
        for number, poll in enumerate(polls):
            await self._passes(timedelta(minutes=poll.minutes))
            now = case(poll, marked=marked and poll.is_marked)
            if now != before:
                shot = translated(now, at=self.living.now)
                await seen(self.engine, shot, now=self.living.now, settle=SETTLE, first_load=number == 0)
            before = now
            # A complete look at the source, whatever it brought.
            await self.pool.execute(FRESHENED, self.living.now)
            await self._sends()
            shown.append(await self._page(""))
        await self._passes(timedelta(days=8))
        await self._sends()
        pages = [await self._page(path, language) for path in PATHS for language in LANGUAGES]
        return [*shown, *pages, await self._glance(), *await self._books()]

    async def _passes(self, time: timedelta) -> None:
        self.living.now += time
        self.clock.now = self.living.now

    async def _sends(self) -> None:
        await self.living.plan()
        await self.living.beats()
        await self.living.follows_up()
        await self.living.send([])

    async def _claim(self) -> Claim:
        async with session_scope(self.engine) as session:
            return (await session.exec(select(Claim))).one()

    async def _page(self, path: str, language: str = "ru") -> str:
        claim = await self._claim()
        async with signed_in(self.app, claim, headers={"Accept-Language": language}) as browser:
            answer = await browser.get(f"/claim/{claim.id}{path}")
        assert answer.status_code == 200, path
        text = in_order(answer.json()) if path.endswith("json") else answer.text
        return plain(f"{path} {language} {sorted(answer.headers.items())} {text}")

    async def _glance(self) -> str:
        await a_link(self.engine, await self._claim(), now=self.clock.now)
        async with visiting(self.app) as stranger:
            await stranger.get(f"/c/{TOKEN}")
            answer = await stranger.get("/c")
        assert answer.status_code == 200
        return plain(answer.text)

    async def _books(self) -> list[str]:
        planned = [row[0] for row in await self.pool.fetch(PLANNED)]
        taken = [f"{each.at} {each.address} {each.text}" for each in self.living.provider.taken]
        return [plain(each) for each in (*planned, *taken)]


def polls() -> st.SearchStrategy[list[Poll]]:
    """Histories with at least one mark, the claim known from the first look on."""
    poll = st.builds(
        Poll,
        minutes=st.integers(1, 3000),
        place=st.sampled_from(sorted(PLACES)) | st.just("review"),
        is_marked=st.booleans(),
        harmless=st.sampled_from(HARMLESS),
    )
    return st.lists(poll, min_size=2, max_size=6).filter(lambda history: any(each.is_marked for each in history))


@pytest.mark.parametrize("examples", [QUICK, pytest.param(400, marks=pytest.mark.soak)])
def test_a_mark_of_suspicion_changes_nothing_that_a_client_can_see(
    database_url: str, engine: AsyncEngine, examples: int
):
    with asyncio.Runner() as runner:
        own, pool = make_engine(database_url), runner.run(open_pool(database_url, size=4, stateless=True))
        life = Life(own, pool)

        @settings(
            max_examples=examples,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(polls())
        def is_the_same(history: list[Poll]) -> None:
            without = runner.run(life.of(history, marked=False))
            marked = runner.run(life.of(history, marked=True))
            differ = [pair for pair in zip(without, marked, strict=True) if pair[0] != pair[1]]
            assert [apart(*pair) for pair in differ] == []

        try:
            is_the_same()
        finally:
            runner.run(pool.close())
            runner.run(own.dispose())
