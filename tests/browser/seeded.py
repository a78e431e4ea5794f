"""A portal on real sockets with a claim in every page state, for Chromium to visit; in this process, in a thread."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core import ledger
from claims_core.db import make_engine, open_pool, session_scope
from claims_core.tables import Claim, Representative
from claims_portal.auth.devices import remember_device
from claims_portal.auth.sessions import open_session
from claims_portal.deps import Portal
from claims_portal.tables import RequestKind, UnprovenRequest, Upload, UploadState
from claims_portal.uploads.unfit import Unfit
from notifier.channels.base import hash_of_token
from notifier.states import CauseKind, ChannelName, DeliveryState, Importance, NotificationState
from notifier.tables import Delivery, Notification, Survey
from sandbox.telegram import Bot
from tests.factories import a_person, a_question, events_of
from tests.pilots import a_pilot
from tests.portal.counted import figure
from tests.portal.desk import a_staff
from tests.portal.links import handed_over
from tests.portal.portal import SECRET, Clock, portal_app
from tests.portal.states import LIFE, NAMES, a_claim_in

# A Monday, 10:24 in Moscow.
NOW = datetime(2026, 6, 1, 7, 24, tzinfo=UTC)
LINK = "k7Q2mX9d"
LETTER = "bGV0dGVyIG9mIHRoZSB0ZQ"  # the token of a letter
PHONE = "+79121234567"
RECEIPT = UUID("00000000-0000-4000-8000-000000002041")  # of a question without a proof


@dataclass(frozen=True)
class Seeded:
    """Where the portal and its database are, the claim of each state, and two sessions of their owner."""

    url: str
    database: str
    claims: dict[str, Claim]
    session: str
    spare: str
    reads: str  # of somebody who was named to read one of the claims, and has not agreed yet


async def seed(engine: AsyncEngine) -> tuple[dict[str, Claim], str, str, str]:
    """A claim in every state, their owner's session, messages with their receipts, questions, a pilot, a link."""
    claims: dict[str, Claim] = {}
    async with session_scope(engine) as session:
        await a_pilot(session, name="often", starts_at=NOW - timedelta(days=1), ends_at=NOW + timedelta(days=90))
        irina = a_person(phones=(PHONE,))
        for name in NAMES:
            claims[name] = await a_claim_in(session, name, now=NOW, policyholder=irina)
        claims["life"] = await a_claim_in(session, "assessment", now=NOW, policyholder=irina, **LIFE)
        for claim in claims.values():
            await _told(session, claim)
        owner = claims["life"].policyholder_id
        token, spare = [await open_session(session, owner, now=NOW) for _ in range(2)]
        await _lived_in(session, claims["awaiting"])
        for name, kind in (("paid", "clear"), ("closed_other", "nps")):
            if name in claims:
                asked = {"claim_id": claims[name].id, "recipient_id": claims[name].policyholder_id}
                session.add(Survey(kind=kind, ask_at=NOW, **asked))
        session.add(_unproven())
        session.add_all(_sent(claims["docs_needed"]))
        session.add_all([figure("motor"), figure("motor", period="before"), figure("travel", numbers={"few": True})])
        reads = await _a_reader(session, claims["awaiting"])
    return claims, token, spare, reads


async def _a_reader(session, claim: Claim) -> str:
    named = ledger.Named("Олег Адвокатов", "+79260000009", "page", None, "ru", NOW + timedelta(days=9))
    one = await ledger.name_representative(session, claim.id, named, by="seed", now=NOW)
    return await open_session(session, (await session.get_one(Representative, one)).person_id, now=NOW)


def _unproven() -> UnprovenRequest:
    asked = {"asked_numbers": ["2041-7785"], "contact": "+79260000000", "text": "Когда выплата? У меня новый номер."}
    times = {"created_at": NOW, "due_at": NOW + timedelta(hours=8)}
    return UnprovenRequest(id=RECEIPT, reference="4821093712", kind=RequestKind.QUESTION, **asked, **times)


