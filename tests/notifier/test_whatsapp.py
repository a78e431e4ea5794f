"""WhatsApp takes our words for 24 hours after a person's last message, else approved ones, else an SMS goes."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select

from claims_core.db import open_pool, session_scope
from claims_core.errors import PermanentChannelFailure
from claims_core.tables import Claim
from notifier.channels.base import Content
from notifier.channels.twilio.channel import open_ways
from notifier.commands.notifications import _as_line, account_of
from notifier.dispatch import dispatch_once
from notifier.incoming import inbound
from notifier.people.consents import give_consent
from notifier.people.preferences import choose
from notifier.refusals import WORDS
from notifier.states import ChannelName
from tests.factories import a_snapshot, later
from tests.fakes.provider import FakeTwilio
from tests.notifier.conftest import settings_for
from tests.notifier.queue import MOVED
from tests.notifier.scenes import planned, seen

WHATSAPP = ChannelName.WHATSAPP
HUMAN = "+15550002222"
CONTENTS = {"assessment.ru": {"sid": "HX" + "1" * 32, "values": ["ref", "date_long"]}}


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


def whatsapp_settings(twilio: FakeTwilio, **changes: Any):
    values = {"twilio_whatsapp_from": "+15550003333", "notifier_quiet_hours": False, "notifier_cadence": "frequent"}
    return settings_for(twilio, **values | changes)


async def say(twilio: FakeTwilio, heard: timedelta | None, contents: dict[str, Any], **known: str) -> dict[str, str]:
    """Hand a text over; the form that the provider took."""
    settings, now = whatsapp_settings(twilio, twilio_contents=contents), datetime.now(UTC)
    channel = open_ways([WHATSAPP], settings)[WHATSAPP]
    content = Content("assessment", "ru", {"ref": "2041-7785", **known}, now - heard if heard else None)
    by = now + timedelta(hours=1)
    try:
        await channel.send(HUMAN, "Считаем.", token="t" * 22, send_by=by, now=now, callback_url="", content=content)
    finally:
        await channel.close()
    return twilio.taken[-1].form


async def test_within_24_hours_our_own_words_go_and_later_the_approved_ones(twilio):
    for heard in (timedelta(minutes=1), timedelta(hours=23, minutes=54)):
        assert (await say(twilio, heard, CONTENTS))["Body"] == "Считаем."
    for heard in (timedelta(hours=23, minutes=56), None):
        form = await say(twilio, heard, CONTENTS, date_long="4 июня, четверг")
        assert "Body" not in form
        assert form["ContentSid"] == CONTENTS["assessment.ru"]["sid"]
        assert json.loads(form["ContentVariables"]) == {"1": "2041-7785", "2": "4 июня, четверг"}


@pytest.mark.parametrize(("contents", "code"), [({}, "window"), (CONTENTS, "unfilled")])
async def test_without_a_text_that_may_go_nothing_leaves_and_the_reason_is_clear(twilio, contents, code):
    with pytest.raises(PermanentChannelFailure) as raised:
        await say(twilio, None, contents)
    assert (raised.value.code, twilio.taken) == (code, [])


async def a_message(engine: AsyncEngine, twilio: FakeTwilio, **changes: Any):
    """One message planned for WhatsApp; its settings and the moment."""
    now, claim = datetime.now(UTC), a_snapshot()
    settings = whatsapp_settings(twilio, **changes)
    await seen(engine, claim, now=now - timedelta(hours=1), first_load=True)
    async with session_scope(engine) as session:
        person = (await session.exec(select(Claim.policyholder_id))).one()
        await give_consent(session, person, purpose=WHATSAPP, wording_version="w-1", how="page", now=now)
        await choose(session, person, channel=WHATSAPP, how="reply", now=now)
    await seen(engine, later(claim, **MOVED), now=now)
    assert [each.channel for each in await planned(engine, settings=settings, now=now)] == [WHATSAPP]
    return settings, now, claim


async def dispatched(database_url: str, settings: Any, now: datetime, query: str) -> list[tuple]:
    pool, channels = await open_pool(database_url, size=2), open_ways([WHATSAPP], settings)
    try:
        await dispatch_once(pool, channels, settings, now=now)
        return [tuple(row) for row in await pool.fetch(query)]
    finally:
        await channels[WHATSAPP].close()
        await pool.close()


STEPS = """select n.channel, n.state, d.error_code from notification n
left join delivery d on d.notification_id = n.id where n.cause_kind = 'case_event' order by n.step"""


async def test_whoever_wrote_by_whatsapp_today_reads_our_words_there(engine, database_url, twilio):
    settings, now, claim = await a_message(engine, twilio)
    async with session_scope(engine) as session:
        await inbound.receive(
            session,
            provider="twilio",
            provider_ref="SM" + "1" * 32,
            channel=WHATSAPP,
            address=claim.policyholder.phones[0],
            body="Спасибо",
            now=now - timedelta(hours=5),
            settings=settings,
        )
    told = await dispatched(database_url, settings, now, STEPS)
    assert told == [("whatsapp", "sent", None)]
    assert twilio.taken[-1].to == f"whatsapp:{claim.policyholder.phones[0]}"


async def test_outside_the_window_an_sms_goes_and_why_says_what_is_to_be_mended(engine, database_url, twilio, caplog):
    settings, now, claim = await a_message(engine, twilio)
    told = await dispatched(database_url, settings, now, STEPS)
    assert told == [("whatsapp", "failed", "window"), ("sms", "planned", None)]
    assert twilio.taken == []
    assert "text_refused" in caplog.text
    async with session_scope(engine) as session:
        lines = [_as_line(row) for row in await account_of(session, claim.claim_number)]
    assert any(WORDS["window"] in line for line in lines)


@pytest.mark.parametrize("code", ["63016", "63027", "63028", "63040", "63041", "63042"])
async def test_what_whatsapp_refuses_for_its_text_is_loud_and_followed_by_an_sms(
    engine, database_url, twilio, caplog, code
):
    settings, now, _ = await a_message(
        engine, twilio, twilio_contents={"assessment.ru": {"sid": "HX" + "1" * 32, "values": ["ref"]}}
    )
    twilio.script.append(f"refuse:{code}")
    told = await dispatched(database_url, settings, now, STEPS)
    assert told == [("whatsapp", "failed", code), ("sms", "planned", None)]
    assert "text_refused" in caplog.text
