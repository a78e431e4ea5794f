"""E-mail: what a letter is made of, and what each answer of a mail server means for us."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP as WIRE
from ipaddress import ip_address
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from claims_core.ids import new_token
from notifier.channels.base import AddressBusy, AddressRefused, Content, SenderStopped, Verdict
from notifier.channels.email.channel import EmailChannel, must_be_address, probe
from notifier.channels.email.letter import Frame, compose
from notifier.channels.email.words import return_path, tag_of, token_in, token_of, verdict_on
from notifier.settings import NotifierSettings
from sandbox.mail import MailFault, PostOffice, served_mail
from tests.notifier.scenes import the_settings

TEXT = "Claim 7785 is registered\n\nWe will decide by 4 Jun.\n\nTrack it: https://primer.exm/Ab3dE6gH"
TO = "irina@mail.example"
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
FRAME = Frame("claims@primer.example", "Primer", "8 800 555-35-35", ("https://primer.exm/",), ZoneInfo("Europe/Moscow"))
STOP = "https://claims.example/stop/" + "0a" * 16
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Language"),
    *("Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post"),
}


def mail_settings(office: PostOffice, **changes: object) -> NotifierSettings:
    values = {
        "smtp_url": SecretStr(f"smtp://127.0.0.1:{office.port}"),
        "smtp_from": "claims@primer.example",
        "smtp_bounces_to": "bounces@primer.example",
        "portal_demo": True,
        "notifier_call_deadline": timedelta(seconds=0.5),
    }
    return the_settings(**values | changes)


def the_letter(text: str = TEXT, *, key: str = "k", language: str = "en", to: str = TO):
    _, raw = compose(text, to=to, key=key, stop=STOP, language=language, frame=FRAME, now=NOW)
    return message_from_bytes(raw, policy=WIRE)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with served_mail(PostOffice()) as office:
        yield office


@pytest.fixture
async def letters(office: PostOffice) -> AsyncIterator[EmailChannel]:
    channel = EmailChannel(mail_settings(office))
    yield channel
    await channel.close()


async def hand_over(channel: EmailChannel, *, to: str = TO, text: str = TEXT, token: str | None = None, key: str = "k"):
    return await channel.send(
        to,
        text,
        token=token or new_token(),
        send_by=NOW + timedelta(hours=1),
        now=NOW,
        callback_url="",
        content=Content("registered", "en"),
        key=key,
    )


def test_a_letter_has_the_same_words_twice_plain_and_as_html():
    letter = the_letter()
    plain, html = letter.get_body(("plain",)).get_content(), letter.get_body(("html",)).get_content()
    for words in ("We will decide by 4 Jun.", "Turn these letters off", "8 800 555-35-35", "4 May at 12:00"):
        assert words in plain
        assert words in html
    assert '<a href="https://primer.exm/Ab3dE6gH" style="font-size:18px">Track it</a>' in html
    assert '<html lang="en">' in html
    assert "<h1" in html
    assert "src=" not in html  # nothing is fetched from anywhere when it is opened


def test_a_letter_says_that_a_machine_wrote_it_and_where_one_tap_turns_it_off():
    letter = the_letter(language="ru")
    assert set(letter.keys()) == HEADERS
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Content-Language"] == "ru"
    assert letter["List-Unsubscribe"] == f"<{STOP}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "отключить" in letter.get_body(("plain",)).get_content().lower()


def test_a_repeat_has_the_same_message_id_and_another_letter_has_not():
    assert the_letter(key="a")["Message-ID"] == the_letter("Other\n\nwords", key="a")["Message-ID"]
    assert the_letter(key="a")["Message-ID"] != the_letter(key="b")["Message-ID"]


@settings(max_examples=60)
@given(subject=st.text(), body=st.text())
def test_no_text_makes_another_header_or_recipient_of_itself(subject: str, body: str):
    letter = the_letter(f"{subject}\n\n{body}")
    assert set(letter.keys()) == HEADERS
    assert len(letter.keys()) == len(HEADERS)
    assert [each.addr_spec for each in letter["To"].addresses] == [TO]
    assert not any(mark in str(letter["Subject"]) for mark in "\r\n\0")


@settings(max_examples=40)
@given(body=st.text(alphabet="<>&\"'ab/:. \n"))
def test_no_text_becomes_markup(body: str):
    html = the_letter(f"Subject\n\n{body}<script>alert(1)</script>").get_body(("html",)).get_content()
    assert "<script" not in html
    assert html.count("<a ") == 1  # the way out alone: no address of somebody else's is made a link


@settings(max_examples=60)
@given(to=st.text() | st.emails() | st.emails().map(lambda each: f"{each}\r\nBcc: x@mail.example"))
def test_what_is_no_address_is_refused_and_never_written_into_a_header(to: str):
    try:
        read = must_be_address(to)
    except AddressRefused:
        return
    letter = the_letter(to=read)
    assert [each.addr_spec for each in letter["To"].addresses] == [read]
    assert set(letter.keys()) == HEADERS


@given(st.binary(min_size=16, max_size=16))
def test_a_token_survives_the_address_it_comes_back_to(raw: bytes):
    token = token_of(raw.hex())
    assert token is not None
    assert tag_of(token) == raw.hex()
    path = return_path("bounces@primer.example", token)
    assert len(path.partition("@")[0]) <= 64
    assert token_in(path, "bounces@primer.example") == token
    assert token_in(f"<{path.upper()}>", "bounces@primer.example") == token
    assert token_in(path, "other@primer.example") is None


@pytest.mark.parametrize("address", ["", "bounces@primer.example", "bounces+x@primer.example", "a+" + "0" * 32, "@"])
def test_a_strangers_address_names_no_delivery(address: str):
    assert token_in(address, "bounces@primer.example") is None


async def test_a_letter_is_handed_over_with_a_return_path_that_names_it(office, letters):
    token = new_token()
    accepted = await hand_over(letters, token=token)
    [letter] = office.mailbox(TO)
    assert accepted.provider_ref == letter.message["Message-ID"]
    assert letter.sender == return_path("bounces@primer.example", token)
    assert letter.subject == "Claim 7785 is registered"
    assert letter.message["List-Unsubscribe"] == f"<https://claims.example/stop/{tag_of(token)}>"


async def test_one_line_carries_many_letters(office, letters):
    for _ in range(5):
        await hand_over(letters)
    assert (len(office.letters), office.lines) == (5, 1)


async def test_a_burst_goes_over_a_few_lines_and_none_is_lost(office):
    letters = EmailChannel(mail_settings(office, notifier_call_deadline=timedelta(seconds=10)))
    await asyncio.gather(*(hand_over(letters) for _ in range(40)))
    await letters.close()
    assert len(office.letters) == 40
    assert office.lines <= 4


async def test_a_line_that_fell_while_at_rest_is_opened_again(office, letters):
    await hand_over(letters)
    letters._lines._idle[0].close()
    await hand_over(letters)
    assert (len(office.letters), office.lines) == (2, 2)


@pytest.mark.parametrize(
    ("fault", "code", "kind", "said"),
    [
        (MailFault.RECIPIENT_REFUSED, 450, AddressBusy, "4.2.1"),
        (MailFault.RECIPIENT_REFUSED, 452, AddressBusy, "4.2.2"),
        (MailFault.RECIPIENT_REFUSED, 421, TemporaryChannelFailure, "4.3.2"),
        (MailFault.RECIPIENT_REFUSED, 550, AddressRefused, "5.1.1"),
        (MailFault.RECIPIENT_REFUSED, 551, AddressRefused, "551"),
        (MailFault.RECIPIENT_REFUSED, 552, PermanentChannelFailure, "5.2.2"),
        (MailFault.RECIPIENT_REFUSED, 554, PermanentChannelFailure, "5.7.1"),
        (MailFault.RECIPIENT_REFUSED, 530, SenderStopped, "5.7.0"),
        (MailFault.SENDER_REFUSED, 554, SenderStopped, "5.7.1"),
        (MailFault.SENDER_REFUSED, 421, TemporaryChannelFailure, "4.3.2"),
        (MailFault.LETTER_REFUSED, 450, AddressBusy, "4.2.1"),
        (MailFault.LETTER_REFUSED, 554, PermanentChannelFailure, "5.7.1"),
        (MailFault.LETTER_REFUSED, 550, AddressRefused, "5.1.1"),
        (MailFault.RESET_BEFORE_ACCEPT, None, AmbiguousHandOver, "no_answer"),
        (MailFault.ACCEPT_THEN_RESET, None, AmbiguousHandOver, "no_answer"),
        (MailFault.ACCEPT_THEN_TIMEOUT, None, AmbiguousHandOver, "deadline"),
        (MailFault.ACCEPT_THEN_GARBAGE, None, AmbiguousHandOver, "unreadable"),
    ],
)
async def test_each_answer_is_one_of_our_outcomes_and_the_next_letter_goes(office, letters, fault, code, kind, said):
    office.script.plan(fault, number=code)
    with pytest.raises(ChannelError) as caught:
        await hand_over(letters)
    assert type(caught.value) is kind
    assert caught.value.code == said
    assert TO not in str(caught.value)
    before = len(office.letters)
    await hand_over(letters)
    assert len(office.letters) == before + 1


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b@c.example", "a@mail.example\r\nBcc: b@x.org", "почта@пример.рф"]
)
async def test_an_address_that_no_letter_can_reach_is_refused_before_anything_is_said(office, letters, address):
    with pytest.raises(AddressRefused):
        await hand_over(letters, to=address)
    assert office.lines == 0


async def test_where_nobody_listens_nothing_was_taken():
    office = PostOffice(port=1)
    with pytest.raises(TemporaryChannelFailure) as caught:
        await hand_over(EmailChannel(mail_settings(office)))
    assert caught.value.code == "unreachable"


async def test_a_wrong_password_stops_the_sender(office):
    async with served_mail(PostOffice(login="claims", password="right")) as guarded:
        url = SecretStr(f"smtp://claims:wrong@127.0.0.1:{guarded.port}")
        with pytest.raises(SenderStopped):
            await hand_over(EmailChannel(mail_settings(guarded, smtp_url=url)))
        url = SecretStr(f"smtp://claims:right@127.0.0.1:{guarded.port}")
        assert "127.0.0.1" in await probe(mail_settings(guarded, smtp_url=url))


async def test_outside_of_the_demo_nothing_leaves_over_an_open_line(office):
    channel = EmailChannel(mail_settings(office, portal_demo=False))
    with pytest.raises(SenderStopped) as caught:
        await hand_over(channel)
    assert caught.value.code == "tls"
    assert not office.letters


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_secured_line_is_used_only_if_the_certificate_fits(tmp_path, monkeypatch, trusted):
    certificate, key = a_certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with served_mail(PostOffice(tls=context)) as office:
        channel = EmailChannel(mail_settings(office, portal_demo=False, notifier_call_deadline=timedelta(seconds=5)))
        if trusted:
            await hand_over(channel)
        else:
            with pytest.raises(SenderStopped) as caught:
                await hand_over(channel)
            assert caught.value.code == "tls"
        await channel.close()
    assert len(office.letters) == trusted


def a_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine, signed by itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return certificate, private


def test_a_full_mailbox_is_no_reason_to_give_an_address_up():
    assert verdict_on("5.1.1") is Verdict.BAD_ADDRESS
    assert verdict_on("5.2.2") is Verdict.NEVER
    assert verdict_on("5.7.1") is Verdict.NEVER
    assert verdict_on("4.2.2") is None
    assert verdict_on(None) is None


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("smtp_url", "http://mail.example"),
        ("smtp_url", "smtp://"),
        ("smtp_url", "smtp://mail.example:99999"),
        ("smtp_from", "Primer <claims@primer.example>"),
        ("smtp_from", "claims\r\nBcc: x@primer.example"),
        ("smtp_bounces_to", "a+b@primer.example"),
        ("smtp_bounces_bind", "8026"),
        ("smtp_bounces_bind", "127.0.0.1:99999"),
    ],
)
def test_a_setting_that_cannot_be_is_named(setting, value):
    with pytest.raises(ValidationError, match=setting):
        the_settings(**{setting: value})


def test_half_a_set_up_is_named():
    with pytest.raises(ValidationError, match="SMTP_FROM"):
        the_settings(smtp_url="smtp://mail.example")
    with pytest.raises(ValidationError, match="SMTP_BOUNCES_TO"):
        the_settings(smtp_bounces_bind="127.0.0.1:8026")
