"""SMPP: what leaves over a bind, what each answer of an SMSC means for us, and how the bind is kept up."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import smpp34
from aiosmpplib.codec import GSM7BitCodec
from aiosmpplib.state import SmppCommandStatus
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from claims_core.errors import AmbiguousHandOver, ChannelError, PermanentChannelFailure, TemporaryChannelFailure
from notifier.channels.base import AddressBusy, AddressRefused, SenderStopped, Verdict
from notifier.channels.smpp.alphabet import DEFAULT, UCS_2, decoded, encoded, without_header
from notifier.channels.smpp.channel import SmppChannel, probe, sender_of
from notifier.channels.smpp.reading import Brought, LateAnswer, Part, Reported, ids_of, read
from notifier.channels.smpp.words import STATE_OF, STATUSES, VERDICT_OF, failure_of
from notifier.channels.spoken import STATE_OF as EVERY_WORD
from notifier.channels.twilio import words as twilio
from notifier.settings import NotifierSettings
from notifier.wording.message import GSM7, GSM7_EXTENSION, sms_parts
from tests.fakes.smsc import Smsc, served_smsc
from tests.notifier.scenes import the_settings
from tests.notifier.test_email import a_certificate

TO, TEXT = "+79121234567", "Claim 7785: we have begun the calculation"
LONG = "Заявление 7785: мы начали расчёт и пришлём решение. " * 5
NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)


def smpp_settings(smsc: Smsc | str, **changes: Any) -> NotifierSettings:
    values: dict[str, Any] = {
        "smpp_url": SecretStr(smsc if isinstance(smsc, str) else smsc.url),
        "smpp_from": "PRIMER",
        "notifier_call_deadline": timedelta(seconds=0.6),
    }
    return the_settings(**values | changes)


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with served_smsc() as smsc:
        yield smsc


@pytest.fixture
async def sms(smsc: Smsc) -> AsyncIterator[SmppChannel]:
    channel = SmppChannel(smpp_settings(smsc))
    yield channel
    await channel.close()


async def hand_over(channel: SmppChannel, text: str = TEXT, *, to: str = TO, token: str = "t" * 22, hours: float = 1):
    by = NOW + timedelta(hours=hours)
    return await channel.send(to, text, token=token, send_by=by, now=NOW, callback_url="", key="k")


def listening(channel: SmppChannel) -> list[Brought]:
    heard: list[Brought] = []

    async def hear(brought: Brought) -> None:
        heard.append(brought)

    channel.listen(hear)
    return heard


async def test_a_message_leaves_with_its_sender_its_end_and_a_wish_for_a_receipt(smsc, sms):
    accepted = await hand_over(sms, hours=25.5)
    [sent] = smsc.sent
    assert accepted.provider_ref == sent.ref == "00000001"
    assert (sent.number, sent.text) == (TO, TEXT)
    assert (sent.pdu.source_addr, sent.pdu.source_addr_ton, sent.pdu.dest_addr_ton) == ("PRIMER", 5, 1)
    assert sent.pdu.registered_delivery == 1
    assert sent.pdu.validity_period == "000001013000000R"  # a day, an hour and a half from now
    assert sent.pdu.data_coding == 0


async def test_cyrillic_leaves_in_the_alphabet_that_the_bill_counts(smsc, sms):
    await hand_over(sms, "Здравствуйте — расчёт начат")
    [sent] = smsc.sent
    assert (sent.pdu.data_coding, sent.text) == (8, "Здравствуйте — расчёт начат")


async def test_a_long_text_leaves_as_a_chain_of_as_many_parts_as_are_billed(smsc, sms):
    accepted = await hand_over(sms, LONG)
    assert len(smsc.sent) == sms_parts(LONG).segments > 1
    assert "".join(smsc.texts()) == LONG
    headers = [each.pdu.short_message[:6] for each in smsc.sent]
    assert len({header[:5] for header in headers}) == 1
    assert [header[5] for header in headers] == list(range(1, len(smsc.sent) + 1))
    assert all(len(each.pdu.short_message) <= 140 and each.pdu.esm_class == 0x40 for each in smsc.sent)
    assert [each.pdu.registered_delivery for each in smsc.sent] == [0] * (len(smsc.sent) - 1) + [1]
    assert accepted.provider_ref == smsc.sent[-1].ref


async def test_one_bind_carries_many_messages_and_no_more_at_once_than_the_window(smsc):
    most, under_way = 0, 0

    async def slowly(_: object) -> None:
        nonlocal most, under_way
        under_way = len(smsc.asked) - len(smsc.sent) + 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)

    smsc.before_answer = slowly
    channel = SmppChannel(smpp_settings(smsc, smpp_window=3))
    await asyncio.gather(*(hand_over(channel) for _ in range(12)))
    await channel.close()
    assert (len(smsc.sent), smsc.bound) == (12, 1)
    assert most <= 3


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("refuse:0x58", TemporaryChannelFailure),
        ("refuse:0x14", TemporaryChannelFailure),
        ("refuse:0x08", TemporaryChannelFailure),
        ("refuse:0x0B", AddressRefused),
        ("refuse:0x0A", SenderStopped),
        ("refuse:0x65", PermanentChannelFailure),
        ("refuse:0x45", AddressBusy),
        ("refuse:0x0400", AddressBusy),  # a maker's own: the table of the library has no name for it
        ("silence", AmbiguousHandOver),
        ("drop_before_accept", AmbiguousHandOver),
        ("accept_then_drop", AmbiguousHandOver),
        ("accept_then_silence", AmbiguousHandOver),
    ],
)
async def test_each_answer_is_one_of_our_outcomes_and_what_got_lost_is_never_taken_for_a_no(smsc, sms, word, failure):
    smsc.script.append(word)
    with pytest.raises(ChannelError) as raised:
        await hand_over(sms)
    assert type(raised.value) is failure
    assert len(smsc.sent) == word.startswith("accept")


async def test_too_fast_is_a_no_to_the_first_part_and_a_pause_before_any_other(smsc):
    channel = SmppChannel(smpp_settings(smsc, notifier_call_deadline=timedelta(seconds=3)))
    smsc.script.extend(["ok", "refuse:0x58"])
    await hand_over(channel, LONG)
    assert "".join(smsc.texts()) == LONG, "each part is there once"
    smsc.script.extend(["ok", "refuse:0x0B"])
    with pytest.raises(AmbiguousHandOver, match="1 of"):
        await hand_over(channel, LONG)
    await channel.close()


async def test_a_yes_that_comes_too_late_is_still_told(smsc, sms):
    heard = listening(sms)
    smsc.script.append("accept_late:0.9")
    with pytest.raises(AmbiguousHandOver):
        await hand_over(sms, token="late" * 6)
    await smsc.until(lambda: heard)
    assert heard == [LateAnswer("late" * 6, "00000001")]


@pytest.mark.parametrize(("status", "failure"), [(0x0E, SenderStopped), (0x0D, SenderStopped), (0x58, None)])
async def test_a_bind_that_is_refused_stops_the_sender_and_the_messages_stay_ours(smsc, sms, status, failure):
    smsc.binds.append(status)
    with pytest.raises(TemporaryChannelFailure) as raised:
        await hand_over(sms)
    assert type(raised.value) is (failure or TemporaryChannelFailure)
    assert not smsc.asked


async def test_without_an_smsc_nothing_has_left():
    channel = SmppChannel(smpp_settings("smpp://a:b@127.0.0.1:1"))
    with pytest.raises(TemporaryChannelFailure) as raised:
        await hand_over(channel)
    assert raised.value.code == "unreachable"
    with pytest.raises(AddressRefused):
        await hand_over(channel, to="irina@mail.example")
    await channel.close()


async def test_nothing_is_said_over_a_line_whose_certificate_does_not_fit(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*a_certificate(tmp_path))
    heard: list[bytes] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    async with await asyncio.start_server(hear, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(SenderStopped) as raised:
            await probe(smpp_settings(f"smpps://claims:secret@127.0.0.1:{port}"))
    assert raised.value.code == "tls"
    assert not any(heard)


async def test_a_line_that_falls_is_bound_again_and_messages_go_on(smsc):
    channel = SmppChannel(smpp_settings(smsc), first_wait=0.02)
    await hand_over(channel)
    smsc.drop()
    await smsc.until(lambda: smsc.bound == 2)
    await asyncio.sleep(0.05)
    await hand_over(channel)
    assert len(smsc.sent) == 2
    await channel.close()


async def test_a_silent_smsc_is_asked_whether_it_is_there_and_left_if_it_does_not_say(smsc):
    often = {"smpp_enquire_after": timedelta(seconds=0.05), "notifier_call_deadline": timedelta(seconds=0.2)}
    channel = SmppChannel(smpp_settings(smsc, **often), first_wait=0.02)
    listening(channel)
    await smsc.until(lambda: smsc.enquired >= 3)
    assert smsc.bound == 1
    smsc.answers = False
    await smsc.until(lambda: smsc.bound >= 2)
    await channel.close()


async def test_what_is_brought_is_answered_when_it_is_safe_and_kept_by_the_smsc_otherwise(smsc, sms):
    safe, heard = asyncio.Event(), []

    async def hear(brought: Brought) -> None:
        heard.append(brought)
        if len(heard) == 1:
            raise ConnectionError("the database is away")
        await safe.wait()

    sms.listen(hear)
    await smsc.until(lambda: smsc.esme)
    assert await smsc.bring(TO, short_message=b"STOP") == 0x64  # not now: it comes again
    again = asyncio.ensure_future(smsc.bring(TO, short_message=b"STOP"))
    await smsc.until(lambda: len(heard) == 2)
    await asyncio.sleep(0.05)
    assert not again.done()
    safe.set()
    assert await again == 0


async def test_what_nobody_here_listens_to_stays_with_the_smsc(smsc, sms):
    await hand_over(sms)
    assert await smsc.report(smsc.sent[0]) == 0x64


async def test_messages_and_reports_come_in_our_words(smsc, sms):
    heard = listening(sms)
    sent = await hand_over(sms)
    await smsc.report(smsc.sent[0])
    await smsc.bring(
        "89121234567", source_addr_ton=0, short_message="Где моя заявка?".encode("utf-16-be"), data_coding=8
    )
    reported, part = heard
    assert isinstance(reported, Reported)
    assert (reported.addresses[0], reported.ids[0], reported.word) == (TO, sent.provider_ref, "DELIVRD")
    assert reported.begins == TEXT[:20].strip()
    assert isinstance(part, Part)
    assert (part.address, decoded(part.raw, part.coding)) == (TO, "Где моя заявка?")


async def test_a_report_may_be_nothing_but_parameters_and_name_the_networks_error(smsc, sms):
    heard = listening(sms)
    await smsc.until(lambda: smsc.esme)
    tlvs = [smpp34.Tlv(0x1E, b"ab12\0"), smpp34.Tlv(0x427, b"\x05"), smpp34.Tlv(0x423, b"\x03\x00\x01")]
    assert await smsc.bring(TO, esm_class=4, short_message=b"", tlvs=tlvs) == 0
    [reported] = heard
    assert (reported.word, reported.code) == ("UNDELIV", "gsm:1")
    assert reported.as_report("AB12").verdict is Verdict.BAD_ADDRESS


async def test_what_cannot_be_read_is_refused_for_good_and_the_line_stays(smsc, sms):
    listening(sms)
    await smsc.until(lambda: smsc.esme)
    assert await smsc.bring(TO, esm_class=4, short_message=b"no report at all") == 0x65
    assert await smsc.bring(TO, esm_class=0x40, short_message=b"\x50abc") == 0x65
    assert await smsc.bring(TO, short_message=b"hello") == 0
    assert smsc.bound == 1


async def test_the_probe_binds_and_sends_nothing(smsc):
    assert await probe(smpp_settings(smsc)) == "takes our bind at 127.0.0.1"
    smsc.binds.append(0x0E)
    with pytest.raises(SenderStopped, match="0x0e"):
        await probe(smpp_settings(smsc))
    assert not smsc.sent


def test_every_status_of_the_specification_has_a_meaning_or_is_seldom_tried_again():
    theirs = {int(each) for each in SmppCommandStatus} - {0}
    assert set(VERDICT_OF) <= theirs
    assert len(VERDICT_OF) == sum(len(each) for each in STATUSES.values()), "no status has two meanings"
    for status in theirs | {0x400, 0x40B, 0x4FF}:
        assert not isinstance(failure_of(status), AmbiguousHandOver)
    assert isinstance(failure_of(0xFF), AddressBusy)


def test_no_word_of_a_receipt_means_one_thing_here_and_another_there():
    assert not twilio.STATE_OF.keys() & STATE_OF.keys()
    assert EVERY_WORD.keys() >= twilio.STATE_OF.keys()


def test_the_alphabet_is_that_of_the_count_and_of_the_library():
    codec = GSM7BitCodec.get_codec_info()
    for character in sorted(GSM7 | GSM7_EXTENSION):
        [raw] = encoded(character, reference=0).parts
        assert raw == codec.encode(character)[0], character
        assert decoded(raw, DEFAULT) == character


@settings(max_examples=60)
@given(text=st.text(min_size=1, max_size=200), reference=st.integers(0, 300))
def test_no_text_is_changed_or_cut_through_a_character(text: str, reference: int):
    text = text.encode("utf-16-be", "replace").decode("utf-16-be")
    message = encoded(text, reference=reference)
    assert len(message.parts) == sms_parts(text).segments
    bare = [without_header(part)[0] if message.esm_class else part for part in message.parts]
    assert "".join(decoded(part, message.coding) or "" for part in bare) == text
    room = 140 if message.coding == UCS_2 else 160
    assert all(len(part) <= room for part in message.parts)


@given(st.binary(max_size=300))
def test_rubbish_is_refused_in_one_way(body: bytes):
    try:
        read(body, country="ru")
    except (ValueError, IndexError):
        return
    except Exception as problem:
        raise AssertionError(type(problem)) from problem


@given(st.integers(1, 2**40))
def test_a_name_in_hexadecimal_is_found_when_it_is_reported_in_decimal_and_the_other_way_round(number: int):
    for taken in (f"{number:x}", f"{number:X}", f"{number:08x}", f"{number:08X}"):
        assert taken in ids_of(str(number))
        assert str(number) in ids_of(taken)


@pytest.mark.parametrize(
    ("sender", "kind"), [("+79990001122", (1, 1)), ("7785", (3, 0)), ("PRIMER", (5, 0)), ("Primer 24", (5, 0))]
)
def test_a_sender_shows_its_kind_unless_it_is_set(sender: str, kind: tuple[int, int]):
    address = sender_of(smpp_settings("smpp://a:b@host", smpp_from=sender))
    assert (address.ton, address.npi) == kind
    address = sender_of(smpp_settings("smpp://a:b@host", smpp_from=sender, smpp_from_ton=0, smpp_from_npi=1))
    assert (address.ton, address.npi) == (0, 1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"smpp_url": "http://a:b@host"}, "smpp://system_id"),
        ({"smpp_url": "smpp://host"}, "smpp://system_id"),
        ({"smpp_url": "smpp://a:password9@host"}, "8 of password"),
        ({"smpp_from": "A name too long"}, "up to 11 letters"),
        ({"smpp_from": None}, "SMPP_FROM must be set"),
    ],
)
def test_a_wrong_setting_is_said_before_anything_starts(values: dict[str, Any], words: str):
    with pytest.raises(ValidationError, match=words):
        smpp_settings("smpp://a:b@host", **values)
