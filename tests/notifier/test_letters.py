"""Letters on their whole road: who gets one, what comes back about it, and how it is turned off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiosmtplib
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from claims_core.db import session_scope
from notifier.channels.email.bounces import returned_in
from notifier.channels.email.channel import EmailChannel
from notifier.commands.notifications import account_of
from notifier.dispatch.rates import open_sender
from notifier.people import one_tap, preferences
from notifier.reports.bounces import taking_bounces
from notifier.reports.receipts import report_of
from notifier.reports.receiving import Receiving
from notifier.states import ChannelName
from sandbox.mail import MailFault, PostOffice, served_mail
from sandbox.mail.bounces import bounce
from tests.factories import a_person
from tests.notifier.queue import Desk, a_desk

MAIL = "irina@mail.example"
WITHOUT_NUMBER = {"phones": (), "email": MAIL}
WITH_BOTH = {"email": MAIL}


@asynccontextmanager
async def a_post(engine: AsyncEngine, url: str, **changes: Any) -> AsyncIterator[tuple[Desk, PostOffice]]:
    """A notifier that sends letters too, with a mail server of its own whose bounces come back to it."""
    async with served_mail(PostOffice()) as office:
        values = {
            "smtp_url": SecretStr(f"smtp://127.0.0.1:{office.port}"),
            "smtp_from": "claims@primer.example",
            "smtp_bounces_to": "bounces@primer.example",
            "smtp_bounces_bind": "127.0.0.1:0",
            "portal_demo": True,
        }
        async with a_desk(engine, url, **values | changes) as desk:
            channel = EmailChannel(desk.settings)
            desk.channels[ChannelName.EMAIL] = channel
            await open_sender(desk.pool, "email", per_second=100, now=desk.now)
            async with taking_bounces(desk.pool, desk.settings, lambda: desk.now) as port:
                office.bounces_port = port
                yield desk, office
            await channel.close()


@pytest.fixture
async def post(engine: AsyncEngine, database_url: str) -> AsyncIterator[tuple[Desk, PostOffice]]:
    async with a_post(engine, database_url) as post:
        yield post


async def queue(desk: Desk, person: dict[str, Any]) -> None:
    await desk.queue(1, policyholder=a_person(**person))


async def told(desk: Desk) -> list[tuple[str, str, str | None]]:
    """What became of each notification: channel, state, reason; oldest first."""
    rows = await desk.pool.fetch("select channel, state, reason from notification order by planned_at, step, id")
    return [(row["channel"], row["state"], row["reason"]) for row in rows]


async def until_final(desk: Desk) -> dict[str, Any]:
    """The last delivery, once its report has come back over the wire."""
    async with asyncio.timeout(10):
        while not await desk.pool.fetchval("select count(*) from receipt"):
            await asyncio.sleep(0.02)
    return (await desk.deliveries())[-1]


async def test_who_has_no_number_gets_a_letter(post):
    desk, office = post
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    [letter] = office.mailbox(MAIL)
    assert "считаем ущерб" in letter.subject
    assert await told(desk) == [("email", "sent", None)]
    [delivery] = await desk.deliveries()
    assert delivery["text"].startswith(letter.subject)
    assert (delivery["provider"], delivery["provider_ref"]) == ("smtp", letter.message["Message-ID"])


async def test_who_has_a_number_gets_no_letter(post):
    desk, office = post
    await queue(desk, WITH_BOTH)
    await desk.dispatch()
    assert (len(desk.twilio.taken), office.letters) == (1, [])


async def test_without_a_mail_server_nobody_is_planned_a_letter(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        await queue(desk, WITHOUT_NUMBER)
        assert await told(desk) == [("email", "suppressed", "no_contact")]


async def test_a_letter_says_no_more_of_a_person_than_a_text_does(post):
    desk, office = post
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    [letter] = office.letters
    for secret in ("Ирина", "Ковалёва", "+7912"):
        assert secret not in letter.plain + letter.html + letter.subject


async def test_a_number_that_no_text_reaches_is_followed_by_a_letter_once_and_it_is_said_why(post):
    desk, office = post
    await queue(desk, WITH_BOTH)
    desk.twilio.script.append("refuse:21614")
    await desk.dispatch()
    assert await told(desk) == [("sms", "failed", "refused_by_provider"), ("email", "sent", None)]
    assert len(office.mailbox(MAIL)) == 1
    claim = await desk.pool.fetchval("select claim_number from claim")
    async with session_scope(desk.engine) as session:
        account = await account_of(session, claim)
    assert {(row["channel"], row["why"]) for row in account if row["template"]} == {
        ("sms", "refused_by_provider"),
        ("email", "accepted"),
    }


async def test_what_waits_for_a_number_that_turns_out_to_be_none_leaves_as_a_letter(engine, database_url):
    async with a_post(engine, database_url, notifier_daily_cap=1) as (desk, office):
        person = a_person(**WITH_BOTH)
        desk.later(hours=(36 - desk.now.hour) % 24)  # about noon: the next day comes before its time is over
        await desk.queue(2, policyholder=person)
        desk.twilio.script.append("refuse:21614")
        await desk.dispatch()
        assert {channel for channel, state, _ in await told(desk) if state in ("planned", "sent")} == {"email"}
        desk.later(hours=20)
        for _ in range(3):
            await desk.dispatch()
            desk.later(hours=3)
        assert len(office.mailbox(MAIL)) == 2
        assert not [reason for _, state, reason in await told(desk) if state == "suppressed"]


async def test_a_receipt_that_the_number_is_none_is_followed_by_a_letter_too_and_the_cap_does_not_count_what_never_came(
    engine, database_url
):
    async with a_post(engine, database_url, notifier_daily_cap=1) as (desk, office):
        await queue(desk, WITH_BOTH)
        await desk.dispatch()
        [sent] = desk.twilio.taken
        form = {"MessageSid": sent.sid, "MessageStatus": "undelivered", "ErrorCode": "30006"}
        for _ in range(2):
            await Receiving(desk.pool).receive(report_of(form), provider="twilio", token=desk.tokens()[0], now=desk.now)
        await desk.dispatch()
        assert len(office.mailbox(MAIL)) == 1


async def test_a_letter_that_cannot_be_delivered_marks_the_address_and_the_next_fact_finds_no_way(post):
    desk, office = post
    office.script.plan(MailFault.BOUNCED_TWICE)
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    delivery = await until_final(desk)
    assert (delivery["state"], delivery["error_code"]) == ("undelivered", "5.1.1")
    assert await desk.pool.fetchval("select code from address_note where address = $1 and channel = 'email'", MAIL)
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    assert len(office.letters) == 1


@pytest.mark.parametrize("fault", [MailFault.SOFT_BOUNCE, MailFault.DELAYED])
async def test_a_full_or_a_slow_mailbox_gets_the_next_letter(post, fault):
    desk, office = post
    office.script.plan(fault)
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    delivery = await until_final(desk)
    assert delivery["state"] == ("undelivered" if fault is MailFault.SOFT_BOUNCE else "accepted")
    assert not await desk.pool.fetchval("select count(*) from address_note")


async def test_an_answer_lost_after_the_letter_left_is_waited_for_and_the_repeat_is_known_as_one(post):
    desk, office = post
    office.script.plan(MailFault.ACCEPT_THEN_RESET)
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    assert await told(desk) == [("email", "unknown", None)]
    desk.later(minutes=5)
    await desk.resolve()
    assert await told(desk) == [("email", "unknown", None)]
    desk.later(minutes=6)
    await desk.resolve()
    await desk.dispatch()
    first, again = office.letters
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert [each["resolution"] for each in await desk.deliveries()] == ["unseen", None]


async def test_a_server_that_puts_one_address_off_is_asked_again_later_and_others_go_on(post):
    desk, office = post
    office.script.plan(MailFault.RECIPIENT_REFUSED, to=MAIL, number=450, times=6)
    for name in ("irina", "olga", "vera"):
        await queue(desk, {"phones": (), "email": f"{name}@mail.example"})
    await desk.dispatch()
    assert sorted(office.mailboxes()) == ["olga@mail.example", "vera@mail.example"]
    paused = await desk.pool.fetchval("select pause_reason from sender_rate where sender = 'email'")
    assert paused is None
    office.script.planned.clear()
    await desk.dispatch()
    assert MAIL not in office.mailboxes()
    desk.later(minutes=11)
    await desk.dispatch()
    assert MAIL in office.mailboxes()


async def test_one_tap_turns_letters_off_for_what_is_planned_too_and_on_again(post):
    desk, office = post
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    tag = office.letters[0].message["List-Unsubscribe"].rstrip(">").rpartition("/")[2]
    await queue(desk, WITHOUT_NUMBER)
    async with session_scope(desk.engine) as session:
        assert await one_tap.is_on(session, tag)
        assert await one_tap.turn(session, tag, on=False, now=desk.now)
        assert await one_tap.turn(session, tag, on=False, now=desk.now)
        assert await one_tap.is_on(session, tag) is False
        assert not await one_tap.turn(session, "0" * 32, on=False, now=desk.now)
    await desk.dispatch()
    assert len(office.letters) == 1
    assert ("email", "suppressed", "opted_out") in await told(desk)
    async with session_scope(desk.engine) as session:
        assert await one_tap.turn(session, tag, on=True, now=desk.now)
        assert await one_tap.is_on(session, tag)


async def test_a_stop_said_from_a_number_is_not_passed_by_with_a_letter(post):
    desk, _ = post
    await queue(desk, WITH_BOTH)
    phone = await desk.pool.fetchval("select address from contact_point where kind = 'phone'")
    await desk.pool.execute("delete from notification")
    async with session_scope(desk.engine) as session:
        await preferences.stop_address(session, phone, how="reply", now=desk.now)
    await desk.pool.execute(
        "insert into address_note (address, channel, code, noted_at) values ($1, 'sms', '30006', $2)", phone, desk.now
    )
    await desk.pool.execute("delete from planned_event")
    await desk.pool.execute("delete from planner_mark")
    await desk.queue(0)
    assert ("email", "suppressed", "opted_out") in await told(desk)


async def test_letters_to_nobody_of_ours_are_not_taken_and_an_absence_note_changes_nothing(post):
    desk, office = post
    await queue(desk, WITHOUT_NUMBER)
    await desk.dispatch()
    [letter] = office.letters
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=office.bounces_port, start_tls=False) as line:
        await line.mail("")
        with pytest.raises(aiosmtplib.SMTPRecipientRefused):
            await line.rcpt("somebody@elsewhere.example")
        await line.rcpt(letter.sender)
        await line.data(b"Subject: I am away\r\n\r\nBack on Monday.\r\n")
    assert await told(desk) == [("email", "sent", None)]
    to = "bounces+" + "0" * 32 + "@primer.example"
    forged = bounce(to=to, about=letter.message, recipient=MAIL, action="failed", code="5.1.1")
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=office.bounces_port, start_tls=False) as line:
        await line.mail("")
        await line.rcpt(forged["To"])
        await line.data(forged.as_bytes())
    assert not await desk.pool.fetchval("select count(*) from address_note")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Content-Type: multipart/report\r\n\r\n",
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n--b--",
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Action: exploded\r\nStatus: 5.1.1\r\n\r\n--b--",
    ],
)
def test_what_is_no_report_is_none(raw: bytes):
    assert returned_in(raw) is None