async def _told(session, claim: Claim) -> None:
    for place, event in enumerate(await events_of(session, claim)):
        told = Notification(
            cause_kind=CauseKind.CASE_EVENT,
            cause_id=event.id,
            template="awaiting",
            recipient_id=claim.policyholder_id,
            claim_id=claim.id,
            importance=Importance.PROGRESS,
            channel=ChannelName.SMS,
            state=NotificationState.SETTLED,
            planned_at=event.recorded_at,
            not_before=event.recorded_at,
            send_by=event.recorded_at + timedelta(days=1),
            finished_at=event.recorded_at,
        )
        session.add(told)
        await session.flush()
        state = DeliveryState.DELIVERED if place else DeliveryState.UNDELIVERED
        session.add(
            Delivery(
                notification_id=told.id,
                attempt=1,
                token_hash=told.id.bytes,
                channel=ChannelName.SMS,
                provider="twilio",
                address=PHONE,
                text="…",
                state=state,
                worker="seed",
                started_at=event.recorded_at,
                send_by=event.recorded_at,
            )
        )


def _sent(claim: Claim) -> list[Upload]:
    """A file in every state, and a paper."""
    states = [("IMG_2041.HEIC", state) for state in UploadState] + [("Справка из ГИБДД", UploadState.ACCEPTED)]
    return [
        Upload(
            claim_id=claim.id,
            policyholder_id=claim.policyholder_id,
            receipt=f"48217730{1100 + place}",
            stored_as=None if state is UploadState.ACCEPTED and place > 3 else f"kept-{place}",
            file_name=name,
            about="Фото свидетельства о регистрации" if place == 1 else None,
            size=2_300_000,
            state=state,
            why=Unfit.UNCLEAR if state is UploadState.UNREADABLE else None,
            why_text="номер в тени" if state is UploadState.UNREADABLE else None,
            created_at=NOW - timedelta(minutes=place),
            finished_at=NOW - timedelta(minutes=place),
            taken_at=NOW,  # somebody is opening it, and goes on doing so
        )
        for place, (name, state) in enumerate(states)
    ]


async def _lived_in(session, claim: Claim) -> None:
    words = "Смета меньше, чем мне сказали на СТО. Почему?"
    asked = await a_question(session, claim, now=NOW - timedelta(days=2), text=words)
    answer = "В смету СТО вошла полировка левой двери. Она не связана с аварией, поэтому мы её не считали."
    await ledger.answer_question(session, asked.id, answer=answer, by="Марина Орлова", now=NOW - timedelta(days=2))
    await remember_device(session, claim.policyholder_id, agent="Mozilla/5.0 (Linux; Android 15) Chrome/140", now=NOW)
    event = (await events_of(session, claim))[0]
    told = Notification(
        cause_kind=CauseKind.SILENCE_SLOT,
        cause_id=event.id,
        template="heartbeat",
        recipient_id=claim.policyholder_id,
        claim_id=claim.id,
        importance=Importance.HEARTBEAT,
        channel=ChannelName.SMS,
        state=NotificationState.SENT,
        not_before=NOW,
        send_by=NOW,
    )
    session.add(told)
    await session.flush()
    session.add(handed_over(told, LINK, key=SECRET, now=NOW))
    letter = handed_over(told, "k7Q2mX9e", key=SECRET, now=NOW)
    letter.attempt, letter.token_hash = 2, hash_of_token(LETTER)
    letter.channel, letter.provider, letter.address = ChannelName.EMAIL, "smtp", "irina@mail.example"
    session.add(letter)


@asynccontextmanager
async def opened(database_url: str, url: str) -> AsyncIterator[tuple[FastAPI, dict[str, Claim], str, str, str]]:
    """The seeded application on `database_url`, as it is reached at `url`."""
    engine = make_engine(database_url)
    pool = await open_pool(database_url, size=4, stateless=True)
    claims, *tokens = await seed(engine)
    await a_staff(engine, totp_sealed=None)
    told = {"portal_public_url": url, "portal_demo": True, "portal_reads_per_session": 100_000}
    app = portal_app(engine, pool, Clock(NOW), bot=Bot(), **told)
    portal: Portal = app.state.portal
    assert portal.settings.portal_demo
    try:
        yield app, claims, *tokens
    finally:
        await pool.close()
        await engine.dispose()


@contextmanager
def serving(database_url: str) -> Iterator[Seeded]:
    """The seeded portal behind a port of its own, until the block ends."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    ready: list[Seeded] = []
    up, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with opened(database_url, url) as (app, claims, *tokens):
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
            running = asyncio.create_task(server.serve(sockets=[listener]))
            ready.append(Seeded(url, database_url, claims, *tokens))
            up.set()
            while not stop.is_set() and not running.done():
                await asyncio.sleep(0.05)
            server.should_exit = True
            await running

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        assert up.wait(60), "the portal did not start"
        yield ready[0]
    finally:
        stop.set()
        thread.join(20)
        listener.close()
