"""Messages that wait for somebody's word: shown on the claim, sent or not by a button, by who may."""

from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel import select

from claims_core.db import driver_connection, session_scope
from claims_core.ids import new_id
from claims_core.installation import bind_database
from claims_core.tables import AuditEntry, Claim, TrueSentence
from claims_portal import copied
from claims_portal.tables import Role
from notifier.planning.facts import ready_for
from notifier.settings import NotifierSettings
from notifier.states import CauseKind, ChannelName, Importance, NotificationState, Reason
from notifier.tables import Notification
from notifier.wording.links import SAMPLE_LINK, address_of
from tests.factories import a_claim
from tests.portal.desk import at_the_desk
from tests.portal.portal import NOON


async def a_held_one(engine, reason: Reason = Reason.APPROVAL, **over: object) -> tuple[Claim, UUID]:
    async with session_scope(engine) as session:
        claim = await a_claim(session)
    return claim, await held_on(engine, claim, reason, **over)


async def held_on(engine, claim: Claim, reason: Reason = Reason.APPROVAL, **over: object) -> UUID:
    """A message about this claim that waits for somebody's word."""
    values: dict[str, object] = {
        "cause_kind": CauseKind.SILENCE_SLOT,
        "cause_id": new_id(),
        "template": "heartbeat",
        "recipient_id": claim.policyholder_id,
        "claim_id": claim.id,
        "importance": Importance.HEARTBEAT,
        "channel": ChannelName.SMS,
        "planned_at": NOON - timedelta(hours=1),
        "not_before": NOON - timedelta(hours=1),
        "send_by": NOON + timedelta(hours=23),
        "state": NotificationState.HELD,
        "reason": reason,
    }
    row = Notification(**(values | over))  # type: ignore[arg-type]
    async with session_scope(engine) as session:
        session.add(row)
    return row.id


async def fate(engine, notification_id: UUID) -> tuple[NotificationState, Reason | None]:
    async with session_scope(engine) as session:
        row = await session.get_one(Notification, notification_id)
        return row.state, row.reason


@pytest.mark.parametrize(
    ("act", "state", "says"),
    [
        ("send", NotificationState.PLANNED, "The message leaves now"),
        ("drop", NotificationState.SUPPRESSED, "The message is not sent."),
    ],
)
async def test_a_handler_sends_a_held_message_or_does_not(engine, app, act, state, says):
    claim, one = await a_held_one(engine)
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
        assert "Held messages" in page
        assert "The client read this the last time too" in page
        assert f'action="/desk/{claim.id}/held"' in page
        answer = await browser.post(f"/desk/{claim.id}/held", data={"notification": str(one), "act": act})
        assert answer.status_code == 303
        after = (await browser.get(answer.headers["location"])).text
        assert says in after
        assert "Held messages" not in after
        again = await browser.post(f"/desk/{claim.id}/held", data={"notification": str(one), "act": "send"})
        assert again.headers["location"].endswith("done=decided-before")
    assert (await fate(engine, one))[0] is state
    async with session_scope(engine) as session:
        [entry] = (await session.exec(select(AuditEntry).where(AuditEntry.subject == f"notification:{one}"))).all()
    assert entry.actor.startswith("staff:")


async def test_what_was_held_in_bulk_is_for_the_head_of_the_team(engine, app):
    claim, one = await a_held_one(engine, Reason.RESTORE)
    form = {"notification": str(one), "act": "send"}
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
        assert "The head of the team decides" in page
        assert f'action="/desk/{claim.id}/held"' not in page
        answer = await browser.post(f"/desk/{claim.id}/held", data=form)
        assert answer.headers["location"].endswith("done=head-decides")
    assert await fate(engine, one) == (NotificationState.HELD, Reason.RESTORE)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        await browser.post(f"/desk/{claim.id}/held", data=form)
    assert await fate(engine, one) == (NotificationState.PLANNED, None)


TRUE = "We wait for the road police's paper and have reminded them"


async def words_of(engine, notification_id: UUID, settings: NotifierSettings) -> str:
    """The message as the sender would hand it over now."""
    async with session_scope(engine) as session:
        connection = await driver_connection(session)
        [ready] = (await ready_for(connection, [notification_id], settings=settings, now=NOON)).values()
    return ready.text.say(ChannelName.SMS, ready.values | {"link": address_of(SAMPLE_LINK, settings)})


async def test_what_waits_is_read_as_the_client_would_read_it(engine, app):
    claim, one = await a_held_one(engine, values={"page_state": "assessing"})
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
    reads = await words_of(engine, one, app.state.portal.notifier)
    assert claim.claim_number[-4:] in reads
    assert f'<p class="bubble" lang="ru">{reads}</p>' in unescape(page)


