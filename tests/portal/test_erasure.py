"""A person is erased by two of the desk: nothing of theirs is left but what the law keeps, and nothing returns."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlmodel import SQLModel, select

from backoffice_adapter.sync.book import forget_erased
from backoffice_adapter.tables import RejectedCase
from claims_core import ledger
from claims_core.db import Table, session_scope
from claims_core.snapshot import DocumentState
from claims_core.tables import (
    AuditEntry,
    ChangeAction,
    ChangeRequest,
    Claim,
    ClaimNumber,
    Erasure,
    Policyholder,
    QuestionCategory,
)
from claims_portal.auth.sessions import open_session
from claims_portal.tables import PhoneCall, RequestKind, Role, SignInCode, UnprovenRequest, Upload, UploadState
from claims_portal.uploads.storage import place_of, write_piece
from notifier.states import (
    CauseKind,
    ChannelName,
    DeliveryState,
    Importance,
    NotificationState,
    Reason,
)
from notifier.tables import (
    AddressNote,
    Chat,
    Delivery,
    Inbound,
    Notification,
    OptOut,
    Receipt,
    Survey,
    SurveyAnswer,
)
from tests.factories import a_claimant, a_document, a_payment, a_person, a_snapshot, claim_of, later
from tests.portal.desk import at_the_desk
from tests.portal.people import signed_in
from tests.portal.portal import FILES
from tests.portal.states import a_claim_in, states_on

# Each of these is a person's; the last two are what the law keeps, and are written nowhere else.
CANARY, PHONE, MAIL, CHAT = "Канарейка", "79160007777", "canary@example.org", "chat-canary-7"
KEPT = "КЕНАР-ЖАЛОБА"
STAFF = "staff:00000000-0000-7000-8000-000000000001"
PERSON = {"name": f"Ирина {CANARY}", "given_name": CANARY, "phones": ("+" + PHONE,), "email": MAIL}


async def a_life(session, clock, *, closed: bool = True):
    """A claim in whose every corner the person is named."""
    now, person = clock.now, a_person(**PERSON)
    named = {
        "policy_number": f"POL-{CANARY}", "object_label": f"Kia, {CANARY}", "inspection_place": f"ул. {CANARY}",
        "policyholder": person, "claim_number": "CANARY-1",
    }  # fmt: skip
    first = a_snapshot(reported_at=now - timedelta(days=12), documents_complete_at=now - timedelta(days=12), **named)
    await ledger.record(session, [first], now=now - timedelta(days=12), settle=timedelta(0))
    paper = a_document(title_ru=CANARY, why_ru=CANARY, state=DocumentState.REJECTED, reject_reason=CANARY)
    paid = states_on(now.date())["paid" if closed else "awaiting"]
    over = paid | {"documents": (paper,), "reason": CANARY, "claim_number": "CANARY-2"}
    if closed:
        over["payments"] = (a_payment(account_last4="7777", bank=CANARY, return_reason=CANARY),)
    last = later(first, **over)
    await ledger.record(session, [last], now=now - timedelta(hours=2), settle=timedelta(0))
    return await claim_of(session, first), last


async def fill(session, claim, clock):
    """What people and programs left behind about them."""
    now, who = clock.now, claim.policyholder_id
    for category, words in ((QuestionCategory.QUESTION, CANARY), (QuestionCategory.COMPLAINT, KEPT)):
        task = await ledger.ask_question(
            session, claim_id=claim.id, policyholder_id=who, channel="page", category=category, text=words,
            sealed=CANARY if words == CANARY else None, now=now, answer_due_at=now,
        )  # fmt: skip
        if category is QuestionCategory.COMPLAINT:
            await ledger.answer_question(session, task.id, answer=KEPT, by="a test", now=now)
    await ledger.write_sentence(session, claim.id, text=CANARY, by=ledger.Holder(STAFF, "М"), now=now)
    named = ledger.Named(f"Олег {CANARY}", "+79260000009", "page", None, "ru", now + timedelta(days=9))
    await ledger.name_representative(session, claim.id, named, by="a test", now=now)
    await messages(session, claim, now)
    lines = [
        Inbound(provider="t", provider_ref="1", channel=ChannelName.SMS, address="+" + PHONE, body=CANARY,
                received_at=now),
        Chat(policyholder_id=who, channel=ChannelName.MAX, address=CHAT, linked_at=now),
        AddressNote(address="+" + PHONE, channel=ChannelName.SMS, code="x", noted_at=now),
        OptOut(address="+" + PHONE, channel=ChannelName.SMS, how="reply", at=now),
        SignInCode(challenge_hash=b"c", asked_phone="+" + PHONE, asked_numbers=["CANARY-2"], policyholder_id=who,
                   code_hmac=b"h", created_at=now, expires_at=now),
        UnprovenRequest(reference="1", kind=RequestKind.NEW_PHONE, asked_numbers=["CANARY-2"], name=CANARY,
                        contact=MAIL, text=CANARY, created_at=now, due_at=now, claim_id=claim.id, needs_call=True),
        PhoneCall(source="t", call_ref="1", number="+" + PHONE, started_at=now, policyholder_id=who, note=CANARY),
        Upload(claim_id=claim.id, policyholder_id=who, receipt="1", stored_as="ab-canary", file_name=f"{CANARY}.jpg",
               about=CANARY, why_text=CANARY, size=3, received_bytes=3, state=UploadState.ACCEPTED, created_at=now),
        ChangeRequest(claim_id=claim.id, action=ChangeAction.DECLINE, note=CANARY, requested_by=STAFF,
                      values={"reason": CANARY, "clause": "4.2", "document": CANARY}, requested_at=now,
                      not_before=now, claim_version=1),
        RejectedCase(source=claim.source, case_ref=claim.source_ref, content_hash="1", reason=CANARY, raw=CANARY,
                     mapping_version=1, first_seen_at=now, last_seen_at=now),
        ClaimNumber(claim_id=claim.id, number="CANARY-0", replaced_at=now),
    ]  # fmt: skip
    session.add_all(lines)
    survey = Survey(claim_id=claim.id, recipient_id=who, kind="clear", ask_at=now)
    session.add(survey)
    await session.flush()
    session.add(SurveyAnswer(survey_id=survey.id, rating=2, said=CANARY, how="page", at=now))
    await open_session(session, who, now=now)
    write_piece(place_of(place(), "ab-canary"), 0, b"abc")


async def messages(session, claim, now):
    for step, state in enumerate((NotificationState.PLANNED, NotificationState.SETTLED)):
        one = Notification(
            cause_kind=CauseKind.SILENCE_SLOT, cause_id=claim.id, template="heartbeat", claim_id=claim.id, step=step,
            recipient_id=claim.policyholder_id, importance=Importance.HEARTBEAT, channel=ChannelName.SMS,
            values={"name": CANARY}, state=state, not_before=now, send_by=now + timedelta(days=1),
        )  # fmt: skip
        session.add(one)
        await session.flush()
    sent = Delivery(
        notification_id=one.id, attempt=1, token_hash=b"t", channel=ChannelName.SMS, provider="t", worker="w",
        address="+" + PHONE, text=f"{CANARY}, дело 2", state=DeliveryState.DELIVERED, started_at=now, send_by=now,
    )  # fmt: skip
    session.add(sent)
    await session.flush()
    session.add(
        Receipt(provider="t", provider_ref="1", provider_status="d", delivery_id=sent.id, received_at=now,
                raw={"To": PHONE})
    )  # fmt: skip


def place() -> Path:
    return Path(FILES.name)


async def found(engine, *words: str) -> set[str]:
    """The tables in whose rows one of the words stands, wherever in the row."""
    async with session_scope(engine) as session:
        connection = await session.connection()
        names = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        tables = [row.relname for row in await connection.execute(text(names))]
        there = set()
        for table in tables:
            look = text(f'select exists (select from "{table}" t where t::text ilike any(:words))')
            if (await connection.execute(look, {"words": [f"%{word}%" for word in words]})).scalar_one():
                there.add(table)
    return there


def personal_tables() -> set[str]:
    tables = [mapper.class_ for mapper in SQLModel._sa_registry.mappers if issubclass(mapper.class_, Table)]
    return {str(table.__tablename__) for table in tables if table.__pii__}


async def known(engine, clock, **over):
    async with session_scope(engine) as session:
        claim, last = await a_life(session, clock, **over)
        await fill(session, claim, clock)
        return claim, last


async def asked(app, engine, claim) -> UUID:
    async with signed_in(app, claim) as browser:
        where = f"/claim/{claim.id}/erasure"
        assert (await browser.post(where, data={})).status_code == 422
        for _ in range(2):
            assert (await browser.post(where, data={"agree": "yes"})).status_code == 303
        assert "Вы попросили удалить данные" in (await browser.get(where)).text.replace("\u00a0", " ")
    async with session_scope(engine) as session:
        return (await session.exec(select(Erasure))).one().id


async def test_two_people_erase_somebody_and_only_what_the_law_keeps_is_left(app, engine, clock):
    claim, last = await known(engine, clock)
    words = (CANARY, PHONE, MAIL, CHAT, "CANARY-")
    there = await found(engine, *words)
    assert {
        "policyholder",
        "contact_point",
        "claim",
        "delivery",
        "receipt",
        "inbound",
        "upload",
        "rejected_case",
    } <= there
    figures = "select count(*), sum(approved), count(distinct stage) from claim"
    async with session_scope(engine) as session:
        before = (await (await session.connection()).execute(text(figures))).one()
    erasure = await asked(app, engine, claim)
    async with (
        at_the_desk(app, engine, Role.SUPERVISOR) as one,
        at_the_desk(app, engine, Role.SUPERVISOR, login="second") as other,
        signed_in(app, claim) as theirs,
    ):
        act = f"/desk/erasures/{erasure}"
        assert (await one.post(f"{act}/carry-out")).headers["location"].endswith("done=not")
        assert CANARY in (await one.get("/desk/erasures")).text
        assert (await one.post(f"{act}/check")).headers["location"].endswith("done=checked")
        # Whoever looked at it does not carry it out.
        assert (await one.post(f"{act}/carry-out")).headers["location"].endswith("done=not")
        assert "carry-out" not in (await one.get("/desk/erasures")).text
        assert (await other.post(f"{act}/carry-out")).headers["location"].endswith("done=erased")
        assert (await theirs.get(f"/claim/{claim.id}")).status_code == 401
        assert (await other.get(f"/desk/{claim.id}")).status_code == 200
        assert (await other.post(f"{act}/carry-out")).headers["location"].endswith("done=not")
    async with session_scope(engine) as session:
        await forget_erased(session, claim.source, now=clock.now)
    # A STOP stays with its number, a complaint with its words; nothing else does.
    assert await found(engine, *words) == {"opt_out"}
    assert await found(engine, KEPT) == {"question"}
    assert not place_of(place(), "ab-canary").exists()
    await nothing_leaves_and_the_trail_holds(engine, erasure)
    async with session_scope(engine) as session:
        assert (await (await session.connection()).execute(text(figures))).one() == before
        # The back office sends it once more, changed.
        again = later(last, reason=CANARY, object_label=CANARY)
        await ledger.record(session, [again], now=clock.now, settle=timedelta(0))
    assert await found(engine, CANARY) == set()
    async with session_scope(engine) as session:
        assert await ledger.end_kept(session, now=clock.now + timedelta(days=2 * 365)) == 0
        assert await ledger.end_kept(session, now=clock.now + timedelta(days=4 * 365)) == 1
    assert await found(engine, KEPT) == set()


async def nothing_leaves_and_the_trail_holds(engine, erasure) -> None:
    async with session_scope(engine) as session:
        waiting = await session.exec(select(Notification).where(Notification.reason.is_not(None)))
        assert [(one.state, one.reason) for one in waiting] == [
            (NotificationState.SUPPRESSED, Reason.CONTACT_PROHIBITED)
        ]
        about = select(AuditEntry).where(AuditEntry.subject == f"erasure:{erasure}").order_by(AuditEntry.seq)
        acts = list(await session.exec(about))
        assert [act.action for act in acts] == ["erasure_asked", "erasure_checked", "erasure_done"]
        assert acts[1].actor != acts[2].actor
        done = await session.get_one(Erasure, erasure)
        assert (done.checked_by, done.done_by, done.figures["claim"]) == (acts[1].actor, acts[2].actor, 1)
        sealed = await ledger.seal_audit(session)
        assert ((await ledger.verify_audit(session)).sealed, sealed >= 3) == (sealed, True)


async def test_an_open_claim_or_complaint_comes_first(app, engine, clock):
    claim, _ = await known(engine, clock, closed=False)
    erasure = await asked(app, engine, claim)
    async with at_the_desk(app, engine, Role.HANDLER) as one, at_the_desk(app, engine, Role.SUPERVISOR) as other:
        await one.post(f"/desk/erasures/{erasure}/check")
        assert "still open" in (await other.get("/desk/erasures")).text
        answer = await other.post(f"/desk/erasures/{erasure}/carry-out")
    assert answer.headers["location"].endswith("done=not")
    assert "policyholder" in await found(engine, CANARY)


async def test_the_wish_can_be_taken_back(app, engine, clock):
    claim, _ = await known(engine, clock)
    erasure = await asked(app, engine, claim)
    async with signed_in(app, claim) as browser, at_the_desk(app, engine, Role.SUPERVISOR) as desk:
        where = f"/claim/{claim.id}/erasure"
        await browser.post(where, data={"back": "yes"})
        assert 'name="agree"' in (await browser.get(where)).text
        assert (await desk.post(f"/desk/erasures/{erasure}/check")).headers["location"].endswith("done=not")


async def test_a_shared_number_keeps_what_came_from_it(app, engine, clock):
    claim, _ = await known(engine, clock)
    async with session_scope(engine) as session:
        await a_claim_in(session, "registered", now=clock.now, policyholder=a_person(phones=("+" + PHONE,)))
    erasure = await asked(app, engine, claim)
    async with at_the_desk(app, engine, Role.HANDLER) as one, at_the_desk(app, engine, Role.SUPERVISOR) as other:
        await one.post(f"/desk/erasures/{erasure}/check")
        await other.post(f"/desk/erasures/{erasure}/carry-out")
    assert await found(engine, PHONE) >= {"inbound", "contact_point"}
    async with session_scope(engine) as session:
        names = set(await session.exec(select(Policyholder.name)))
    assert "Ирина Сергеевна Ковалёва" in names


async def test_a_claimant_who_was_erased_does_not_come_back_with_the_whole(app, engine, clock):
    harmed = a_claimant(person=a_person(name=CANARY, phones=("+" + PHONE,)))
    over = states_on(clock.now.date())["closed_other"]
    first = a_snapshot(claimants=(harmed,), **over)
    async with session_scope(engine) as session:
        await ledger.record(session, [first], now=clock.now, settle=timedelta(0))
        side = (await session.exec(select(Claim).where(Claim.part_of.is_not(None)))).one()
    erasure = await asked(app, engine, side)
    async with at_the_desk(app, engine, Role.HANDLER) as one, at_the_desk(app, engine, Role.SUPERVISOR) as other:
        await one.post(f"/desk/erasures/{erasure}/check")
        assert (await other.post(f"/desk/erasures/{erasure}/carry-out")).headers["location"].endswith("done=erased")
    assert await found(engine, CANARY, PHONE) == set()
    async with session_scope(engine) as session:
        again = later(first, claimants=(harmed,), object_label="Lada")
        await ledger.record(session, [again], now=clock.now, settle=timedelta(0))
        labels = set(await session.exec(select(Claim.object_label).where(Claim.part_of.is_(None))))
    assert labels == {"Lada"}
    assert await found(engine, CANARY, PHONE) == set()
