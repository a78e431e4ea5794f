"""Calls: a message is read out and repeated by a key, a code only after a key, and who does not answer hears by SMS."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from twilio.rest.api.v2010.account.call import CallInstance

from claims_core.db import open_pool, session_scope
from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from claims_core.i18n import money_in_words
from claims_portal.app import create_app as create_portal
from notifier.channels.base import AddressRefused, Content, SenderStopped, without_code
from notifier.channels.twilio.calls import MACHINE, STATE_OF_CALL
from notifier.channels.twilio.channel import open_ways
from notifier.direct import send_code
from notifier.dispatch import dispatch_once
from notifier.people.consents import give_consent
from notifier.people.preferences import choose, stop_address
from notifier.rendering import LANGUAGES, templates_for, text_for
from notifier.rendering.samples import Values, sample_values
from notifier.reports.resolve import resolve_once
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from sandbox.serving import held_port, served
from sandbox.twilio import Exchange, Setup, create_app
from sandbox.twilio.faults import CallFault, Planned, ReceiptFault
from tests.factories import a_snapshot, later
from tests.notifier.conftest import ACCOUNT, settings_for
from tests.notifier.queue import MOVED
from tests.notifier.scenes import planned, seen
from tests.portal.portal import Clock, portal_settings

VOICE = ChannelName.VOICE
HUMAN, US = "+15550002222", "+15550009999"
TOKEN = "t" * 22


@dataclass
class Phone:
    """The emulator in front of one telephone, and what it heard."""

    exchange: Exchange
    app: FastAPI

    @property
    def calls(self) -> list[dict[str, Any]]:
        return self.app.state.board.listed(to=None)

    async def press(self, digits: str = "1") -> str:
        return await self.app.state.board.press(self.calls[0]["sid"], digits)

    async def ended(self) -> dict[str, Any]:
        for task in tuple(self.app.state.board._calls):
            await task
        return next(iter(self.calls), {})


@asynccontextmanager
async def a_phone(**changes: Any) -> AsyncIterator[tuple[Phone, NotifierSettings]]:
    exchange = Exchange(Setup(ACCOUNT, "token"))
    exchange.script.delivery_seconds = 0.01
    app = create_app(exchange, http=changes.pop("http", None))
    with held_port(18_500) as port:
        async with served(app, port) as url:
            values = {"twilio_voice_from": US, "portal_brand_name": "Primer", "notifier_quiet_hours": False}
            yield Phone(exchange, app), settings_for(url, **values | changes)


async def call(settings: NotifierSettings, text: str = "Решение принято.", template: str = "approved", **more: Any):
    channel, now = open_ways([VOICE], settings)[VOICE], datetime.now(UTC)
    callback = f"{settings.portal_public_url}/webhooks/twilio/status/{TOKEN}"
    content, by = Content(template, "ru", {}), now + timedelta(hours=1)
    values = {"token": TOKEN, "send_by": by, "now": now, "callback_url": callback, "content": content}
    try:
        return await channel.send(HUMAN, text, **values | more)
    finally:
        await channel.close()


def test_every_state_of_a_call_is_mapped():
    theirs = {value for name, value in vars(CallInstance.Status).items() if name.isupper()}
    assert theirs == set(STATE_OF_CALL) - {"initiated", MACHINE}


async def test_a_message_is_read_out_in_its_language_to_whoever_answers_with_a_key_to_hear_it_again():
    async with a_phone() as (phone, settings):
        accepted = await call(settings)
        taken = await phone.ended()
    form = json.loads(taken["form"])
    assert (accepted.provider_ref, accepted.provider_status) == (taken["sid"], "queued")
    assert (form["To"], form["From"], form["MachineDetection"]) == (HUMAN, US, "DetectMessageEnd")
    assert form["events"] == ["ringing", "answered", "completed"]
    assert taken["heard"] == ("Здравствуйте. Это Primer. Решение принято. Чтобы прослушать ещё раз, нажмите один.")
    assert 'language="ru-RU"' in form["Twiml"]
    assert taken["action"] == f"https://claims.example.org/webhooks/twilio/voice/{TOKEN}"


async def test_nothing_of_a_code_is_in_what_is_said_before_a_key_or_in_clear_anywhere():
    text = "Ваш код: 4, 8, 2, 9, 1, 5. Ещё раз: 4, 8, 2, 9, 1, 5."
    async with a_phone() as (phone, settings):
        await call(settings, text, "otp")
        taken = await phone.ended()
    form = json.loads(taken["form"])
    assert "нажмите один" in taken["heard"]
    assert "MachineDetection" not in form  # a mailbox presses no key
    assert "4, 8" not in form["Twiml"] + taken["action"]
    assert without_code(text) == "Ваш код: ••••••. Ещё раз: ••••••."


@pytest.mark.parametrize(
    ("fault", "number", "kind", "code"),
    [
        (CallFault.TOO_MANY, 7, TemporaryChannelFailure, "20429"),
        (CallFault.UNAUTHORISED, None, SenderStopped, "20003"),
        (CallFault.REFUSED, 21211, AddressRefused, "21211"),
        (CallFault.REFUSED, 13223, PermanentChannelFailure, "13223"),
        (CallFault.ACCEPT_THEN_RESET, None, AmbiguousHandOver, "no_answer"),
        (CallFault.ACCEPT_THEN_500, None, AmbiguousHandOver, "500"),
        (CallFault.ACCEPT_THEN_GARBAGE, None, AmbiguousHandOver, "unreadable"),
        (CallFault.ACCEPT_THEN_TIMEOUT, 1, AmbiguousHandOver, "deadline"),
    ],
)
async def test_each_answer_is_the_failure_it_stands_for(fault, number, kind, code):
    async with a_phone(notifier_call_deadline=timedelta(seconds=0.3)) as (phone, settings):
        phone.exchange.script.calls.append(Planned(fault, None, number))
        with pytest.raises(ChannelError) as raised:
            await call(settings)
    assert (type(raised.value), raised.value.code) == (kind, code)


async def test_what_twiml_has_no_room_for_is_not_called_at_all():
    async with a_phone() as (phone, settings):
        with pytest.raises(PermanentChannelFailure):
            await call(settings, "& " * 1_500)
        assert phone.calls == []


async def test_a_lost_answer_is_found_among_the_calls_and_two_that_fit_are_not_guessed_at():
    async with a_phone() as (_, settings):
        channel, start = open_ways([VOICE], settings)[VOICE], datetime.now(UTC)

        async def find(*known: str):
            return await channel.find(HUMAN, "", started_at=start, until=datetime.now(UTC), known=frozenset(known))

        assert await find() is None
        first = (await call(settings)).provider_ref
        assert (await find()).provider_ref == first
        assert await find(first) is None
        await call(settings)
        assert (await find(first)).provider_ref != first
        with pytest.raises(TemporaryChannelFailure):
            await find()
        assert (await channel.fetch(first)).provider_ref == first
        assert await channel.fetch("CA" + "0" * 32) is None
        await channel.close()


@pytest.mark.parametrize("template", templates_for(ChannelName.EMAIL))
@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_may_be_a_letter_can_be_said_without_its_subject_and_its_link(template, language):
    for which in Values:
        said = text_for(template, "voice", language).say("voice", sample_values(template, language, which))
        assert said
        assert "primer" not in said
        assert "//" not in said


def test_a_sum_is_said_with_the_name_of_its_currency():
    assert money_in_words(Decimal("174300"), "RUB", "ru") == "174300 российских рублей"
    assert money_in_words(Decimal("1250.50"), "USD", "en") == "1250.50 US dollars"


@dataclass
class Scene:
    """A policyholder who is called, a portal that hears of it, and one message planned."""

    phone: Phone
    pool: Any
    settings: NotifierSettings
    now: datetime
    clock: Clock  # of the portal

    async def dispatch(self) -> int:
        channels = open_ways([VOICE], self.settings)
        try:
            done = await dispatch_once(self.pool, channels, self.settings, now=self.now)
        finally:
            await channels[VOICE].close()
        if done:
            await self.phone.ended()
        return done

    async def rows(self, query: str) -> list[tuple]:
        return [tuple(row) for row in await self.pool.fetch(query)]


@asynccontextmanager
async def a_scene(engine: AsyncEngine, url: str, *, consent: bool = True, **changes: Any) -> AsyncIterator[Scene]:
    now, claim = datetime.now(UTC), a_snapshot()
    await seen(engine, claim, now=now - timedelta(hours=1), first_load=True)
    pool = await open_pool(url, size=4)
    settings = settings_for("http://127.0.0.1:1", twilio_voice_from=US)
    address = {"portal_public_url": settings.portal_public_url, "portal_secret_key": settings.portal_secret_key}
    clock = Clock(now)
    portal = create_portal(portal_settings(**address), engine, pool, notifier=settings, clock=clock)
    quiet = {"notifier_cadence": "frequent", "notifier_daily_cap": 0}
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(portal)) as http,
        a_phone(http=http, **quiet | changes) as (phone, settings),
    ):
        person = await pool.fetchval("select policyholder_id from claim")
        async with session_scope(engine) as session:
            if consent:
                await give_consent(session, person, purpose=VOICE, wording_version="voice-1", how="page", now=now)
            await choose(session, person, channel=VOICE, how="reply", now=now)
        await seen(engine, later(claim, **MOVED), now=now)
        await planned(engine, settings=settings, now=now)
        try:
            yield Scene(phone, pool, settings, now, clock)
        finally:
            await pool.close()


async def test_who_chose_calls_is_called_and_hears_it_again_and_the_call_counts_as_delivered(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        assert await scene.dispatch() == 1
        heard = scene.phone.calls[0]["heard"]
        assert "номер которого кончается на" in heard
        assert "http" not in heard
        assert await scene.phone.press() == heard.removeprefix("Здравствуйте. Это Primer. ")
        assert await scene.phone.press("5") == "До свидания."
        assert await scene.rows("select state, channel from notification") == [("settled", "voice")]
        assert await scene.rows("select state, provider_status from delivery") == [("delivered", "completed")]


async def test_nobody_is_called_who_did_not_choose_it(engine, database_url):
    async with a_scene(engine, database_url, consent=False) as scene:
        assert await scene.rows("select channel from notification") == [("sms",)]


@pytest.mark.parametrize("fault", [ReceiptFault.BUSY, ReceiptFault.NO_ANSWER])
async def test_who_does_not_answer_is_called_three_times_and_then_gets_an_sms(engine, database_url, fault):
    async with a_scene(engine, database_url) as scene:
        scene.phone.exchange.script.receipts.extend([Planned(fault)] * 3)
        for _ in range(4):
            await scene.dispatch()
            scene.now += timedelta(minutes=20)
        told = await scene.rows("select step, channel, state from notification order by step")
        assert told == [*((step, "voice", "settled") for step in range(3)), (3, "sms", "planned")]
        assert len(scene.phone.calls) == 3


@pytest.mark.parametrize("fault", [ReceiptFault.FAILED, ReceiptFault.MACHINE])
async def test_what_only_a_mailbox_heard_is_not_delivered_and_an_sms_follows(engine, database_url, fault):
    async with a_scene(engine, database_url) as scene:
        scene.phone.exchange.script.receipts.append(Planned(fault))
        await scene.dispatch()
        assert await scene.rows("select state, error_code from delivery") == [("undelivered", str(fault))]
        assert await scene.rows("select channel, state from notification order by step") == [
            ("voice", "settled"),
            ("sms", "planned"),
        ]


async def test_a_lost_call_is_looked_up_before_anybody_is_called_again(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        scene.phone.exchange.script.calls.append(Planned(CallFault.ACCEPT_THEN_RESET))
        scene.phone.exchange.script.receipts.append(Planned(ReceiptFault.NONE))
        await scene.dispatch()
        assert await scene.rows("select state from notification") == [("unknown",)]
        channels = open_ways([VOICE], scene.settings)
        await resolve_once(scene.pool, channels, now=scene.now + timedelta(minutes=2))
        await channels[VOICE].close()
        assert await scene.rows("select state, resolution from delivery") == [("delivered", "look_up")]
        assert len(scene.phone.calls) == 1


async def test_the_telephone_does_not_ring_at_night_but_for_a_code_and_a_stop_ends_calls(engine, database_url):
    night = {"notifier_quiet_hours": True}
    async with a_scene(engine, database_url, **night) as scene:
        await scene.rows("update policyholder set time_zone = 'UTC'")
        scene.clock.now = scene.now = scene.now.replace(hour=23) - timedelta(days=1)
        await scene.rows("update notification set not_before = now() - interval '3 days', importance = 'answer'")
        assert await scene.dispatch() == 1  # taken, and put back for the morning
        assert scene.phone.calls == []
        [(person, claim, point)] = await scene.rows(
            "select p.policyholder_id, c.id, p.id from contact_point p, claim c where p.kind = 'phone' limit 1"
        )
        async with session_scope(engine) as session:
            values = {"policyholder_id": person, "claim_id": claim, "contact_point_id": point, "language": "ru"}
            key = scene.settings.portal_secret_key
            await send_code(
                session, **values, cause_id=claim, code="482915", domain="x", now=scene.now, key=key, channel=VOICE
            )
        await scene.dispatch()
        assert "нажмите один" in scene.phone.calls[0]["heard"]
        assert await scene.phone.press() == (
            "Ваш код: 4, 8, 2, 9, 1, 5. Ещё раз: 4, 8, 2, 9, 1, 5. Никому его не называйте: мы никогда не спрашиваем "
            "его по телефону. Чтобы прослушать ещё раз, нажмите один."
        )
        assert "4, 8" not in str(await scene.rows("select text from delivery"))
        async with session_scope(engine) as session:
            await stop_address(session, scene.phone.calls[0]["recipient"], how="reply", now=scene.now)
        assert await scene.rows("select reason from notification where channel = 'voice' and importance <> 'code'") == [
            ("opted_out",)
        ]


async def test_a_key_is_believed_only_with_the_signature_over_its_whole_address(engine, database_url):
    async with a_scene(engine, database_url) as scene:
        await scene.dispatch()
        call = scene.phone.calls[0]
        assert await scene.phone.press()
        board = scene.phone.app.state.board
        board._keep(call["sid"], action=call["action"] + "?said=forged")
        assert await scene.phone.press() == "До свидания."
        forged = board._form(call, "in-progress") | {"Digits": "1"}
        answer = await board._http.post(call["action"], data=forged, headers={"X-Twilio-Signature": "x"})
        assert answer.status_code == 403
        unknown = call["action"].replace(call["action"].rsplit("/", 1)[1], "n" * 22)
        board._keep(call["sid"], action=unknown)
        assert await scene.phone.press() == "There is nothing more to hear. Goodbye."
