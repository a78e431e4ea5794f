"""What telephone systems report: believed with a token or a signature only, kept once, and given to whoever is free."""

from dataclasses import replace
from itertools import permutations
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError
from sqlmodel import select

from claims_core.db import session_scope
from claims_portal.api.calls import number_shown
from claims_portal.phone.known import matches
from claims_portal.phone.reports import Event, Report, record_report
from claims_portal.staff import open_session
from claims_portal.staff.sessions import end_all_sessions
from claims_portal.tables import PhoneCall, Role, Staff
from notifier.settings import NotifierSettings
from tests.factories import a_person
from tests.portal.desk import a_staff
from tests.portal.people import a_known_claim
from tests.portal.portal import NOON, PUBLIC_URL, SECRET, portal_settings, visiting
from tests.portal.test_webhooks import ACCOUNT, AUTH, post

TOKEN = "t" * 32
NUMBER = "+79125550011"
RING = {"call_id": "a-1", "event": "ringing", "from": NUMBER}
TWILIO = "/webhooks/twilio/calls"
RINGS = {
    "AccountSid": ACCOUNT,
    "CallSid": "CA" + "1" * 32,
    "From": NUMBER,
    "To": "+15005550006",
    "CallStatus": "ringing",
}


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """A portal with two PBXs and a Twilio account."""
    settings = portal_settings(portal_pbx_tokens={"asterisk": TOKEN, "other": "o" * 32})
    notifier = NotifierSettings(
        _env_file=None,
        portal_public_url=PUBLIC_URL,
        portal_secret_key=SECRET,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=AUTH,
        twilio_from="+15005550006",
    )
    app.state.portal = replace(app.state.portal, settings=settings, notifier=notifier)
    return app


async def report(app: FastAPI, body: object, token: str | None = TOKEN) -> httpx.Response:
    headers = {"Sec-Fetch-Site": ""} | ({"Authorization": f"Bearer {token}"} if token else {})
    async with visiting(app, headers=headers) as pbx:
        return await pbx.post("/api/v1/calls", json=body)


async def calls(engine) -> list[PhoneCall]:
    async with session_scope(engine) as session:
        return list((await session.exec(select(PhoneCall))).all())


async def on_duty(engine, login: str, role: Role = Role.AGENT, extension: str = "101") -> Staff:
    """Somebody who takes calls and sits at the desk."""
    person = await a_staff(engine, role, login)
    async with session_scope(engine) as session:
        found = await session.get_one(Staff, person.id)
        found.takes_calls, found.extension = True, extension
        await open_session(session, person.id, now=NOON)
    return person


async def test_a_call_that_is_reported_twice_is_one_call(app, engine):
    first, again = await report(app, RING), await report(app, RING)
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert [(call.source, call.number) for call in await calls(engine)] == [("asterisk", NUMBER)]
    # The same id at another PBX is another call.
    assert (await report(app, RING, "o" * 32)).json()["call"] != first.json()["call"]


async def test_reports_in_any_order_and_doubled_end_in_the_same_call(engine):
    url = "https://pbx.example/1.wav"
    seen = set()
    for n, order in enumerate(permutations(Event)):
        async with session_scope(engine) as session:
            for event in (*order, *order[:2]):
                what = Report("p", str(n), event, NUMBER, url if event is Event.RECORDED else None)
                await record_report(session, what, now=NOON)
    for call in await calls(engine):
        seen.add((call.number, call.started_at, call.answered_at, call.ended_at, call.recording_url, call.routed_to))
    assert seen == {(NUMBER, NOON, NOON, NOON, url, None)}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "call_id"),
        ([], ""),
        ({**RING, "event": "boom"}, "event"),
        ({**RING, "call_id": "a b"}, "call_id"),
        ({**RING, "call_id": "a\x00"}, "call_id"),
        ({**RING, "call_id": "x" * 200}, "call_id"),
        ({**RING, "from": "1" * 500}, "from"),
        ({**RING, "from": 7}, "from"),
        ({**RING, "recording_url": "javascript:alert(1)"}, "recording_url"),
        ({**RING, "claim_id": str(uuid4())}, "claim_id"),
    ],
)
async def test_a_report_that_cannot_be_read_is_refused_by_the_name_of_its_field(app, engine, body, field):
    answer = await report(app, body)
    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.json()["fields"]]
    assert await calls(engine) == []


