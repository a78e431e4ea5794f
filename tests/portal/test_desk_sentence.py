"""One true sentence before a silence ends: asked for at the desk, looked at as it will be read, and on the page."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.tables import AuditEntry, Claim, TrueSentence
from claims_portal.tables import Role
from notifier.planning.heartbeat import beat
from notifier.planning.sentences import ask
from notifier.states import NotificationState
from notifier.tables import Notification, SentenceRequest
from tests.notifier.scenes import the_settings
from tests.notifier.test_heartbeat import arrive
from tests.portal.desk import at_the_desk
from tests.portal.people import a_known_claim, signed_in
from tests.portal.portal import NOON

TRUE = "Ждём справку из ГИБДД, напомнили"


async def asked_about(engine, **over: object) -> Claim:
    """A claim whose client has heard nothing for five days; its handler is asked for two more."""
    claim = await a_known_claim(engine, **over)
    await request_on(engine, claim)
    return claim


async def request_on(engine, claim: Claim, now: datetime = NOON) -> None:
    """The handler of this claim is asked since the day before."""
    since = now - timedelta(days=6)
    when = {"since": since, "until": since + timedelta(days=7), "asked_at": now - timedelta(hours=1)}
    async with session_scope(engine) as session:
        session.add(SentenceRequest(slot_id=new_id(), claim_id=claim.id, **when))


async def sentences(engine, claim_id: UUID) -> list[str]:
    async with session_scope(engine) as session:
        written = select(TrueSentence.text).where(TrueSentence.claim_id == claim_id)
        return list(await session.exec(written.order_by(col(TrueSentence.written_at), TrueSentence.id)))


async def test_the_queue_shows_which_claims_wait_for_a_sentence(engine, app):
    async with at_the_desk(app, engine) as browser:
        await a_known_claim(engine)
        page = (await browser.get("/desk")).text
        assert "A true sentence is asked for" not in page
    async with session_scope(engine) as session:
        claim = (await session.exec(select(Claim))).one()
    await request_on(engine, claim)
    async with at_the_desk(app, engine) as browser:
        assert "A true sentence is asked for" in (await browser.get("/desk")).text
        page = (await browser.get("/desk?sentence=1")).text
        assert f'href="/desk/{claim.id}' in page
        await browser.post(f"/desk/{claim.id}/sentence", data={"sentence": TRUE, "act": "keep"})
        page = (await browser.get("/desk?sentence=1")).text
        assert f'href="/desk/{claim.id}' not in page
        assert "No claims match: a true sentence." in page


async def test_a_handler_looks_at_the_sentence_as_it_will_be_read_and_keeps_it(engine, app):
    claim = await asked_about(engine)
    form, path = {"sentence": TRUE, "act": "look"}, f"/desk/{claim.id}/sentence"
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
        assert "The client has heard nothing since" in page
        looked = await browser.post(path, data=form)
        assert (looked.status_code, await sentences(engine, claim.id)) == (200, [])
        assert f": {TRUE}. " in looked.text
        assert f"Марина Котова: “{TRUE}.”" in looked.text
        kept = await browser.post(path, data=form | {"act": "keep"}, follow_redirects=True)
        assert "Kept. The client reads it when the silence ends" in kept.text
        assert f"Марина Котова wrote: “{TRUE}.”" in kept.text
    assert await sentences(engine, claim.id) == [f"{TRUE}."]
    async with session_scope(engine) as session:
        acts = (await session.exec(select(AuditEntry).where(AuditEntry.action == "sentence_written"))).all()
    assert [act.subject for act in acts] == [f"claim:{claim.id}"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (" ", "Write the sentence first"),
        ("Решим через 3 дня", "no promise stands behind"),
        ("Проверяем на мошенничество", "a check for fraud"),
        ("ё" * 201, "Use at most 200 characters"),
        ("Ждём\0\r\nсправку www.example", "no other one"),
    ],
)
async def test_what_may_not_be_said_comes_back_with_the_reason(engine, app, typed: str, says: str):
    claim = await asked_about(engine)
    async with at_the_desk(app, engine) as browser:
        answer = await browser.post(f"/desk/{claim.id}/sentence", data={"sentence": typed, "act": "keep"})
    assert answer.status_code == 422
    assert says in answer.text
    assert await sentences(engine, claim.id) == []


async def test_when_the_silence_is_over_nothing_is_kept_and_the_page_says_so(engine, app):
    claim = await a_known_claim(engine)
    async with at_the_desk(app, engine) as browser:
        form = {"sentence": TRUE, "act": "keep"}
        answer = await browser.post(f"/desk/{claim.id}/sentence", data=form, follow_redirects=True)
    assert "The client has heard from us meanwhile" in answer.text
    assert await sentences(engine, claim.id) == []


async def test_who_only_reads_the_desk_sees_what_is_asked_and_no_form(engine, app):
    claim = await asked_about(engine)
    async with at_the_desk(app, engine, Role.AUDITOR) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
    assert "One true sentence" in page
    assert f"/desk/{claim.id}/sentence" not in page


async def test_from_the_desk_to_the_clients_page(engine, app):
    """The whole way: the job asks, the handler writes, the silence ends, and the client's page has the sentence."""
    claim = await a_known_claim(engine)
    settings = the_settings()
    start = NOON - timedelta(days=6)
    async with session_scope(engine) as session:
        await session.exec(text("update case_event set recorded_at = :start").bindparams(start=start))
    assert await ask(engine, now=NOON, settings=settings) == 1
    async with at_the_desk(app, engine) as browser:
        await browser.post(f"/desk/{claim.id}/sentence", data={"sentence": TRUE, "act": "keep"})
    assert await beat(engine, now=start + timedelta(days=7), settings=settings) == 1
    async with session_scope(engine) as session:
        told = (await session.exec(select(Notification))).one()
        assert (told.template, told.reason) == ("true_sentence", None)
        told.state, told.finished_at = NotificationState.SETTLED, start + timedelta(days=7)
    await arrive(engine, told.id, start + timedelta(days=7))
    async with at_the_desk(app, engine) as browser:
        assert "SMS, twilio “…”" in (await browser.get(f"/desk/{claim.id}")).text
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}")).text
    assert f"Марина Котова: «{TRUE}.»" in page or f"Марина Котова: “{TRUE}.”" in page
