"""How long claims take, for anybody: the rows of last night, in words, in a picture and as a table."""

import csv

import pytest

from claims_core.db import session_scope
from tests.portal.counted import NUMBERS, figure


@pytest.fixture
async def counted(engine) -> None:
    async with session_scope(engine) as session:
        session.add_all([figure("motor"), figure("travel", numbers={"few": True})])


async def read(browser, path: str) -> str:
    answer = await browser.get(path)
    assert answer.status_code == 200
    return answer.text.replace("\xa0", " ")


async def test_the_page_says_the_numbers_of_last_night_in_both_languages(browser, counted):
    russian, english = await read(browser, "/ru/how-long"), await read(browser, "/en/how-long")
    for said in ("КАСКО", "Половина за", "15 дней", "37 дней", "7 из 100", "Свой срок мы выдержали в 88 делах из 100"):
        assert said in russian
    for said in ("8 of 10 are over within", "37 days", "12, answered by their day: 11", "Counted 1 June 2026, 12:00."):
        assert said in english


async def test_one_comes_to_it_from_the_start_page(browser):
    assert 'href="/how-long"' in await read(browser, "/")


async def test_the_picture_and_its_table_say_the_same_and_add_up_to_a_hundred(browser, counted):
    page = await read(browser, "/en/how-long/motor")
    parts = [20, 28, 12, 10, 6, 8, 4, 3, 3, 6]
    assert sum(parts) == 100
    for n in parts:
        assert f">{n}</text>" in page
        assert f'<td class="r">{n}</td>' in page
    assert [f'<td class="r">{n}</td>' in page for n in (70, 15, 8, 7)] == [True] * 4


async def test_of_few_claims_and_of_no_night_yet_the_page_says_that(browser, engine):
    assert "Nothing has been counted yet" in await read(browser, "/en/how-long")
    async with session_scope(engine) as session:
        session.add(figure("travel", numbers={"few": True}))
    assert "Fewer than 30 claims" in await read(browser, "/en/how-long/travel")


async def test_what_nobody_was_watched_long_enough_for_is_called_unknown(browser, engine):
    young = NUMBERS | {
        "within": {"14": 0.4, "30": None, "60": None}, "half": None, "eight_in_ten": None, "ended": None,
        "weeks": [0.2, 0.4, *([None] * 7)], "by_size": None, "promises": None, "complaints": None,
    }  # fmt: skip
    async with session_scope(engine) as session:
        session.add_all([figure("motor", numbers=young), figure("motor", numbers=young, period="before")])
    page = await read(browser, "/en/how-long")
    assert page.count("not known yet") == 7
    assert "day 15 and later, or still open" in page


async def test_the_table_for_programs_has_what_the_page_says_and_nothing_finer(browser, counted):
    rows = list(csv.DictReader((await browser.get("/how-long.csv")).text.splitlines()))
    assert [row["line"] for row in rows] == ["motor", "travel"]
    assert (rows[0]["settled_in_14_days"], rows[0]["promises_kept"]) == ("0.48", "176")
    assert rows[1]["claims"] == ""


async def test_a_line_that_there_is_not_is_not_found(browser):
    assert (await browser.get("/how-long/boats")).status_code == 404
