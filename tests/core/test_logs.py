"""What a log line shows, and what it never shows."""

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims_core import logs


def lines(*, as_json: bool, **fields: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(as_json=as_json))
    log = logging.Logger("notifier.dispatch")
    log.addHandler(handler)
    log.warning("delivery_unconfirmed", extra=fields)
    return stream.getvalue()


def test_a_log_line_is_one_json_object_with_the_event_and_its_fields():
    line = json.loads(lines(as_json=True, delivery_id="018f", minutes=15))
    assert line["event"] == "delivery_unconfirmed"
    assert (line["level"], line["logger"]) == ("warning", "notifier.dispatch")
    assert (line["delivery_id"], line["minutes"]) == ("018f", 15)
    assert line["timestamp"].endswith("Z")


def test_a_person_at_a_terminal_reads_plain_text():
    line = lines(as_json=False, minutes=15)
    assert "delivery_unconfirmed" in line
    assert "minutes=15" in line
    assert not line.startswith("{")


@pytest.mark.parametrize(
    "said",
    [
        "sent to +79161234567",
        "sent to 89161234567.",
        "to 79161234567",
        "from anna.petrova@example.org",
        "your code: 482913",
        "код подтверждения 482913",
        "Код 482913",
    ],
)
@pytest.mark.parametrize("as_json", [True, False])
def test_a_telephone_number_an_address_and_a_code_are_masked_wherever_they_stand(said: str, as_json: bool):
    for line in (lines(as_json=as_json, problem=said), lines(as_json=as_json, detail={"inner": [said]})):
        for secret in ("9161234", "anna", "482913"):
            assert secret not in line


def test_a_field_that_is_personal_by_its_name_is_masked_whatever_it_holds():
    line = lines(as_json=True, phone="eight nine one six", detail={"Authorization": "Basic abc"})
    assert "nine" not in line
    assert "Basic" not in line


def test_a_traceback_is_masked_too():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(as_json=True))
    log = logging.Logger("x")
    log.addHandler(handler)
    try:
        raise ValueError("no route to +79161234567")
    except ValueError:
        log.exception("dispatch_failed")
    line = json.loads(stream.getvalue())
    assert "ValueError" in line["exception"]
    assert "9161234" not in stream.getvalue()


@given(st.text(alphabet="+0123456789 abкод:", max_size=60))
def test_masking_twice_is_masking_once(text: str):
    once = logs.mask(text)
    assert logs.mask(once) == once


def test_ids_and_counts_are_not_taken_for_telephone_numbers():
    for harmless in ("018f3a5e-7c1d-7a2b-9c3d-4e5f6a7b8c9d", "2026-11-22T03:34:09Z", "2812 rows", "0004"):
        assert logs.mask(harmless) == harmless


def test_the_address_of_a_request_of_ours_is_no_line_of_the_log():
    """A token of a bot is part of it, or the key of a case."""
    caught, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.set_up(stream=caught)
        for client in ("httpx", "httpcore.http11"):
            logging.getLogger(client).info("HTTP Request: POST https://api.telegram.org/bot123:secret/sendMessage")
        logging.getLogger("httpx").warning("a certificate ends soon")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert "secret" not in caught.getvalue()
    assert "a certificate ends soon" in caught.getvalue()
