"""A page that is opened again: the same as if it were made anew, whatever happened in between, and never another's."""

from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.tables import Claim
from claims_portal.auth.sessions import open_session
from claims_portal.kept_pages import KeptPages, Shown
from claims_portal.pages.claim import route
from tests.factories import a_payment, a_question
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import NOON, Clock, visiting


@pytest.fixture
async def claim(engine: AsyncEngine) -> Claim:
    return await a_known_claim(engine, payments=(a_payment(),))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each claim page that was made."""
    made: list[int] = []
    build = route.build_claim_page

    def counted(*given, **named):
        made.append(1)
        return build(*given, **named)

    monkeypatch.setattr(route, "build_claim_page", counted)
    return made


async def anew(app: FastAPI, browser: httpx.AsyncClient, address: str) -> httpx.Response:
    """What a process that keeps nothing answers at this moment."""
    usual = app.state.portal
    app.state.portal = replace(usual, kept_pages=KeptPages())
    answer = await browser.get(address)
    app.state.portal = usual
    return answer


async def test_a_page_opened_again_is_not_made_again_and_is_a_look_all_the_same(
    app: FastAPI, engine: AsyncEngine, claim: Claim, built: list[int], clock: Clock
):
    async with signed_in(app, claim) as browser:
        first = await browser.get(f"/claim/{claim.id}")
        clock.now += timedelta(seconds=40)
        again = await browser.get(f"/claim/{claim.id}")
        packed = await browser.get(f"/claim/{claim.id}", headers={"Accept-Encoding": "gzip"})
    assert (first.text, dict(first.headers)) == (again.text, dict(again.headers))
    assert again.headers["Cache-Control"] == "no-store"
    assert (packed.headers["Content-Encoding"], packed.text) == ("gzip", first.text)
    assert len(built) == 2, "once as it is and once packed"
    portal = app.state.portal
    await portal.footprints.flush(portal.pool)
    async with engine.connect() as connection:
        looks, seen = (await connection.execute(text("select count(*), max(at) from access_log"))).one()
        used = (await connection.execute(text("select seen_at from portal_session"))).scalar_one()
    assert (looks, seen, used) == (3, clock.now, clock.now), "nobody is idle who reads, and each look is on record"


CHANGES = [
    "update claim set handler_name = 'Олег'",
    "update claim set team = 'Служба выплат'",
    "update claim set approved = 100000, deductible = 5000",
    "update claim set situation = 'payment_returned', mover = 'policyholder'",
    "update claim set object_label = 'Lada'",
    "update payment set account_last4 = '9999', sent_date = sent_date - 1",
    "update promise set due_date = due_date + 1",
    "update contact_point set address = '+79995550011' where kind = 'phone'",
    "update policyholder set time_zone = 'Asia/Vladivostok'",
    "update case_event set occurred_at = occurred_at - interval '3 days'",
    "update question set text = '', taken_by_name = null",
    "delete from payment",
    "update source_freshness set fresh_at = fresh_at - interval '9 days'",
]


async def test_whatever_a_reader_may_see_is_seen_with_the_next_look(
    app: FastAPI, engine: AsyncEngine, claim: Claim, built: list[int], clock: Clock
):
    address = f"/claim/{claim.id}"
    async with session_scope(engine) as session:
        fresh = text(
            "insert into source_freshness (source, fresh_at, old_after_seconds) values (:source, :now, 900)"
            " on conflict (source) do update set fresh_at = excluded.fresh_at"
        )
        await (await session.connection()).execute(fresh, {"source": claim.source, "now": clock.now})
        asked = await a_question(session, claim, now=clock.now)
    async with signed_in(app, claim) as browser:
        before = (await browser.get(address)).text
        for change in CHANGES:
            async with session_scope(engine) as session:
                await (await session.connection()).execute(text(change))
            shown = (await browser.get(address)).text
            assert shown == (await anew(app, browser, address)).text, change
            assert shown != before, f"nothing is seen of: {change}"
            before = shown
        async with session_scope(engine) as session:
            await ledger.answer_question(session, asked.id, answer="Завтра утром.", by="Марина", now=clock.now)
        assert "Завтра утром." in (await browser.get(address)).text
        made = len(built)
        hidden = "update claim set source_hash = 'ff', source_version = 'another', observed_at = observed_at + '1 s'"
        async with session_scope(engine) as session:
            await (await session.connection()).execute(text(hidden))
        await browser.get(address)
    assert len(built) == made, "work behind the scenes is not felt as a slower page"


async def test_each_look_language_and_minute_is_a_page_of_its_own(app: FastAPI, claim: Claim, clock: Clock):
    address = f"/claim/{claim.id}"
    async with signed_in(app, claim) as browser:
        pages = [await browser.get(address)]
        browser.cookies.set("theme", "dark")
        pages.append(await browser.get(address))
        pages.append(await browser.get(f"/en{address}"))
        clock.now += timedelta(minutes=1)
        pages.append(await browser.get(address))
        clock.now += timedelta(days=1)
        late = await anew(app, browser, address)
    assert len({page.text for page in pages}) == 4
    assert all(page.status_code == 200 for page in pages)
    assert late.status_code == 401


async def test_who_may_not_read_on_gets_nothing_that_was_kept(
    app: FastAPI, engine: AsyncEngine, claim: Claim, clock: Clock
):
    other, address = await a_known_claim(engine), f"/claim/{claim.id}"
    async with session_scope(engine) as session:
        named = ledger.Named("Олег", "+79260000009", "page", None, "ru", clock.now + timedelta(days=9))
        one = await ledger.name_representative(session, claim.id, named, by="a test", now=clock.now)
        await ledger.agree_to_represent(session, one, wording="w", now=clock.now)
        set_reader = text("update representative set person_id = :person where id = :id")
        await (await session.connection()).execute(set_reader, {"person": other.policyholder_id, "id": one})
        token = await open_session(session, other.policyholder_id, now=clock.now)
    async with signed_in(app, claim) as owner, visiting(app) as reader:
        reader.cookies.set("__Host-session", token)
        own, theirs = await owner.get(address), await reader.get(address)
        assert (own.status_code, theirs.status_code) == (200, 200)
        assert "/messages" in own.text
        assert "/messages" not in theirs.text, "who represents reads and does nothing"
        async with session_scope(engine) as session:
            await (await session.connection()).execute(text("update representative set ended_at = now()"))
        assert (await reader.get(address)).status_code == 404
        async with session_scope(engine) as session:
            await (await session.connection()).execute(text("delete from portal_session"))
        answers = [await owner.get(address), await reader.get(address)]
    assert [answer.status_code for answer in answers] == [401, 401]
    async with engine.connect() as connection:
        kept = await connection.execute(text("select count(*) from audit_entry where action = 'claim_read'"))
        assert kept.scalar_one() == 1


VIEWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 3)), max_size=40)


@given(VIEWS, st.sampled_from([0, 5_500, 12_000, 1_000_000]))
def test_what_is_kept_is_what_would_be_made_and_never_more_than_is_allowed(views, most):
    pages, minutes = KeptPages(), 0
    for whose, later, read in views:
        minutes += later == 2
        shown = Shown(whose, NOON + timedelta(minutes=minutes), (str(read) * 9,))
        body = f"{whose} {minutes} {read}".encode()
        answer = pages.page(shown, lambda body=body: Response(body, headers={"Vary": "x"}), most=most)
        assert (answer.body, answer.headers["Vary"]) == (body, "x")
        assert pages.bytes <= most


def test_an_operator_may_keep_nothing():
    pages, made = KeptPages(), []

    def make() -> Response:
        made.append(1)
        return Response(b"page")

    for _ in range(2):
        pages.page(Shown("reader", NOON, ()), make, most=0)
    assert (len(made), pages.bytes) == (2, 0)