async def test_a_message_that_would_not_leave_anyway_says_why(engine, app):
    claim, _ = await a_held_one(engine, values={"page_state": "paid"})
    async with at_the_desk(app, engine) as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
    assert "Let go now it would not leave: " in page


async def test_a_handler_says_one_true_sentence_instead_of_what_was_read_before(engine, app):
    claim, one = await a_held_one(engine, values={"page_state": "assessing"})
    form = {"notification": str(one), "sentence": TRUE}
    async with at_the_desk(app, engine) as browser:
        look = await browser.post(f"/desk/{claim.id}/held", data=form | {"act": "look"})
        assert look.status_code == 200
        assert await fate(engine, one) == (NotificationState.HELD, Reason.APPROVAL)
        answer = await browser.post(f"/desk/{claim.id}/held", data=form | {"act": "say"})
        assert answer.headers["location"].endswith("done=let-go")
        again = await browser.post(f"/desk/{claim.id}/held", data=form | {"act": "say"})
        assert again.headers["location"].endswith("done=decided-before")
    assert await fate(engine, one) == (NotificationState.PLANNED, None)
    said = await words_of(engine, one, app.state.portal.notifier)
    assert TRUE in said
    assert f"{said}</p>" in unescape(look.text)
    async with session_scope(engine) as session:
        [kept] = (await session.exec(select(TrueSentence))).all()
        acts = set((await session.exec(select(AuditEntry.action))).all())
    assert (kept.claim_id, kept.text) == (claim.id, f"{TRUE}.")
    assert {"sentence_written", "message_released"} <= acts


@pytest.mark.parametrize(
    ("sentence", "says"), [("", "Write the sentence first"), ("Call 8 800 123-45-67", "a telephone number")]
)
async def test_what_may_not_be_said_comes_back_and_nothing_leaves(engine, app, sentence, says):
    claim, one = await a_held_one(engine)
    async with at_the_desk(app, engine) as browser:
        form = {"notification": str(one), "act": "say", "sentence": sentence}
        answer = await browser.post(f"/desk/{claim.id}/held", data=form)
    assert answer.status_code == 422
    assert says in answer.text
    assert sentence in answer.text
    assert await fate(engine, one) == (NotificationState.HELD, Reason.APPROVAL)


async def test_what_was_held_in_bulk_takes_no_sentence_of_ones_own(engine, app):
    claim, one = await a_held_one(engine, Reason.MASS_CHANGE)
    async with at_the_desk(app, engine, Role.SUPERVISOR) as browser:
        assert "Say something else instead" not in (await browser.get(f"/desk/{claim.id}")).text
        form = {"notification": str(one), "act": "say", "sentence": TRUE}
        assert (await browser.post(f"/desk/{claim.id}/held", data=form)).status_code == 303
    assert await fate(engine, one) == (NotificationState.HELD, Reason.MASS_CHANGE)


async def test_a_message_of_another_claim_or_an_unknown_word_is_not_there(engine, app):
    claim, one = await a_held_one(engine)
    other, _ = await a_held_one(engine)
    async with at_the_desk(app, engine) as browser:
        for address, form in (
            (f"/desk/{other.id}/held", {"notification": str(one), "act": "send"}),
            (f"/desk/{claim.id}/held", {"notification": str(uuid4()), "act": "send"}),
            (f"/desk/{claim.id}/held", {"notification": str(one), "act": "burn"}),
        ):
            assert (await browser.post(address, data=form)).status_code == 404
    assert await fate(engine, one) == (NotificationState.HELD, Reason.APPROVAL)


async def test_the_page_says_it_in_russian(engine, app):
    claim, _ = await a_held_one(engine)
    async with at_the_desk(app, engine, language="ru") as browser:
        page = (await browser.get(f"/desk/{claim.id}")).text
    assert "Задержанные сообщения" in page
    assert "Не отправлять" in page


async def test_at_the_desk_of_a_copy_every_page_says_that_nothing_is_sent(engine, app):
    words = "This database is a copy or was restored"
    portal = app.state.portal
    await bind_database(engine, instance_id=None, now=NOON)
    await copied.look(portal)
    async with at_the_desk(app, engine) as browser:
        assert words not in (await browser.get("/desk")).text
        async with engine.begin() as connection:
            await connection.execute(text("update installation set place = '7000000000000000001/16384'"))
        await copied.look(portal)
        assert words in (await browser.get("/desk")).text
        assert words in (await browser.get("/desk/questions")).text
