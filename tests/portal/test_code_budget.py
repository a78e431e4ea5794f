"""What codes may cost: a flood of look-ups stops at the budget, and who owns a device seen before still gets in."""

import logging
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.tables import ContactPoint
from claims_portal.auth.budget import ENOUGH_CODES, Sent, Unsent, affordable, why_unsent
from claims_portal.auth.sender import TIME_TO_USE
from claims_portal.tables import SignInCode
from tests.factories import a_person
from tests.portal.people import a_known_claim
from tests.portal.portal import Clock, portal_app, visiting
from tests.portal.test_getting_in import a_claim_of_irina, ask, codes_sent

COUNTS = st.integers(0, 500)


@given(here=COUNTS, everywhere=COUNTS, had_time=COUNTS, used=COUNTS, budget=COUNTS, seen=st.booleans())
def test_no_code_leaves_past_the_budget_and_a_device_seen_before_never_fares_worse(
    here, everywhere, had_time, used, budget, seen
):
    sent = Sent(here, everywhere, had_time, used)
    if why_unsent(sent, budget=budget, seen=seen) is None:
        assert everywhere < budget
    if why_unsent(sent, budget=budget, seen=False) is None:
        assert why_unsent(sent, budget=budget, seen=True) is None


@pytest.mark.parametrize(
    ("most", "money", "price", "codes"),
    [
        (200, None, "4.20", 200),
        (200, "420", "4.20", 100),
        (50, "420", "4.20", 50),
        (200, "420", "0", 200),
        (9, "1", "2", 0),
    ],
    ids=["by number", "by money", "the smaller one", "texts that cost nothing", "not one"],
)
def test_the_budget_is_the_smaller_of_number_and_money(most, money, price, codes):
    assert affordable(most=most, money=money and Decimal(money), price=Decimal(price)) == codes


@pytest.mark.parametrize(
    ("had_time", "used", "why"),
    [(ENOUGH_CODES, 9, Unsent.TOO_FEW_USED), (ENOUGH_CODES, 10, None), (ENOUGH_CODES - 1, 0, None)],
)
def test_strangers_get_no_codes_while_hardly_any_is_used_and_known_devices_do(had_time, used, why):
    sent = Sent(0, had_time, had_time, used)
    assert why_unsent(sent, budget=1000, seen=False) is why
    assert why_unsent(sent, budget=1000, seen=True) is None


async def flood(engine: AsyncEngine, clock: Clock, codes: int, *, used: int = 0) -> None:
    """So many codes sent to somebody else a while ago."""
    other = await a_known_claim(engine, policyholder=a_person(phones=("+79990000000",)))
    asked_at = clock.now - TIME_TO_USE
    async with session_scope(engine) as session:
        of_other = col(ContactPoint.policyholder_id) == other.policyholder_id
        contact = (await session.exec(select(ContactPoint.id).where(of_other))).one()
        for n in range(codes):
            session.add(
                SignInCode(
                    challenge_hash=n.to_bytes(32, "big"),
                    contact_point_id=contact,
                    code_hmac=b"\0" * 32,
                    created_at=asked_at,
                    resolved_at=asked_at,
                    expires_at=asked_at + timedelta(minutes=10),
                    used_at=asked_at if n < used else None,
                )
            )


async def test_a_flood_of_unused_codes_stops_new_ones_says_so_and_answers_as_ever(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock, caplog: pytest.LogCaptureFixture
):
    await a_claim_of_irina(engine)
    calm = await ask(browser)
    assert len(await codes_sent(app)) == 1
    await flood(engine, clock, ENOUGH_CODES)
    async with visiting(app) as stranger:
        answer = await ask(stranger)
    assert (answer.status_code, answer.headers["location"]) == (calm.status_code, calm.headers["location"])
    with caplog.at_level(logging.ERROR):
        assert await codes_sent(app) == []
    assert "code_breaker_open" in caplog.messages
    clock.now += timedelta(hours=1)
    async with visiting(app) as later:
        await ask(later)
        assert len(await codes_sent(app)) == 1


async def test_codes_that_are_used_stop_nobody(
    app: FastAPI, engine: AsyncEngine, browser: httpx.AsyncClient, clock: Clock
):
    await a_claim_of_irina(engine)
    await flood(engine, clock, ENOUGH_CODES, used=ENOUGH_CODES // 2)
    await ask(browser)
    assert len(await codes_sent(app)) == 1


async def test_a_budget_in_money_holds_at_the_price_of_a_text(engine: AsyncEngine, pool, clock: Clock, caplog):
    app = portal_app(engine, pool, clock, portal_code_money_per_hour="42")
    await a_claim_of_irina(engine)
    await flood(engine, clock, 8, used=8)
    async with visiting(app) as browser:
        await ask(browser)
    with caplog.at_level(logging.ERROR):
        assert await codes_sent(app) == []
    assert "code_budget_spent" in caplog.messages
