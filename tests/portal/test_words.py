"""Both languages say everything, and dates and sums look as a person writes them."""

import ast
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.extract import extract_from_dir

from claims_core.files import folder
from claims_core.i18n import (
    format_date,
    format_relative,
    format_time,
    masked_phone,
    money,
    short_date,
    short_money,
    translations,
)
from claims_core.i18n.catalogue import read_catalogue

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 6, 1)
SPOKEN = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None, "told": None, "said": None, "say": None}
SPOKEN |= {"counted": (1, 2), "say_count": (1, 2)}
MARKED = {"_": None, "marked": None}  # what the notifier leaves to a page to say; its `say` speaks on a call
NBSP = "\u00a0"


def said_msgids() -> Iterator[tuple[str, ...]]:
    """Every text that code and page templates say."""
    for package, words in (("claims_core", SPOKEN), ("claims_portal", SPOKEN), ("notifier", MARKED)):
        for found in extract_from_dir(ROOT / package, [("**.py", "python")], keywords=words):
            yield _as_tuple(found[2])
    for part in ("pages", "partials", "desk"):
        method = [("**.html", "jinja2")]
        options = {"**.html": {"trimmed": "true", "silent": "false"}}
        for found in extract_from_dir(folder("templates") / part, method, options, keywords=SPOKEN):
            yield _as_tuple(found[2])


def _as_tuple(message: object) -> tuple[str, ...]:
    return tuple(message) if isinstance(message, (list, tuple)) else (str(message),)


def catalogue():
    return read_catalogue("ru")


def test_every_text_of_a_page_is_said_in_russian_and_none_is_kept_for_nothing():
    said = {message[0] for message in said_msgids()}
    ours = catalogue()
    known = {m.id[0] if isinstance(m.id, tuple) else m.id: m.string for m in ours if m.id}
    assert said - set(known) == set()
    assert set(known) - said == set()
    empty = [msgid for msgid, text in known.items() if not all([text] if isinstance(text, str) else text)]
    assert empty == []


def test_both_languages_name_the_same_values():
    for message in catalogue():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = set().union(*(_names(text) for text in ids))
        for text in texts:
            assert _names(text) <= wanted, message.id


def _names(text: str) -> set[str]:
    tree = ast.parse("f" + repr(text), mode="eval")
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_russian_has_its_three_forms():
    counted = translations("ru").ngettext
    said = [counted("in {n} day", "in {n} days", n).format(n=n) for n in (1, 2, 5, 21)]
    assert said == ["через 1 день", "через 2 дня", "через 5 дней", "через 21 день"]


@pytest.mark.parametrize(
    ("language", "long", "short"),
    [("ru", "4 июня, четверг", "04.06"), ("en", "Thursday 4 June", "4 Jun")],
)
def test_a_date_reads_as_a_person_says_it(language: str, long: str, short: str):
    assert format_date(date(2026, 6, 4), language, today=TODAY, plain=True) == long
    assert format_date(date(2026, 6, 4), language, today=TODAY).replace(NBSP, " ") == long
    assert short_date(date(2026, 6, 4), language) == short


def test_the_year_is_said_only_when_it_is_another():
    assert format_date(date(2027, 1, 15), "ru", today=TODAY, plain=True) == "15 января 2027, пятница"


def test_days_away_are_counted_from_today():
    said = [format_relative(date(2026, 6, day), TODAY, "ru").replace(NBSP, " ") for day in (1, 2, 4)]
    assert said == ["сегодня", "завтра", "через 3 дня"]
    assert format_relative(date(2026, 5, 30), TODAY, "en").replace(NBSP, " ") == "2 days ago"


def test_a_time_is_the_readers_own():
    assert format_time(datetime(2026, 6, 1, 7, 24, tzinfo=UTC), ZoneInfo("Europe/Moscow")) == "10:24"


@pytest.mark.parametrize(
    ("amount", "currency", "language", "page", "sms"),
    [
        ("184300", "RUB", "ru", "184 300 ₽", "184 300 ₽"),
        ("184300", "RUB", "en", "184,300 ₽", "RUB 184,300"),
        ("-10000", "RUB", "ru", "− 10 000 ₽", "-10 000 ₽"),
        ("1234.5", "USD", "en", "$1,234.50", "USD 1,234.50"),
        ("1234.5", "RUB", "ru", "1 234,50 ₽", "1 234,50 ₽"),
    ],
)
def test_a_sum_reads_as_a_person_writes_it(amount: str, currency: str, language: str, page: str, sms: str):
    assert money(Decimal(amount), currency, language).replace(NBSP, " ") == page
    assert short_money(Decimal(amount), currency, language) == sms


def test_an_owner_knows_their_masked_number():
    assert masked_phone("+79121234567").replace(NBSP, " ") == "+7 912 ···· 45-67"
    assert masked_phone("+15550142345").replace(NBSP, " ") == "+1 555 ···· 23-45"
