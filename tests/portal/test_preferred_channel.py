"""The channel that somebody seems to prefer is proposed on their own page, with the reason, and never just taken."""

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.ids import new_id
from claims_core.tables import Claim
from notifier.people import preferences
from notifier.states import ChannelName
from tests.portal.desk import at_the_desk
from tests.portal.people import signed_in
from tests.portal.portal import Clock
from tests.portal.states import a_claim_in

ANSWER = """
insert into inbound (id, provider, provider_ref, channel, address, body, command, received_at)
select :id, 'twilio', :ref, 'sms', address, 'Когда?', 'question', :now from contact_point where kind = 'phone' limit 1
"""


@pytest.fixture
async def claim(engine: AsyncEngine, clock: Clock) -> Claim:
    """Of somebody who chose Telegram, and answers by SMS."""
    async with session_scope(engine) as session:
        claim = await a_claim_in(session, "awaiting", now=clock.now)
        chosen = ChannelName.TELEGRAM
        await preferences.choose(session, claim.policyholder_id, channel=chosen, how="page", now=clock.now)
        return claim


async def answer(engine: AsyncEngine, clock: Clock, times: int) -> None:
    async with engine.begin() as connection:
        for _ in range(times):
            await connection.execute(text(ANSWER), {"id": new_id(), "ref": new_id().hex, "now": clock.now})


async def chosen(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        return (await connection.execute(text("select channel from preference"))).scalar_one()


async def test_what_somebody_answers_by_is_proposed_and_taken_only_at_their_word(
    app: FastAPI, engine: AsyncEngine, clock: Clock, claim: Claim
):
    await answer(engine, clock, 3)
    async with signed_in(app, claim) as browser:
        page = (await browser.get(f"/claim/{claim.id}/messages")).text
        assert "Вы чаще отвечаете нам через SMS, чем через Telegram. Писать вам туда?" in page
        assert await chosen(engine) == "telegram"
        assert (await browser.post(f"/claim/{claim.id}/channel/sms")).status_code == 303
        assert await chosen(engine) == "sms"
        assert "Писать вам через SMS?" not in (await browser.get(f"/claim/{claim.id}/messages")).text


async def test_what_is_not_proposed_cannot_be_taken(app: FastAPI, engine: AsyncEngine, clock: Clock, claim: Claim):
    await answer(engine, clock, 2)
    async with signed_in(app, claim) as browser:
        assert "Писать вам через" not in (await browser.get(f"/claim/{claim.id}/messages")).text
        for channel in ("sms", "telegram", "carrier_pigeon"):
            assert (await browser.post(f"/claim/{claim.id}/channel/{channel}")).status_code == 404
    assert await chosen(engine) == "telegram"


async def test_the_desk_shows_what_is_proposed_and_why_and_has_no_button_for_it(
    app: FastAPI, engine: AsyncEngine, clock: Clock, claim: Claim
):
    async with at_the_desk(app, engine) as browser:
        assert "Answers by SMS" not in (await browser.get(f"/desk/{claim.id}")).text
        await answer(engine, clock, 3)
        page = (await browser.get(f"/desk/{claim.id}")).text
    assert "Answers by SMS more often than by Telegram: we propose it on their page" in page
    assert "/channel/" not in page
