"""Whom to call, because a decision has reached nobody: a list, a card on the claim, and a word about each call."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.tables import AuditEntry, CaseEvent, Claim
from claims_portal.tables import Role
from notifier.states import CauseKind, ChannelName, Importance, NotificationState, Reason
from notifier.tables import Notification, UnheardFact
from tests.factories import a_claim, a_person
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON


async def a_call(engine, **person) -> tuple[Claim, UUID]:
    """A claim whose decision has reached nobody; a text was not sent after a STOP."""
    async with session_scope(engine) as session:
        claim = await a_claim(session, policyholder=a_person(**person))
        await session.exec(text("update case_event set kind = 'decision_made'"))
    return claim, await call_on(engine, claim)


async def call_on(engine, claim: Claim) -> UUID:
    """Somebody has to be called about the newest fact of this claim since the day before yesterday."""
    since = NOON - timedelta(days=2)
    async with session_scope(engine) as session:
        facts = select(CaseEvent).where(CaseEvent.claim_id == claim.id).order_by(col(CaseEvent.seq).desc())
        event = (await session.exec(facts)).first()
        assert event is not None
        about = {"template": "declined", "recipient_id": claim.policyholder_id, "claim_id": claim.id}
        tried = Notification(
            **about,
            cause_kind=CauseKind.CASE_EVENT,
            cause_id=event.id,
            importance=Importance.REQUIRED,
            channel=ChannelName.SMS,
            not_before=since,
            send_by=since,
            state=NotificationState.SUPPRESSED,
            reason=Reason.OPTED_OUT,
        )
        call = UnheardFact(
            **about, id=new_id(), case_event_id=event.id, since=since, look_at=NOON, call_since=since, call_after=since
        )
        session.add_all([tried, call])
        return call.id


async def test_a_handler_sees_whom_to_call_about_what_and_what_was_tried(engine, app):
    claim, _ = await a_call(engine, phones=("+79125550011",))
    async with at_the_desk(app, engine) as browser:
        for address in ("/desk/calls", f"/desk/{claim.id}"):
            page = (await browser.get(address)).text
            assert "has reached nobody" in page
            assert "tel:+79125550011" in page
            assert "the client wrote STOP" in page
            assert f'action="/desk/{claim.id}/call"' in page
        assert 'href="/desk/calls"' in page
    async with at_the_desk(app, engine, Role.AUDITOR) as browser:
        page = (await browser.get("/desk/calls")).text
        assert "has reached nobody" in page
        assert "5550011" not in page
        assert "Told by phone" not in page


@pytest.mark.parametrize(
    ("outcome", "says", "stays"),
    [("told", "they know it now", False), ("posted", "they know it now", False), ("no_answer", "again tomorrow", True)],
)
async def test_what_came_of_a_call_is_kept_and_who_is_late_reads_that_it_is_over(engine, app, outcome, says, stays):
    claim, call = await a_call(engine)
    form = {"call": str(call), "outcome": outcome, "back": "list"}
    async with at_the_desk(app, engine) as browser:
        answer = await browser.post(f"/desk/{claim.id}/call", data=form, follow_redirects=True)
        assert says in answer.text
        assert "Nobody has to be called now." in answer.text
        assert ("has reached nobody" in (await browser.get(f"/desk/{claim.id}")).text) is stays
        again = await browser.post(f"/desk/{claim.id}/call", data=form | {"back": ""}, follow_redirects=True)
        assert ("This is over already" in again.text) is not stays
        assert (await browser.post(f"/desk/{claim.id}/call", data=form | {"outcome": "x"})).status_code == 404
    async with session_scope(engine) as session:
        acts = (
            await session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)).where(AuditEntry.action == "called"))
        ).all()
    assert [act.detail["outcome"] for act in acts] == [outcome] * (2 if stays else 1)


async def test_whom_the_claims_system_forbids_to_contact_has_no_number_to_press(engine, app):
    await a_call(engine, phones=("+79125550011",), contact_prohibited=True)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get("/desk/calls")).text
    assert "Contact is prohibited in the claims system" in page
    assert "tel:" not in page
