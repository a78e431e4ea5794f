"""Twilio: what each answer means for us, and that no word of theirs is unknown to us."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from twilio.rest.api.v2010.account.message import MessageInstance

from claims_core.errors import (
    AmbiguousHandOver,
    ChannelError,
    PermanentChannelFailure,
    TemporaryChannelFailure,
)
from notifier.channels.base import AddressRefused, Content, RecipientOptedOut, SenderStopped, without_code
from notifier.channels.twilio.channel import TwilioChannel, open_http
from notifier.channels.twilio.signature import is_genuine
from notifier.channels.twilio.words import CODES, STATE_OF, failure_of
from notifier.settings import NotifierSettings
from notifier.states import ChannelName, DeliveryState
from tests.fakes.provider import FakeTwilio
from tests.notifier.conftest import ACCOUNT, settings_for

PHONE = "+15550002222"
TEXT = "Claim 1234 has moved. https://example.org/c/abc"


@pytest.fixture
async def twilio() -> AsyncIterator[FakeTwilio]:
    async with FakeTwilio() as fake:
        yield fake


@pytest.fixture
async def sms(twilio: FakeTwilio) -> AsyncIterator[TwilioChannel]:
    settings = settings_for(twilio, notifier_call_deadline=timedelta(seconds=0.3))
    channel = TwilioChannel(ChannelName.SMS, settings, open_http(settings))
    yield channel
    await channel.close()


async def hand_over(channel: TwilioChannel, *, minutes: float = 60, text: str = TEXT, content: Content | None = None):
    now = datetime.now(UTC)
    return await channel.send(
        PHONE,
        text,
        token="t" * 22,
        send_by=now + timedelta(minutes=minutes),
        now=now,
        callback_url="https://claims.example.org/webhooks/twilio/status/" + "t" * 22,
        content=content,
    )


async def test_a_message_is_handed_over_with_its_callback_and_the_time_it_is_good_for(twilio, sms):
    accepted = await hand_over(sms, minutes=10)

    assert accepted.provider_ref == twilio.taken[0].sid
    assert accepted.state is DeliveryState.ACCEPTED
    form = twilio.taken[0].form
    assert (form["To"], form["Body"], form["From"]) == (PHONE, TEXT, "+15550001111")
    assert form["StatusCallback"].endswith("/webhooks/twilio/status/" + "t" * 22)
    assert 590 <= int(form["ValidityPeriod"]) <= 600


async def test_the_provider_is_never_told_to_try_for_more_than_ten_hours(twilio, sms):
    await hand_over(sms, minutes=24 * 60)
    assert twilio.taken[0].form["ValidityPeriod"] == "36000"


@pytest.mark.parametrize(
    ("word", "kind", "code"),
    [
        ("busy", TemporaryChannelFailure, "20429"),
        ("down", TemporaryChannelFailure, "20503"),
        ("locked", SenderStopped, "20003"),
        ("redirect", SenderStopped, "307"),
        ("refuse:21610", RecipientOptedOut, "21610"),
        ("refuse:21211", AddressRefused, "21211"),
        ("refuse:21614", AddressRefused, "21614"),
        ("refuse:21612", PermanentChannelFailure, "21612"),
        ("refuse:99999", PermanentChannelFailure, "99999"),
    ],
)
async def test_a_complete_no_says_what_to_do_next_and_nothing_was_taken(twilio, sms, word, kind, code):
    twilio.script.append(word)
    with pytest.raises(ChannelError) as problem:
        await hand_over(sms)
    assert type(problem.value) is kind
    assert problem.value.code == code
    assert twilio.taken == []


@pytest.mark.parametrize(
    "word",
    ["accept_then_timeout", "accept_then_reset", "accept_then_500", "accept_then_garbage", "accept_then_cut"],
)
async def test_an_answer_that_was_lost_is_ambiguous_and_the_look_up_finds_the_message(twilio, sms, word):
    twilio.script.append(word)
    before = datetime.now(UTC)
    with pytest.raises(AmbiguousHandOver):
        await hand_over(sms)

    window = {"started_at": before, "until": before + timedelta(minutes=1)}
    found = await sms.find(PHONE, TEXT, **window, known=frozenset())
    assert found is not None
    assert found.provider_ref == twilio.taken[0].sid
    # A message that belongs to another hand-over of ours is not this one.
    assert await sms.find(PHONE, TEXT, **window, known=frozenset({found.provider_ref})) is None
    assert await sms.find(PHONE, "another text", **window, known=frozenset()) is None
    late = {"started_at": before + timedelta(minutes=5), "until": before + timedelta(minutes=6)}
    assert await sms.find(PHONE, TEXT, **late, known=frozenset()) is None


@pytest.mark.parametrize("word", ["reset_before_accept", "hang", "broken"])
async def test_silence_is_ambiguous_even_if_nothing_was_taken(twilio, sms, word):
    twilio.script.append(word)
    with pytest.raises(AmbiguousHandOver):
        await hand_over(sms)
    assert twilio.taken == []


async def test_a_refused_connection_took_nothing():
    settings = settings_for("http://127.0.0.1:9")
    channel = TwilioChannel(ChannelName.SMS, settings, open_http(settings))
    with pytest.raises(TemporaryChannelFailure):
        await hand_over(channel)
    await channel.close()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1.0), ("3600", 3600.0), ("soon", None), ("", None)],
)
async def test_the_wait_that_the_provider_asks_for_is_read_from_the_headers(twilio, sms, header, seconds):
    twilio.script.append(f"busy:{header}")
    with pytest.raises(TemporaryChannelFailure) as problem:
        await hand_over(sms)
    assert problem.value.retry_after == seconds


async def test_the_wait_may_be_a_date(twilio, sms):
    twilio.script.append("busy:" + (datetime.now(UTC) + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"))
    with pytest.raises(TemporaryChannelFailure) as problem:
        await hand_over(sms)
    assert 85 <= (problem.value.retry_after or 0) <= 91


async def test_where_texts_are_redacted_the_look_up_says_that_it_cannot_tell(twilio, sms):
    before = datetime.now(UTC)
    await hand_over(sms)
    twilio.hide_bodies = True
    with pytest.raises(TemporaryChannelFailure):
        await sms.find(PHONE, TEXT, started_at=before, until=before + timedelta(minutes=1), known=frozenset())


async def test_a_code_is_found_by_the_text_we_kept_in_which_it_is_hidden(twilio, sms):
    before = datetime.now(UTC)
    await hand_over(sms, text="Code 123456 for claims")
    kept = without_code("Code 123456 for claims")
    assert "123456" not in kept
    found = await sms.find(PHONE, kept, started_at=before, until=before + timedelta(minutes=1), known=frozenset())
    assert found is not None


async def test_a_state_can_be_asked_for(twilio, sms):
    accepted = await hand_over(sms)
    twilio.taken[0].status, twilio.taken[0].error_code = "undelivered", 30003
    found = await sms.fetch(accepted.provider_ref)
    assert found is not None
    assert (found.state, found.error_code) == (DeliveryState.UNDELIVERED, "30003")
    assert await sms.fetch("SM" + "0" * 32) is None


async def test_whatsapp_goes_out_as_an_approved_text_with_its_values(twilio):
    settings = settings_for(
        twilio,
        notifier_market="eu",
        twilio_whatsapp_from="+15550001111",
        twilio_contents={"claim_moved.en": {"sid": "HX1", "values": ["name", "date"]}},
    )
    channel = TwilioChannel(ChannelName.WHATSAPP, settings, open_http(settings))
    await hand_over(channel, content=Content("claim_moved", "en", {"name": "Ann", "date": "12 May", "more": "x"}))
    form = twilio.taken[0].form
    assert (form["To"], form["From"]) == ("whatsapp:" + PHONE, "whatsapp:+15550001111")
    assert (form["ContentSid"], form["ContentVariables"]) == ("HX1", '{"1": "Ann", "2": "12 May"}')
    assert "Body" not in form
    await channel.close()


async def test_two_hundred_and_fifty_six_calls_are_open_at_once(twilio):
    twilio.latency = 0.5
    settings = settings_for(twilio)
    channel = TwilioChannel(ChannelName.SMS, settings, open_http(settings))
    await asyncio.gather(*(hand_over(channel) for _ in range(256)))
    assert twilio.most_at_once > 200
    await channel.close()


def test_every_word_of_twilio_is_mapped():
    theirs = {value for name, value in vars(MessageInstance.Status).items() if name.isupper()}
    # Those two are for messages to us.
    assert theirs - {"receiving", "received"} == set(STATE_OF)


def test_no_code_means_two_things():
    words = [code for codes in CODES.values() for code in codes.split()]
    assert len(words) == len(set(words))
    assert all(code.isdigit() for code in words)


@pytest.mark.parametrize("status", range(500, 600))
def test_no_server_error_without_a_word_of_its_own_says_that_nothing_was_taken(status):
    assert isinstance(failure_of(status, None), AmbiguousHandOver)
    assert isinstance(failure_of(status, "20500"), AmbiguousHandOver)
    assert isinstance(failure_of(status, "20503"), TemporaryChannelFailure)


URL = "https://claims.example.org/webhooks/twilio/status/abc"
FORM = {
    "AccountSid": ACCOUNT,
    "MessageSid": "SM" + "a" * 32,
    "MessageStatus": "delivered",
    "To": PHONE,
    "From": "+15550001111",
    "ApiVersion": "2010-04-01",
}


def signed(settings: NotifierSettings, token: str = "token") -> str:
    return RequestValidator(token).compute_signature(URL, FORM)


def test_a_webhook_signed_with_our_token_is_genuine():
    settings = settings_for("http://127.0.0.1:9")
    assert is_genuine(settings, URL, FORM, signed(settings))


def test_both_tokens_are_good_while_one_replaces_the_other():
    settings = settings_for("http://127.0.0.1:9", twilio_auth_token_next=SecretStr("next"))
    assert is_genuine(settings, URL, FORM, signed(settings, "token"))
    assert is_genuine(settings, URL, FORM, signed(settings, "next"))
    assert not is_genuine(settings, URL, FORM, signed(settings, "older"))


def test_no_account_no_genuine_webhook():
    settings = settings_for("http://127.0.0.1:9", twilio_account_sid=None)
    assert not is_genuine(settings, URL, FORM, signed(settings))


def forgeries():
    """Every way we know to change a genuine request a little."""
    signature = RequestValidator("token").compute_signature(URL, FORM)
    for name, value in FORM.items():
        for place in range(len(value)):
            yield URL, {**FORM, name: value[:place] + chr(ord(value[place]) ^ 1) + value[place + 1 :]}, signature
            # The same bytes, divided between name and value in another place.
            yield (
                URL,
                {k: v for k, v in FORM.items() if k != name} | {name + value[: place + 1]: value[place + 1 :]},
                signature,
            )
        yield URL, {k: v for k, v in FORM.items() if k != name}, signature
        yield URL, {**FORM, name: ""}, signature
        yield URL, {**FORM, name + "X": "1"}, signature
    for place in range(len(URL)):
        yield URL[:place] + chr(ord(URL[place]) ^ 1) + URL[place + 1 :], FORM, signature
    for place in range(len(signature)):
        yield URL, FORM, signature[:place] + ("A" if signature[place] != "A" else "B") + signature[place + 1 :]
    yield from ((URL, FORM, bad) for bad in ("", "x", signature[:-1], signature + "=", "подпись"))
    yield URL, {**FORM, "AccountSid": "AC" + "9" * 32}, signature
    yield URL, {}, signature


def test_no_forged_webhook_is_genuine():
    settings = settings_for("http://127.0.0.1:9")
    tried = 0
    for url, form, signature in forgeries():
        accepted = is_genuine(settings, url, form, signature)
        # Moving bytes between a name and a value that we never read leaves the signature as it was; everything we
        # read must then be untouched.
        if accepted:
            assert all(form.get(name) == FORM[name] for name in ("AccountSid", "MessageSid", "MessageStatus"))
            assert set(form) - set(FORM)
            assert (url, signature) == (URL, signed(settings))
        tried += 1
    assert tried > 300
