"""The one tap in a letter: a scanner's look changes nothing, a mailbox's post turns letters off without a code."""

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from claims_core.ids import new_token
from claims_core.tables import Claim
from notifier.channels.base import hash_of_token
from notifier.channels.email.words import tag_of
from notifier.states import ChannelName
from notifier.tables import Notification
from tests.portal.links import TOKEN, a_link, handed_over
from tests.portal.portal import SECRET, Clock, visiting
from tests.portal.states import a_claim_in

MAIL = "irina@mail.example"
# As a mailbox sends it: no cookie, no origin, nothing of a browser.
FROM_A_MAILBOX = {"Sec-Fetch-Site": "", "Origin": "", "Accept": "*/*"}
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def tag(engine: AsyncEngine, clock: Clock) -> str:
    """The tag of a letter that was sent."""
    token = new_token()
    async with session_scope(engine) as session:
        claim: Claim = await a_claim_in(session, "awaiting", now=clock.now)
    told_id = await a_link(engine, claim, now=clock.now)
    async with session_scope(engine) as session:
        told = await session.get_one(Notification, told_id)
        letter = handed_over(told, TOKEN + "x", key=SECRET, now=clock.now)
        letter.attempt, letter.token_hash = 2, hash_of_token(token)
        letter.channel, letter.provider, letter.address = ChannelName.EMAIL, "smtp", MAIL
        session.add(letter)
    return tag_of(token)


async def stops(engine: AsyncEngine) -> list[tuple[str, str]]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("select address, channel from opt_out where ended_at is null"))
        return [tuple(row) for row in rows]


async def test_looking_at_the_address_turns_nothing_off(browser: httpx.AsyncClient, engine: AsyncEngine, tag: str):
    shown = await browser.get(f"/stop/{tag}", headers={"Accept-Language": "en"})
    assert shown.status_code == 200
    assert "Turn off letters" in shown.text
    assert MAIL not in shown.text
    assert (await browser.head(f"/stop/{tag}")).status_code in (200, 405)
    assert await stops(engine) == []


async def test_a_mailbox_turns_letters_off_without_a_code_and_as_often_as_it_likes(app, engine: AsyncEngine, tag: str):
    async with visiting(app, headers=FROM_A_MAILBOX) as mailbox:
        for _ in range(2):
            assert (await mailbox.post(f"/stop/{tag}", data=ONE_CLICK)).status_code == 200
        assert await stops(engine) == [(MAIL, "email")]
        assert (await mailbox.post(f"/stop/{tag.upper()}", data=ONE_CLICK)).status_code == 200


async def test_a_person_may_turn_letters_on_again(browser: httpx.AsyncClient, engine: AsyncEngine, tag: str):
    off = await browser.post(f"/stop/{tag}", data=ONE_CLICK, headers={"Accept-Language": "en"})
    assert "Letters are off from this minute." in off.text
    on = await browser.post(f"/stop/{tag}", data={"List-Unsubscribe": "Again"}, headers={"Accept-Language": "en"})
    assert "Letters are on again." in on.text
    assert await stops(engine) == []


@pytest.mark.parametrize("form", [{}, {"act": "off"}, {"List-Unsubscribe": "yes"}])
async def test_a_post_that_does_not_ask_for_it_changes_nothing(browser, engine: AsyncEngine, tag: str, form):
    assert (await browser.post(f"/stop/{tag}", data=form)).status_code == 200
    assert await stops(engine) == []


async def test_a_letter_that_was_never_sent_is_not_there(browser: httpx.AsyncClient, engine: AsyncEngine):
    assert (await browser.get("/stop/" + "0" * 32)).status_code == 404
    assert (await browser.post("/stop/" + "0" * 32, data=ONE_CLICK)).status_code == 404
    assert (await browser.post("/stop/short", data=ONE_CLICK)).status_code in (404, 422)
    assert await stops(engine) == []
