"""What a source says of a person is kept if it can be true, else left out and counted; the claim comes in anyway."""

from datetime import date
from typing import Any

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from backoffice_adapter.mapping import parse
from backoffice_adapter.mapping.emails import read_email
from claims_core.snapshot import ClaimSnapshot
from tests.adapter.cases import NOON, as_record
from tests.adapter.test_mapping import SMALL

MAPPING = SMALL.replace(
    'phones = ["phone"]',
    'phones = ["phone"]\nemail = "email"\nbirth_date = "born"\n'
    'directory_ref = "key"\nphones_verified = { value = true }',
)


def read(**case: Any) -> tuple[ClaimSnapshot, dict[str, int]]:
    """The snapshot of a case, and what was left out of it."""
    translate = parse(MAPPING).translator(source="s", mapping_version=1)
    body = {"number": "1", "name": "A", "reported": "2026-06-01T09:00:00Z", "state": "new", "phone": "+79121234567"}
    shot = translate(as_record(body | case), NOON)
    assert isinstance(shot, ClaimSnapshot)
    return shot, {name: times for name, times in translate.take_fired().items() if "left out" in name}


def test_what_says_who_is_one_human_is_read():
    shot, left_out = read(born="1984-03-07", key="d-1", email="irina@pochta.ru")
    person = shot.policyholder
    assert (person.birth_date, person.directory_ref) == (date(1984, 3, 7), "d-1")
    assert (person.phones_verified, person.email) == (True, "irina@pochta.ru")
    assert left_out == {}


@pytest.mark.parametrize("born", ["1884-03-07", "2026-12-07", "07.03", [1984], True, "0001-01-01", "31.02.1984"])
def test_a_birth_date_that_cannot_be_true_is_left_out_and_counted(born: Any):
    shot, left_out = read(born=born)
    assert shot.policyholder.birth_date is None
    assert left_out == {"policyholder.birth_date: left out": 1}


@pytest.mark.parametrize("email", ["no", "a@b", "a b@pochta.ru", "a@@pochta.ru", ".a@pochta.ru", "a@-pochta.ru", {}])
def test_an_address_to_which_nothing_can_be_sent_is_left_out_and_counted(email: Any):
    shot, left_out = read(email=email)
    assert shot.policyholder.email is None
    assert left_out in ({"policyholder.email: left out": 1}, {} if email == {} else None)


def test_an_address_is_kept_in_its_normal_form():
    assert read_email(" Irina@POCHTA.ru ") == "Irina@pochta.ru"
    assert read_email("ирина@почта.рф") == "ирина@почта.рф"


def test_a_telephone_that_is_none_is_counted():
    assert read(phone="extension 7")[1] == {"policyholder.phones: left out": 1}


LABELS = st.text("abz0-", min_size=1, max_size=70)


@given(st.text("aZ0_.+-", max_size=20), st.lists(LABELS, min_size=1, max_size=4), st.sampled_from(["ru", "com", "org"]))
def test_the_quick_look_at_an_address_agrees_with_the_library(local: str, labels: list[str], top: str):
    said = f"{local}@{'.'.join([*labels, top])}"
    try:
        checked = validate_email(said, check_deliverability=False).normalized
    except EmailNotValidError:
        checked = None
    assert read_email(said) == checked
