"""Receipts: late, twice, in any order and from nowhere, and the books say the same."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claims_core.db import session_scope
from claims_core.errors import BadInput
from claims_core.ids import new_id
from notifier.channels.base import hash_of_token
from notifier.channels.twilio.words import STATE_OF
from notifier.people.erasing import erase_people
from notifier.reports.receipts import PARKED_FOR, record_report, report_of, signature_is_valid, unpark
from notifier.reports.receiving import Receiving
from notifier.states import FINAL_DELIVERIES, RECEIPT_RANK, DeliveryState
from tests.notifier.conftest import settings_for
from tests.notifier.queue import Desk, a_desk


@pytest.fixture
async def desk(engine, database_url):
    async with a_desk(engine, database_url) as desk:
        yield desk


async def report(desk: Desk, word: str, *, code: str | None = None, token: str | None = None, sid: str | None = None):
    """One report about the first message; token and ref are its own unless given."""
    form = {"MessageSid": sid or desk.twilio.taken[0].sid, "MessageStatus": word, "To": "+15550002222"}
    if code:
        form["ErrorCode"] = code
    async with desk.pool.acquire() as connection:
        return await record_report(
            connection, report_of(form), provider="twilio", token=token or desk.tokens()[0], now=desk.now
        )


async def sent(desk: Desk) -> Any:
    [notification_id] = await desk.queue(1)
    await desk.dispatch()
    return notification_id


async def test_a_receipt_tells_what_became_of_a_message(desk):
    notification_id = await sent(desk)
    assert await report(desk, "sent")
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["provider_status"]) == ("on_its_way", "sent")
    assert (await desk.notification(notification_id))["state"] == "sent"
    assert await report(desk, "delivered")
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["final_at"]) == ("delivered", desk.now)
    assert (await desk.notification(notification_id))["state"] == "settled"


async def test_a_message_that_was_read_is_delivered_with_the_moment(desk):
    await sent(desk)
    await report(desk, "read")
    await report(desk, "delivered")
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["provider_status"], delivery["read_at"]) == ("delivered", "read", desk.now)


async def test_the_same_receipt_is_one_row_however_often_it_comes(desk):
    await sent(desk)
    for _ in range(5):
        await report(desk, "sent")
    assert await desk.pool.fetchval("select count(*) from receipt") == 1


async def test_two_last_words_that_differ_are_kept_as_a_conflict_and_delivered_wins(desk):
    await sent(desk)
    await report(desk, "undelivered", code="30003")
    await report(desk, "delivered")
    [delivery] = await desk.deliveries()
    assert (delivery["state"], delivery["conflict"]) == ("delivered", True)


async def test_a_receipt_without_a_message_is_parked_and_matched_when_the_message_is_known(desk):
    sid = "SM" + "f" * 32
    async with desk.pool.acquire() as connection:
        form = {"MessageSid": sid, "MessageStatus": "delivered"}
        assert not await record_report(connection, report_of(form), provider="twilio", token="nobody's", now=desk.now)
    notification_id = await sent(desk)
    await desk.pool.execute("update delivery set provider_ref = $1", sid)
    async with desk.pool.acquire() as connection:
        assert await unpark(connection, now=desk.later(hours=71)) == 1
        assert await unpark(connection, now=desk.now) == 0
    assert (await desk.notification(notification_id))["state"] == "settled"


async def test_a_parked_receipt_is_forgotten_after_three_days(desk):
    await sent(desk)
    async with desk.pool.acquire() as connection:
        form = {"MessageSid": "SM" + "f" * 32, "MessageStatus": "delivered"}
        await record_report(connection, report_of(form), provider="twilio", token="nobody's", now=desk.now)
        await desk.pool.execute("update delivery set provider_ref = $1", "SM" + "f" * 32)
        assert await unpark(connection, now=desk.now + PARKED_FOR * 1.01) == 0


async def test_a_ref_that_contradicts_the_token_is_parked(desk):
    await sent(desk)
    assert not await report(desk, "delivered", sid="SM" + "e" * 32)
    assert (await desk.deliveries())[0]["state"] == "accepted"


async def test_a_ref_alone_finds_its_message(desk):
    await sent(desk)
    assert await report(desk, "delivered", token="another")
    assert (await desk.deliveries())[0]["state"] == "delivered"


async def test_a_word_that_we_do_not_know_is_kept_and_changes_nothing(desk):
    await sent(desk)
    assert await report(desk, "teleported")
    assert (await desk.deliveries())[0]["state"] == "accepted"
    assert await desk.pool.fetchval("select provider_status from receipt") == "teleported"


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"MessageSid": "SM1"},
        {"MessageStatus": "sent"},
        {"MessageSid": "", "MessageStatus": ""},
        {"MessageSid": "SM\0", "MessageStatus": "sent"},
        {"MessageSid": "S" * 10_000, "MessageStatus": "sent"},
        {"MessageSid": "SM1", "MessageStatus": "s" * 10_000},
        {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "3" * 10_000},
    ],
)
async def test_a_form_that_reports_nothing_is_bad_input(desk, form):
    async with desk.pool.acquire() as connection:
        with pytest.raises(BadInput):
            await record_report(connection, report_of(form), provider="twilio", token="t", now=desk.now)


async def test_whatever_else_is_in_the_form_is_kept_and_breaks_nothing(desk):
    await sent(desk)
    odd = {"MessageSid": desk.twilio.taken[0].sid, "MessageStatus": "sent", "New\0": "\ud800", "Long": "x" * 99_999}
    async with desk.pool.acquire() as connection:
        assert await record_report(connection, report_of(odd), provider="twilio", token=desk.tokens()[0], now=desk.now)


async def test_a_stop_known_to_the_carrier_becomes_ours(desk):
    await sent(desk)
    await report(desk, "failed", code="21610")
    assert await desk.pool.fetchval("select how from opt_out where ended_at is null") == "provider"
    assert (await desk.deliveries())[0]["error_code"] == "21610"


@pytest.mark.parametrize("code", ["21211", "21614", "30005", "30006"])
async def test_an_address_that_does_not_exist_is_noted(desk, code):
    await sent(desk)
    await report(desk, "undelivered", code=code)
    assert await desk.pool.fetchval("select code from address_note") == code


async def test_reports_that_come_together_are_written_together_and_each_is_answered(desk):
    notification_ids = await desk.queue(5)
    await desk.dispatch()
    receiving, tokens = Receiving(desk.pool), desk.tokens()
    forms = [
        ({"MessageSid": message.sid, "MessageStatus": word}, token)
        for message, token in zip(desk.twilio.taken, tokens, strict=True)
        for word in ("sent", "delivered", "sent", "read")
    ]
    stranger = ({"MessageSid": "SM" + "9" * 32, "MessageStatus": "sent"}, "nobody's")
    known = await asyncio.gather(
        *(
            receiving.receive(report_of(form), provider="twilio", token=token, now=desk.now)
            for form, token in [*forms, stranger]
        )
    )
    assert known == [True] * 20 + [False]
    assert (
        await desk.pool.fetchval("select count(*) from receipt") == 16
    )  # three words of five messages, and a stranger
    for each in notification_ids:
        assert (await desk.notification(each))["state"] == "settled"
    # So few commits that they were written together: a version of the row for each, and no more.
    assert await desk.pool.fetchval("select count(distinct xmin::text) from receipt") < 16


async def test_a_report_that_the_database_refuses_costs_only_itself(desk):
    await sent(desk)
    receiving, [token] = Receiving(desk.pool), desk.tokens()
    good = report_of({"MessageSid": desk.twilio.taken[0].sid, "MessageStatus": "delivered"})
    odd = replace(good, provider_ref="SM2", provider_status="se\0nt")
    begun = [
        asyncio.create_task(receiving.receive(each, provider="twilio", token=its, now=desk.now))
        for each, its in ((odd, "another"), (good, token), (odd, "a third"))
    ]
    found = await asyncio.gather(*begun, return_exceptions=True)
    assert [type(each) for each in found] == [asyncpg.CharacterNotInRepertoireError, bool, type(found[0])]
    assert (await desk.deliveries())[0]["state"] == "delivered"


async def test_whoever_reports_and_hangs_up_harms_nobody(desk):
    await sent(desk)
    receiving, [token] = Receiving(desk.pool), desk.tokens()
    report = report_of({"MessageSid": desk.twilio.taken[0].sid, "MessageStatus": "delivered"})
    gone = asyncio.create_task(receiving.receive(report, provider="twilio", token=token, now=desk.now))
    await asyncio.sleep(0)
    gone.cancel()
    assert await receiving.receive(report, provider="twilio", token=token, now=desk.now)
    assert (await desk.deliveries())[0]["state"] == "delivered"


async def test_a_receipt_for_an_older_attempt_does_not_end_what_is_under_way(desk):
    notification_id = await sent(desk)
    [first] = await desk.deliveries()
    await a_second_attempt(desk, first)
    await desk.pool.execute("update notification set state = 'sent' where id = $1", notification_id)
    await report(desk, "undelivered")
    assert (await desk.notification(notification_id))["state"] == "sent"
    # If the first one has arrived after all, the person has been told.
    await report(desk, "delivered")
    assert (await desk.notification(notification_id))["state"] == "settled"


async def a_second_attempt(desk: Desk, first: dict[str, Any]) -> None:
    await desk.pool.execute(
        "insert into delivery (id, notification_id, attempt, token_hash, channel, provider, address, text, segments,"
        " state, worker, started_at, send_by, conflict) select $2, notification_id, 2, $3, channel, provider, address,"
        " text, 1, 'sending', worker, started_at, send_by, false from delivery where id = $1",
        first["id"],
        new_id(),
        b"another",
    )


@pytest.fixture(scope="module")
def numbers():
    return itertools.count()


reports = st.lists(
    st.tuples(st.sampled_from(sorted(STATE_OF)), st.sampled_from([None, "30003", "30005", "30008"])),
    min_size=1,
    max_size=7,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=reports, again=st.randoms(use_true_random=False))
async def test_the_last_state_depends_on_the_set_of_reports_alone(desk, numbers, told, again):
    """Any order, any number of repeats, all at once: the same books as a model that knows only the set."""
    if not desk.twilio.taken:
        await sent(desk)
    [template, *_] = await desk.deliveries()
    number = next(numbers)
    delivery_id, token, sid = new_id(), f"token {number}", f"SM{number:032x}"
    await desk.pool.execute(
        "insert into delivery (id, notification_id, attempt, token_hash, channel, provider, address, text, segments,"
        " state, worker, started_at, send_by, conflict) select $2, notification_id, $3, $4, channel, provider,"
        " address, text, 1, 'sending', worker, started_at, send_by, false from delivery where id = $1",
        template["id"],
        delivery_id,
        number + 1000,
        hash_of_token(token),
    )
    sequence = [*told, told[0], told[-1]]
    again.shuffle(sequence)
    receiving = Receiving(desk.pool)
    forms = [
        {"MessageSid": sid, "MessageStatus": word} | ({"ErrorCode": code} if code else {}) for word, code in sequence
    ]
    taken = (receiving.receive(report_of(form), provider="twilio", token=token, now=desk.now) for form in forms)
    await asyncio.gather(*taken)
    row = await desk.pool.fetchrow("select * from delivery where id = $1", delivery_id)
    assert row is not None
    states = {STATE_OF[word] for word, _ in told}
    highest = max(states, key=RECEIPT_RANK.__getitem__)
    among = [(word, code) for word, code in told if STATE_OF[word] is highest]
    assert row["state"] == highest
    assert row["provider_status"] == max(word for word, _ in among)
    assert row["error_code"] == max((code for _, code in among if code), default=None)
    assert row["conflict"] == ({DeliveryState.DELIVERED, DeliveryState.UNDELIVERED} <= states)
    assert (row["read_at"] is not None) == any(word == "read" for word, _ in told)
    assert (row["final_at"] is not None) == any(state in FINAL_DELIVERIES for state in states)


def test_the_signature_is_checked_against_the_configured_address():
    assert not signature_is_valid(settings_for("http://127.0.0.1:9"), "https://elsewhere.example", {}, "x")


@pytest.mark.parametrize("parked", [False, True])
async def test_a_receipt_that_comes_after_an_erasure_counts_and_is_kept_without_the_telephone(desk, parked):
    await sent(desk)
    sid = desk.twilio.taken[0].sid
    if parked:  # the answer to our call was still on its way when the report came
        await desk.pool.execute("update delivery set provider_ref = null")
        assert not await report(desk, "delivered", token="nobody's")
        await desk.pool.execute("update delivery set provider_ref = $1", sid)
    async with session_scope(desk.engine) as session:
        people = [await desk.pool.fetchval("select recipient_id from notification")]
        await erase_people(session, people, [], now=desk.now)
    if parked:
        async with desk.pool.acquire() as connection:
            assert await unpark(connection, now=desk.now) == 1
    else:
        assert await report(desk, "delivered")
    [delivery] = await desk.deliveries()
    assert delivery["state"] == "delivered"
    assert [row["raw"] for row in await desk.pool.fetch("select raw::text from receipt")] == ["{}"]
