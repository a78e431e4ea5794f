"""The emulator behaves like Twilio to Twilio's own client: what it takes, refuses, lists, reports and breaks."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from claims_core.clock import utc_now
from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.twilio.channel import TwilioChannel, open_http
from notifier.settings import NotifierSettings
from notifier.states import ChannelName
from sandbox.serving import server_of
from sandbox.twilio import Exchange, Setup, create_app
from sandbox.twilio.faults import CallFault, Planned, ReceiptFault
from sandbox.twilio.rules import refusal_of
from tests.ports import free_port

ACCOUNT, TOKEN = "AC" + "1" * 32, "a token of the sandbox"
PHONE = "+79001234567"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class Ear:
    """Somebody who listens to callbacks on a real socket."""

    url: str
    heard: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def said(self) -> list[str]:
        return [form["MessageStatus"] for form, _ in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            ear.heard.append((dict(parse_qsl(body)), self.headers.get("X-Twilio-Signature", "")))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Listener)
    ear = Ear(f"http://127.0.0.1:{server.server_port}/status")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield ear
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Provider:
    """The emulator on a socket, and the product's own channel pointed at it."""

    exchange: Exchange
    channel: TwilioChannel

    async def send(self, to: str = PHONE, text: str = "Claim 7785 is registered.", callback: str = "") -> str:
        now = utc_now()
        accepted = await self.channel.send(
            to,
            text,
            token="t",
            send_by=now + timedelta(hours=1),
            now=now,
            callback_url=callback or "http://127.0.0.1:9/x",
        )
        return accepted.provider_ref


async def _running(server: uvicorn.Server) -> asyncio.Task[None]:
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    return task


@pytest.fixture
async def provider(tmp_path: Path):
    exchange = Exchange(Setup(ACCOUNT, TOKEN, store=tmp_path / "twilio.db"))
    exchange.script.delivery_seconds = 0.05
    port = free_port()
    server = server_of(create_app(exchange), port)
    task = await _running(server)
    settings = NotifierSettings(
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_from="+15005550006",
        twilio_api_base_url=f"http://127.0.0.1:{port}",
        portal_public_url="http://127.0.0.1:1",
        portal_secret_key=SecretStr("k" * 32),
        notifier_call_deadline=timedelta(seconds=1),
    )
    channel = TwilioChannel(ChannelName.SMS, settings, open_http(settings))
    yield Provider(exchange, channel)
    await channel.close()
    server.should_exit = True
    with suppress(asyncio.CancelledError):
        await task
    exchange.close()


async def _heard(ear: Ear, count: int) -> list[str]:
    async with asyncio.timeout(5):
        while len(ear.heard) < count:
            await asyncio.sleep(0.02)
    return ear.said()


async def test_a_message_is_taken_carried_and_reported_with_a_true_signature(provider: Provider, ear: Ear):
    sid = await provider.send(callback=ear.url)
    assert await _heard(ear, 3) == ["sending", "sent", "delivered"]
    form, signature = ear.heard[-1]
    assert form["MessageSid"] == sid
    assert RequestValidator(TOKEN).validate(ear.url, form, signature)
    found = await provider.channel.fetch(sid)
    assert found is not None
    assert found.provider_status == "delivered"


async def test_the_first_state_is_not_reported(provider: Provider, ear: Ear):
    await provider.send(callback=ear.url)
    assert "queued" not in await _heard(ear, 3)


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ("+15005550001", "21211"),
        ("+15005550004", "21610"),
        ("+15005550009", "21614"),
        ("+15005550002", "21612"),
        ("+15005550003", "21408"),
        ("12", "21211"),
    ],
)
async def test_the_numbers_of_the_test_credentials_are_refused_with_their_codes(provider: Provider, to: str, code: str):
    with pytest.raises(PermanentChannelFailure) as refused:
        await provider.send(to)
    assert refused.value.code == code
    assert provider.exchange.messages() == []


async def test_a_text_of_1601_characters_is_refused(provider: Provider):
    with pytest.raises(ChannelError) as refused:
        await provider.send(text="x" * 1601)
    assert refused.value.code == "21617"


@pytest.mark.parametrize(
    ("fault", "error", "taken"),
    [
        (CallFault.ACCEPT_THEN_TIMEOUT, AmbiguousHandOver, 1),
        (CallFault.ACCEPT_THEN_RESET, AmbiguousHandOver, 1),
        (CallFault.ACCEPT_THEN_500, AmbiguousHandOver, 1),
        (CallFault.ACCEPT_THEN_GARBAGE, AmbiguousHandOver, 1),
        (CallFault.RESET_BEFORE_ACCEPT, AmbiguousHandOver, 0),
        (CallFault.TOO_MANY, TemporaryChannelFailure, 0),
        (CallFault.UNAVAILABLE, TemporaryChannelFailure, 0),
        (CallFault.UNAUTHORISED, ChannelError, 0),
    ],
)
async def test_each_fault_looks_to_the_product_like_what_it_is(
    provider: Provider, fault: CallFault, error: type[ChannelError], taken: int
):
    provider.exchange.script.calls.append(Planned(fault, number=2))
    with pytest.raises(error):
        await provider.send()
    assert len(provider.exchange.messages()) == taken


