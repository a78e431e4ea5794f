"""A desk served on this machine, with a few claims on it, for a real browser."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import asyncpg
import uvicorn
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import session_scope
from claims_core.stages import ClaimStage, LineOfBusiness, Situation
from claims_core.tables import Claim
from tests.factories import SOURCE, a_claim, a_document, a_person, a_question, a_snapshot, claim_of, later
from tests.portal.desk import a_staff
from tests.portal.oidc import Liar, offer
from tests.portal.portal import Clock, portal_app
from tests.ports import free_port

DAY = timedelta(days=1)


@asynccontextmanager
async def serving(app: FastAPI, port: int) -> AsyncIterator[None]:
    """The app on 127.0.0.1, in this very loop."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@dataclass(frozen=True)
class Door:
    """Where a desk may be entered: by a password alone, and where the insurer's own sign-in is offered."""

    plain: str
    address: str
    liar: Liar
    now: datetime


@asynccontextmanager
async def a_desk_site(engine: AsyncEngine, pool: asyncpg.Pool, clock: Clock) -> AsyncIterator[str]:
    """The address of a demo's desk whose handler signs in with a password alone."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    app = portal_app(engine, pool, clock, portal_demo=True, portal_public_url=address)
    await a_staff(engine, totp_sealed=None)
    async with serving(app, port):
        yield address


@asynccontextmanager
async def a_door(engine: AsyncEngine, pool: asyncpg.Pool, clock: Clock, plain: str) -> AsyncIterator[Door]:
    """The same desk with the insurer's own sign-in, by a provider that says what it is told."""
    port, liar = free_port(), Liar()
    address = f"http://127.0.0.1:{port}"
    demo = {"portal_demo": True, "portal_public_url": address}
    app = portal_app(engine, pool, clock, **demo)
    offer(app, transport=liar.transport, oidc_break_glass=("handler",), **demo)
    async with serving(app, port):
        yield Door(plain, address, liar, clock.now)


async def some_claims(engine: AsyncEngine, now: datetime) -> Claim:
    """A dozen claims in all states; the one returned has a history, a question, papers to come and two messages."""
    async with session_scope(engine) as session:
        for action in ("approve", "decline", "request_documents", "extend"):
            values = {"source": SOURCE, "action": action}
            insert = text("insert into source_ability values (:source, :action, true)").bindparams(**values)
            await session.exec(insert)
        for number, (stage, situation, days) in enumerate(STAGES):
            names = NAMES[number % len(NAMES)]
            line = list(LineOfBusiness)[number % 5]
            await a_claim(
                session,
                now=now - DAY,
                stage=stage,
                situation=situation,
                reported_at=now - days * DAY,
                line_of_business=line,
                policyholder=a_person(name=names, phones=(f"+7903555{number:04}",)),
            )
    return await _the_claim(engine, now)


async def _the_claim(engine: AsyncEngine, now: datetime) -> Claim:
    began = now - 12 * DAY
    first = a_snapshot(
        claim_number="2041-7785",
        line_of_business=LineOfBusiness.MOTOR,
        product="kasko",
        object_label="Kia Rio",
        loss_date=date(2026, 5, 18),
        reported_at=began,
        policyholder=a_person(name="Ирина Сергеевна Петрова", phones=("+79121234567",)),
        handler_name="Марина Котова",
        team="отдел КАСКО",
    )
    assessed = {"stage": ClaimStage.ASSESSING, "situation": Situation.CALCULATION, "assessed": Decimal("184300")}
    deciding = {"stage": ClaimStage.DECIDING, "situation": Situation.APPROVAL, "documents": (a_document(),)}
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=began, settle=timedelta(0))
        second = later(first, changed_at=now - 3 * DAY, **assessed)
        await ledger.record(session, [second], now=now - 3 * DAY, settle=timedelta(0))
        third = later(second, changed_at=now - timedelta(hours=2), **deciding)
        await ledger.record(session, [third], now=now - timedelta(hours=2), settle=timedelta(0))
        claim = await claim_of(session, first)
        person = {"claim_id": claim.id, "policyholder_id": claim.policyholder_id}
        question = await a_question(session, claim, now=now - 2 * DAY, text="Почему смета ниже, чем на СТО?")
        answered = now - 2 * DAY + timedelta(minutes=98)
        words = "Полировка двери не связана с аварией."
        await ledger.answer_question(session, question.id, answer=words, by="Марина Котова", now=answered)
        own = "А если я не согласна с суммой, можно сделать свою экспертизу?"
        await a_question(session, claim, now=now - timedelta(hours=2, minutes=12), text=own)
        await ledger.record_contact(session, **person, kind="call", now=now - DAY)
    return claim


NAMES = (
    "Дмитрий Александрович Орлов",
    "Анна Ким",
    "Константин Константинович Константинопольский-Задунайский",
    "Ольга Ли",
)
STAGES = (
    (ClaimStage.REGISTERED, Situation.NEW_UNASSIGNED, 1),
    (ClaimStage.CHECKING, Situation.COVER_CHECK, 3),
    (ClaimStage.COLLECTING, Situation.DOCS_NEEDED, 9),
    (ClaimStage.COLLECTING, Situation.INSPECTION_BOOKED, 6),
    (ClaimStage.ASSESSING, Situation.CALCULATION, 14),
    (ClaimStage.ASSESSING, Situation.EXTENDED_CHECK, 18),
    (ClaimStage.DECIDING, Situation.APPROVAL, 12),
    (ClaimStage.COLLECTING, Situation.WAITING_POLICE, 40),
)
