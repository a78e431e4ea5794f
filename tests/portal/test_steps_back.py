"""What a claim page says when things went another way: a step back, a sum that was left out, a name that may be old."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.stages import ClaimStage, Situation
from tests.factories import a_document, a_snapshot, claim_of, later
from tests.portal.people import signed_in
from tests.portal.states import MONEY, a_claim_in

DAY = timedelta(days=1)
BACK = {
    Situation.DOCS_NEEDED: (ClaimStage.COLLECTING, "Documents received", "a document is still missing"),
    Situation.CALCULATION: (ClaimStage.ASSESSING, "Damage assessed", "we count the sum again"),
    Situation.WAITING_POLICE: (ClaimStage.ASSESSING, "Damage assessed", "we wait for police or court papers"),
    Situation.COVER_CHECK: (ClaimStage.CHECKING, "Documents received", "something has to be looked at once more"),
}


async def page_of(app, claim, language="en") -> str:
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/{language}/claim/{claim.id}")).text
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


async def lived(engine, now, *moves):
    """A claim that was decided on and paid for step by step: each move is the days ago and what changed."""
    first = a_snapshot(reported_at=now - 20 * DAY)
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=now - 20 * DAY, settle=timedelta(0))
        for days, changes in moves:
            first = later(first, **changes)
            await ledger.record(session, [first], now=now - days * DAY, settle=timedelta(0))
        return await claim_of(session, first)


DECIDING = {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL}


@pytest.mark.parametrize("situation", BACK)
async def test_a_claim_that_went_back_says_when_from_where_and_why(app, engine, clock, situation):
    stage, _, why = BACK[situation]
    papers = (a_document(),) if situation is Situation.DOCS_NEEDED else ()
    back = {"stage": stage, "situation": situation, "documents": papers}
    claim = await lived(engine, clock.now, (8, DECIDING), (3, back))
    page = await page_of(app, claim)
    assert f"On 29 May it went back from “Decision”: {why}" in page
    assert "Decision Was reached on 24 May, comes again" in page
    assert page.count("Damage assessed Was reached on 24 May, comes again") == (stage is not ClaimStage.ASSESSING)
    russian = await page_of(app, claim, "ru")
    assert "29 мая дело вернулось с этапа «Решение»: " in russian
    assert "Уже было 24 мая, повторим" in russian


async def test_a_claim_that_came_forward_again_speaks_of_no_step_back(app, engine, clock):
    back = {"stage": ClaimStage.COLLECTING, "situation": Situation.DOCS_NEEDED, "documents": (a_document(),)}
    claim = await lived(engine, clock.now, (8, DECIDING), (5, back), (2, DECIDING | {"documents": ()}))
    page = await page_of(app, claim)
    assert "went back" not in page
    assert "comes again" not in page


async def test_what_was_left_out_of_the_payment_has_its_reason_beside_it(app, engine, clock):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "partly", now=clock.now)
    page = await page_of(app, claim, "ru")
    assert "Не вошло в выплату − 24 300 ₽ Полис не покрывает шины, если другие части машины целы." in page


async def test_what_was_left_out_without_a_reason_says_where_to_ask(app, engine, clock):
    less = {"stage": ClaimStage.FULFILLING, "situation": Situation.PAYMENT_PREPARED, "outcome": "approved"}
    claim = await lived(engine, clock.now, (2, DECIDING | MONEY), (1, less | {"approved": 150_000}))
    page = await page_of(app, claim)
    assert "24,300 ₽ The reason is in our decision. If you do not have it, ask us below." in page


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_an_old_name_is_not_shown_the_team_is(app, engine, clock, language):
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
    assert "Марина Орлова" in await page_of(app, claim, language)
    old = text(
        "insert into source_freshness (source, fresh_at, old_after_seconds) values (:source, :at, 3600)"
        " on conflict (source) do update set fresh_at = :at, old_after_seconds = 3600"
    )
    async with session_scope(engine) as session:
        await session.exec(old.bindparams(source=claim.source, at=clock.now - 2 * timedelta(hours=1)))
    page = await page_of(app, claim, language)
    assert "Марина Орлова" not in page
    assert "Отдел выплат" in page