async def test_retry_after_reaches_the_product(provider: Provider):
    provider.exchange.script.calls.append(Planned(CallFault.TOO_MANY, number=7))
    with pytest.raises(TemporaryChannelFailure) as later:
        await provider.send()
    assert later.value.retry_after == 7


async def test_what_a_lost_answer_left_behind_is_found_in_the_list(provider: Provider):
    provider.exchange.script.calls.append(Planned(CallFault.ACCEPT_THEN_RESET))
    started = utc_now()
    with pytest.raises(AmbiguousHandOver):
        await provider.send(text="Claim 1: found again")
    found = await provider.channel.find(
        PHONE, "Claim 1: found again", started_at=started, until=utc_now(), known=frozenset()
    )
    assert found is not None
    assert found.provider_ref == provider.exchange.messages()[0]["sid"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (ReceiptFault.TWICE, ["sending", "sending", "sent", "sent", "delivered", "delivered"]),
        (ReceiptFault.REORDERED, ["delivered", "sent", "sending"]),
        (ReceiptFault.UNDELIVERED, ["sending", "sent", "undelivered"]),
        (ReceiptFault.UNDELIVERED_THEN_DELIVERED, ["sent", "undelivered", "delivered"]),
    ],
)
async def test_receipts_come_as_the_script_says(provider: Provider, ear: Ear, fault: ReceiptFault, said: list[str]):
    provider.exchange.script.receipts.append(Planned(fault))
    await provider.send(callback=ear.url)
    assert await _heard(ear, len(said)) == said


async def test_a_forged_receipt_has_a_signature_that_does_not_fit(provider: Provider, ear: Ear):
    provider.exchange.script.receipts.append(Planned(ReceiptFault.BAD_SIGNATURE))
    await provider.send(callback=ear.url)
    await _heard(ear, 3)
    assert not any(RequestValidator(TOKEN).validate(ear.url, form, signature) for form, signature in ear.heard)


async def test_a_killed_emulator_knows_what_it_took(tmp_path: Path):
    store = tmp_path / "twilio.db"
    first = Exchange(Setup(ACCOUNT, TOKEN, store=store))
    first.take({"To": PHONE, "From": "+15005550006", "Body": "kept"})
    again = Exchange(Setup(ACCOUNT, TOKEN, store=store))
    assert [row["body"] for row in again.messages()] == ["kept"]
    first.close()
    again.close()


LATER = {"To": PHONE, "Body": "later", "ScheduleType": "fixed"}
SERVICE = {"MessagingServiceSid": "MG" + "2" * 32}


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({**LATER, "From": "+15005550006", "SendAt": "2026-11-20T13:00:00Z"}, 35118),
        ({**LATER, **SERVICE}, 35111),
        ({**LATER, **SERVICE, "ScheduleType": "soon", "SendAt": "2026-11-20T13:00:00Z"}, 35113),
        ({**LATER, **SERVICE, "SendAt": "2026-11-20T12:14:00Z"}, 35114),
        ({**LATER, **SERVICE, "SendAt": "2026-12-26T12:00:00Z"}, 35114),
        ({**LATER, **SERVICE, "SendAt": "2026-11-20T13:00:00"}, 35114),
        ({**LATER, **SERVICE, "SendAt": "in an hour"}, 35114),
    ],
)
def test_a_message_for_later_is_refused_unless_a_service_can_send_it_then(form: dict[str, str], code: int):
    refusal = refusal_of(form, opted_out=False, now=NOON)
    assert refusal is not None
    assert (refusal.status, refusal.code) == (400, code)


async def test_a_message_for_later_waits_and_can_be_canceled_once():
    exchange = Exchange(Setup(ACCOUNT, TOKEN))
    root = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
    app = create_app(exchange)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://x", auth=(ACCOUNT, TOKEN)
    ) as http:
        at = (utc_now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        made = await http.post(f"{root}.json", data={**LATER, **SERVICE, "SendAt": at})
        assert (made.status_code, made.json()["status"]) == (201, "scheduled")
        path = f"{root}/{made.json()['sid']}.json"
        answers = [(await http.post(path, data={"Status": "canceled"})) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 400]
        assert answers[0].json()["status"] == "canceled"
    await app.state.postman.close()
    exchange.close()
