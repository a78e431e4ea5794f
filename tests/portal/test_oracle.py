"""The look-up tells nobody what exists: not by a byte, not by time. The one test that measures time (`settled`, 30)."""

import random
import re
import time

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.stages import ClaimStage, Outcome
from tests.factories import a_person
from tests.portal.people import a_known_claim
from tests.portal.portal import visiting

LEFT = "select count(*), min(tries_left), max(tries_left) from sign_in_code"
TIMES = 1_000
FAIR = (0.47, 0.53)
EXISTS, MISSING = ("2041-7785", "+79121234567"), ("2041-7786", "+79121234568")


async def a_world(engine: AsyncEngine) -> dict[str, tuple[str, str]]:
    """A claim, a closed one, and what somebody types in each of four cases."""
    await a_known_claim(engine, claim_number="2041-7785", policyholder=a_person(phones=("+79121234567",)))
    closed = {"stage": ClaimStage.CLOSED, "outcome": Outcome.APPROVED, "situation": None}
    await a_known_claim(engine, claim_number="2041-7700", policyholder=a_person(phones=("+79121234500",)), **closed)
    return {
        "exists": EXISTS,
        "another phone": ("2041-7785", "+79121230000"),
        "closed": ("2041-7700", "+79121234500"),
        "missing": MISSING,
    }


async def look_up(app: FastAPI, number: str, phone: str, address: str) -> list[httpx.Response]:
    async with visiting(app, address=address) as browser:
        asked = await browser.post("/", data={"number": number, "phone": phone})
        shown = await browser.get("/code")
        wrong = await browser.post("/code", data={"code": "000000"})
    return [asked, shown, wrong]


def masked(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, headers and body, but for the nonce of the challenge."""
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    return answer.status_code, re.sub(r"challenge=[\w-]{22}", "challenge=…", headers), answer.text


async def test_four_cases_differ_in_no_byte(app: FastAPI, engine: AsyncEngine):
    world = await a_world(engine)
    seen = {}
    for place, (case, (number, phone)) in enumerate(world.items()):
        seen[case] = [masked(answer) for answer in await look_up(app, number, phone, f"192.0.{place}.1")]
    assert seen["exists"] == seen["another phone"] == seen["closed"] == seen["missing"]
    async with engine.connect() as connection:
        rows = (
            await connection.execute(text("select count(*), min(tries_left), max(tries_left) from sign_in_code"))
        ).one()
        counted = (await connection.execute(text("select sum(count) from rate_count"))).scalar_one()
    assert tuple(rows) == (4, 4, 4)
    assert counted == 16


def rank_auc(first: list[float], second: list[float]) -> float:
    """How often a random one of `first` took longer than a random one of `second`; 0.5 says nothing."""
    ranked = sorted([(value, 1) for value in first] + [(value, 0) for value in second])
    ranks = sum(place for place, (_, mark) in enumerate(ranked, start=1) if mark)
    return (ranks - len(first) * (len(first) + 1) / 2) / (len(first) * len(second))


async def measured(app: FastAPI, engine: AsyncEngine) -> float:
    """2 × 1,000 look-ups, in random turn, each from a network and with a number of its own."""
    chance = random.Random(2041)
    turns = [True, False] * TIMES
    chance.shuffle(turns)
    took: dict[bool, list[float]] = {True: [], False: []}
    for place, exists in enumerate(turns):
        if place % 3 == 0:
            # The counters are emptied, so that neither case ever meets its limit.
            async with engine.begin() as connection:
                await connection.execute(text("delete from rate_count"))
        number, phone = EXISTS if exists else MISSING
        async with visiting(app, address=f"10.{place % 250}.{place // 250}.1") as browser:
            before = time.perf_counter()
            answer = await browser.post("/", data={"number": number, "phone": phone})
            took[exists].append(time.perf_counter() - before)
        assert answer.status_code == 303
    return rank_auc(took[True], took[False])


@pytest.mark.timeout(300)
async def test_time_does_not_tell_either(app: FastAPI, engine: AsyncEngine):
    await a_world(engine)
    found = await measured(app, engine)
    if not FAIR[0] <= found <= FAIR[1]:
        found = await measured(app, engine)
    assert FAIR[0] <= found <= FAIR[1], found


def test_the_measure_itself_sees_a_difference():
    assert rank_auc([2, 3, 4], [1, 1, 1]) == 1.0
    assert rank_auc([1, 2], [1.5, 1.5]) == 0.5