async def test_nobody_reports_without_the_token_of_a_pbx(app, engine):
    for token in (None, "", "t" * 31, "T" * 32, "t" * 5000):
        answer = await report(app, RING, token)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert await calls(engine) == []


async def test_a_call_by_twilio_counts_only_with_its_signature(app, engine):
    assert (await post(app, TWILIO, RINGS, signed="")).status_code == 403
    assert (await post(app, TWILIO, {**RINGS, "CallSid": "<x>"})).status_code in (403, 422)
    assert await calls(engine) == []
    answer = await post(app, TWILIO, RINGS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert "<Enqueue>" in answer.text
    await post(app, TWILIO, {**RINGS, "CallStatus": "completed"})
    await post(app, TWILIO, {**RINGS, "RecordingSid": "RE1", "RecordingUrl": "https://api.twilio.com/r"})
    [call] = await calls(engine)
    assert (call.source, call.number, call.recording_url) == ("twilio", NUMBER, "https://api.twilio.com/r")
    assert call.ended_at is not None


async def test_twilio_rings_at_the_telephone_of_who_takes_it(app, engine):
    await on_duty(engine, "olga", extension="+74950000000")
    assert "<Number>+74950000000</Number>" in (await post(app, TWILIO, RINGS)).text


@pytest.mark.parametrize(
    "said", ["", " ", "anonymous", "Restricted", "+266696687", "unknown", "client:bob", "101", "x" * 60, "+", "٣"]
)
def test_a_number_that_is_not_shown_or_is_none_is_nobodys(said):
    assert number_shown(said, portal_settings()) is None


@pytest.mark.parametrize("said", ["+79125550011", "8 (912) 555-00-11", "79125550011", " +79125550011 "])
def test_a_number_is_known_however_the_pbx_writes_it(said):
    assert number_shown(said, portal_settings()) == NUMBER


async def test_a_call_goes_to_who_answers_for_the_claim_and_else_to_an_agent(app, engine):
    await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)), handler_ref="marina")
    await on_duty(engine, "agent", extension="101")
    await on_duty(engine, "marina", Role.HANDLER, extension="202")
    assert (await report(app, RING)).json()["ring_at"] == "202"
    # She is on the telephone now.
    assert (await report(app, {**RING, "call_id": "a-2"})).json()["ring_at"] == "101"
    assert (await report(app, {**RING, "call_id": "a-3"})).json()["ring_at"] is None
    await report(app, {**RING, "event": "ended"})
    assert (await report(app, {**RING, "call_id": "a-4"})).json()["ring_at"] == "202"


async def test_nobody_who_has_left_or_does_not_take_calls_is_rung(app, engine):
    await a_staff(engine, Role.AGENT, "no")
    gone = await on_duty(engine, "gone")
    async with session_scope(engine) as session:
        await end_all_sessions(session, gone.id)
    assert (await report(app, RING)).json()["ring_at"] is None


async def test_who_has_a_number_on_file_may_be_one_several_or_none(engine):
    mine = await a_known_claim(engine, policyholder=a_person(phones=(NUMBER,)))
    other = await a_known_claim(engine, policyholder=a_person(name="Пётр Зимин", phones=(NUMBER,)))
    await a_known_claim(engine)
    async with session_scope(engine) as session:
        found = await matches(session, NUMBER)
        assert {one.claim_id for one in found} == {mine.id, other.id}
        assert len({one.human for one in found}) == 2
        assert await matches(session, None) == ()
        assert await matches(session, "+79990000000") == ()


def test_a_pbx_with_a_short_token_or_a_strange_name_does_not_start():
    for tokens in ({"a": "short"}, {"twilio": TOKEN}, {"A b": TOKEN}):
        with pytest.raises(ValidationError):
            portal_settings(portal_pbx_tokens={name: SecretStr(token) for name, token in tokens.items()})
