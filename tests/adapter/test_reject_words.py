"""Every reason that the adapter gives for a case it cannot read has its words in Russian, and so has every place."""

import re
from collections.abc import Iterator
from io import BytesIO
from zoneinfo import ZoneInfo

import httpx
import orjson
import pytest

from backoffice_adapter.mapping import Rejected, load
from backoffice_adapter.source import Record, Unreadable, content_hash
from backoffice_adapter.sources.files.reading import row_reader, to_record
from backoffice_adapter.sources.files.rows import quoted_rows
from backoffice_adapter.sources.rest.answers import Answers
from claims_portal.desk.says import Says
from claims_portal.desk.sources.reject_words import FORMS, RejectWords, place_words, reject_words
from tests.adapter import hostile
from tests.adapter.cases import NOON
from tests.adapter.fake_rest import SMALL, config_of
from tests.adapter.test_hostile import files

MAPPING = load(SMALL)
RUSSIAN, ENGLISH = (Says(language, ZoneInfo("Europe/Moscow"), NOON) for language in ("ru", "en"))
translate = MAPPING.translator(source="s", mapping_version=1)


def of_the_mapping() -> Iterator[str]:
    for body in hostile.values(1, 1_500):
        raw = orjson.dumps(body, default=str)
        said = translate(Record("1", raw, content_hash(raw, b""), body), NOON)
        if isinstance(said, Rejected):
            yield said.reason


def of_an_interface() -> Iterator[str]:
    answers = Answers(config_of("none", most_rejected=1), key=b"")
    for case in hostile.raw_json(1, 500):
        page = answers.page(httpx.Response(200, content=b'{"data":{"items":[' + case + b"]}}"))
        yield from (one.reason for one in page.unreadable)


def of_a_file(tmp_path) -> Iterator[str]:
    lines = [b"number,state,name", b"1,new", b'2,"new,x', b"3,new,\xff", b"4,new,\x00", b",new,x", b"x" * 300_000]
    config, _ = files(tmp_path, "csv")
    rows = quoted_rows(BytesIO(b"\n".join(lines) + b"\n"), longest=200_000)
    read = row_reader(config, rows, "a.csv")
    for row in rows:
        made = row if isinstance(row, Unreadable) else to_record(row, read, config, joined={}, key=b"", name="a.csv")
        if isinstance(made, Unreadable):
            yield made.reason


def is_told(reason: str) -> bool:
    return re.search("[а-яё]", reject_words(reason, RUSSIAN).reason.lower()) is not None


def test_each_reason_for_a_hostile_case_is_said_in_russian(tmp_path):
    reasons = {*of_the_mapping(), *of_an_interface(), *of_a_file(tmp_path)}
    assert len(reasons) > 40
    # What came may be Russian by itself: then it proves nothing.
    plain = {reason for reason in reasons if not re.search("[а-яё]", reason.lower())}
    assert not [reason for reason in plain if not is_told(reason)]


@pytest.mark.parametrize("form", FORMS)
def test_a_reason_in_english_is_the_one_that_was_written(form: str):
    reason = "claim.extra[3].sum: " + re.sub(r"\{(\w+)\}", r"<\1>", form)
    said = reject_words(reason, ENGLISH)
    assert said == RejectWords("claim.extra[3].sum", reason.partition(": ")[2])


@pytest.mark.parametrize(("reason", "field", "words"), [
    ("/claim/v1/claims/cc:1/activities: data[0].attributes.extra: is not JSON: depth limit exceeded",
     "/claim/v1/claims/cc:1/activities: data[0].attributes.extra", "это не JSON: depth limit exceeded"),
    ("share, extra: cannot be read: SQLSTATE 22012", "share, extra", "нельзя прочитать: SQLSTATE 22012"),
    ("claimant: 600 of them, more than 500", "claimant", "их 600, больше 500"),
    ("404: the claim is absent", "404", "the claim is absent"), ("", "", ""), ("a: b: c d", "a: b", "c d"),
])  # fmt: skip
def test_the_way_to_the_field_stays_and_what_has_no_form_is_said_as_it_was_written(reason: str, field: str, words: str):
    assert reject_words(reason, RUSSIAN) == RejectWords(field, words)


@pytest.mark.parametrize(("place", "russian"), [
    ("claims-01.csv, line 7", "claims-01.csv, строка 7"), ("a, line 3.xes, event 12", "a, line 3.xes, событие 12"),
    ("line 7", "строка 7"), ("the view claims_for_portal", "представление claims_for_portal"), ("the query", "запрос"),
    ("/claim/v1/claim-infos", "/claim/v1/claim-infos"), ("line seven", "line seven"),
])  # fmt: skip
def test_a_place_is_said_in_the_readers_language_and_an_address_as_it_is(place: str, russian: str):
    assert place_words(place, RUSSIAN) == russian
    assert place_words(place, ENGLISH) == place


def test_each_place_of_a_hostile_file_is_said_in_russian(tmp_path):
    config, _ = files(tmp_path, "csv")
    rows = quoted_rows(BytesIO(b'number,state,name\n2,"new,x\n,new,x\n1,new,x\n' + b"x" * 300_000), longest=200_000)
    read = row_reader(config, rows, "a.csv")
    made = [
        row if isinstance(row, Unreadable) else to_record(row, read, config, joined={}, key=b"", name="a.csv")
        for row in rows
    ]
    places = [place_words(one.place or "", RUSSIAN) for one in made]
    assert len(places) == 4
    assert all("строка" in place for place in places)
