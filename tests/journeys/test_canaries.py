"""Two thousand facts about people with unmistakable names, errors included: nothing of it is logged or measured."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from backoffice_adapter.mapping import load
from backoffice_adapter.sync import Plan, sync_once
from claims_core import logs
from claims_core.db import open_pool, session_scope
from claims_core.tables import Claim
from claims_portal.tables import Role
from notifier.held import release_all
from notifier.states import Reason
from tests.adapter.cases import CLAIM_CENTER, NOON, activity
from tests.adapter.fake_claim_center import FakeClaimCenter
from tests.fakes.by_hand import OUTCOMES
from tests.notifier.living import Living
from tests.portal.desk import at_the_desk
from tests.portal.links import TOKEN, a_link
from tests.portal.people import signed_in
from tests.portal.portal import Clock, portal_app, visiting

MAPPING = load(CLAIM_CENTER)
# What is a person's, in every form that could leave: as it is, as bytes, escaped, in capitals.
NAME, MAIL, PLATE, POLICY = "Канарейкина", "kanareika", "К777КК77", "KANAR-POLICY"
CANARIES = re.compile(
    "|".join((NAME, NAME.upper(), NAME.encode().hex(), "u041a\\\\u0430\\\\u043d\\\\u0430\\\\u0440", MAIL, PLATE, POLICY,
              r"7916\d{7}", TOKEN)),
    re.IGNORECASE,
)  # fmt: skip


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Everything that the product logs, as an operator's collector gets it."""
    caught, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.set_up(stream=caught)
    yield caught
    root.handlers[:] = handlers
    root.setLevel(level)


def a_case(number: int, *, broken: bool = False, **more: Any) -> dict[str, Any]:
    """A case whose every corner names the person; a broken one says so where a date should stand."""
    person = {
        "displayName": f"{NAME} {number}", "firstName": NAME, "contactProhibited": False,
        "cellPhone": {"number": f"+7916{number:07}"}, "emailAddress1": f"{MAIL}{number}@example.org",
        "roles": [{"role": {"code": "insured"}}],
    }  # fmt: skip
    wrong = {"reportedDate": f"{NAME} {PLATE}", "lobCode": {"code": NAME}} if broken else {}
    return {"contacts": [person], "policyNumber": POLICY, "description": f"{NAME}, {PLATE}", **wrong, **more}


async def read(engine: AsyncEngine, cc: FakeClaimCenter) -> int:
    """The adapter reads what has changed; how many facts it has recorded."""
    source = cc.source(key=MAPPING.key, page_size=100, composite=True)
    plan = Plan(engine, source.config, MAPPING, source, clock=lambda: NOON, settle=timedelta(0))
    try:
        return (await sync_once(plan)).counts.events
    finally:
        await source.close()


async def visit(app: Any, engine: AsyncEngine, claim: Claim, number: int) -> None:
    """Somebody tries the doors, rightly and wrongly, and asks."""
    await a_link(engine, claim, now=NOON)
    async with visiting(app) as browser:
        for form in ({"number": claim.claim_number, "phone": f"+7916{number:07}"}, {"number": NAME, "phone": MAIL}):
            await browser.post("/", data=form)
        await browser.post("/code", data={"code": "482913"})
        await browser.get(f"/c/{TOKEN}")
        await browser.get(f"/claim/{NAME}?q={MAIL}")
        await browser.post("/ask", data={"number": claim.claim_number, "question": NAME, "name": NAME, "contact": MAIL})
    async with signed_in(app, claim) as browser:
        for path in ("", "/messages", "/files", "/data"):
            await browser.get(f"/claim/{claim.id}{path}")
        await browser.post(f"/claim/{claim.id}/questions", data={"question": f"{NAME} {PLATE}"})
        await browser.post(f"/claim/{claim.id}/files", files={"file": (f"{NAME}.exe", b"MZ" + NAME.encode())})


@pytest.mark.parametrize("facts", [2_000, pytest.param(10_000, marks=pytest.mark.soak)])
async def test_nothing_of_a_person_is_in_a_log_line_or_a_metric(
    database_url: str,
    engine: AsyncEngine,
    lines: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    facts: int,
):
    monkeypatch.setenv("CC_ID", "us")
    monkeypatch.setenv("CC_SECRET", "secret")
    pool = await open_pool(database_url, size=4, stateless=True)
    cc, living = FakeClaimCenter(), Living(engine, pool, NOON)
    for number in range(facts // 2):
        cc.put(f"cc:{number}", **a_case(number))
    recorded = await read(engine, cc)
    for number in range(facts // 2):
        cc.put(f"cc:{number}", **a_case(number, broken=number % 50 == 7, activities=[activity("request_documents")]))
    recorded += await read(engine, cc)
    assert recorded >= facts - facts // 50
    await living.plan()
    async with session_scope(engine) as session:  # so many at once wait for a person
        await release_all(session, Reason.MASS_CHANGE, by="a test", now=NOON)
    for outcome in OUTCOMES * 4:
        await living.send([outcome] * 4)
    await living.follows_up()
    app = portal_app(engine, pool, Clock(NOON))
    async with session_scope(engine) as session:
        claim = (await session.exec(select(Claim).where(Claim.source_ref == "cc:3"))).one()
    await visit(app, engine, claim, 3)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        measured = (await browser.get("/desk/health")).text
    await pool.close()
    said = lines.getvalue()
    assert said
    assert len(living.provider.taken) > 10
    assert "Back offices" in measured
    assert [line for line in (said + measured).splitlines() if CANARIES.search(line)] == []
