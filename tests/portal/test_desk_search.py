"""The search of the desk: what a caller says, as it is heard and typed, leads to the claim."""

import re

import asyncpg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from claims_core.tables import ClaimNumber
from claims_core.tables.searched import CLAIM_WORDS, NAME_WORDS, OLD_NUMBER_WORDS, PHONE_ENDING
from claims_portal.desk.queue import finding
from claims_portal.desk.queue.finding import find, phones_in
from claims_portal.desk.queue.searched import asked_for, nominatives
from tests.factories import a_claim, a_person
from tests.portal.portal import NOON

# A surname or a name as it is kept, and the other cases of it as one hears them.
CASES = {
    "Петров": "Петрова Петрову Петровым Петрове",
    "Петрова": "Петровой Петрову",
    "Ильин": "Ильина Ильину Ильиным Ильине",
    "Ковалевская": "Ковалевской Ковалевскую",
    "Горький": "Горького Горькому Горьким Горьком",
    "Толстой": "Толстого Толстому Толстым Толстом",
    "Гоголь": "Гоголя Гоголю Гоголем Гоголе",
    "Берия": "Берии Берию Берией",
    "Цой": "Цоя Цою Цоем Цое",
    "Ким": "Кима Киму Кимом Киме",
    "Сковорода": "Сковороды Сковороде Сковороду Сковородой",
    "Кравец": "Кравца Кравцу Кравцом Кравце",
    "Королёк": "Королька Корольку Корольком Корольке",
    "Соловей": "Соловья Соловью Соловьём Соловье",
    "Заяц": "Зайца Зайцу Зайцем Зайце",
    "Шевченко": "Шевченко",
    "Черных": "Черных",
    "Павел": "Павла Павлу Павлом Павле",
    "Лев": "Льва Льву Львом Льве",
    "Илья": "Ильи Илье Илью Ильёй",
    "Мария": "Марии Марию Марией",
    "Игорь": "Игоря Игорю Игорем Игоре",
}


async def found(session, typed):
    return await find(session, typed, countries=("ru",))


@pytest.mark.parametrize("kept", CASES)
def test_a_name_is_recognised_in_each_of_its_cases(kept):
    plain = kept.lower().replace("ё", "е")
    for case in (kept, *CASES[kept].split()):
        assert plain in nominatives(case.lower().replace("ё", "е")), case


async def test_a_claim_is_found_by_any_declension_of_a_surname_and_by_how_it_begins(session):
    wanted = await a_claim(session, policyholder=a_person(name="Ольга Петрёва-Водкина"))
    await a_claim(session, policyholder=a_person(name="Пётр Петренко"))
    for typed in ("петревой", "Ольге Петрёвой", "ВОДКИНУ", "Петрева-Водкина", "петрёвой ольги", "Петрев"):
        assert await found(session, typed) == [wanted.id], typed


async def test_a_husband_is_found_beside_his_wife_and_nobody_with_a_longer_name(session):
    they = [await a_claim(session, policyholder=a_person(name=name)) for name in ("Иван Белов", "Анна Белова")]
    await a_claim(session, policyholder=a_person(name="Олег Белый"))
    assert set(await found(session, "Белову")) == {claim.id for claim in they}


@pytest.mark.parametrize("kept", ["Лада Веста А123ВС777", "Lada Vesta, A123BC777", "Лада, А 123 ВС 777"])
async def test_a_plate_is_found_in_either_alphabet_with_and_without_spaces(session, kept):
    wanted = await a_claim(session, object_label=kept)
    await a_claim(session, object_label="Лада Веста А124ВС777")
    for typed in ("А123ВС777", "a123bc777", "а 123 вс 777", "A123вс 777", f"{kept[:4]} a123bc777"):
        assert await found(session, typed) == [wanted.id], typed


async def test_a_claim_is_found_by_any_writing_of_its_phone_and_by_the_last_four_digits(session):
    wanted = await a_claim(session, policyholder=a_person(name="Ольга Белова", phones=("+79035557788",)))
    await a_claim(session)
    for typed in ("+7 903 555-77-88", "8 (903) 555 77 88", "79035557788", "7788", "Беловой 7788"):
        assert await found(session, typed) == [wanted.id], typed
    assert await found(session, "Петрову 7788") == []


async def test_a_claim_is_found_by_its_number_a_part_of_it_its_policy_and_a_number_of_before(session):
    wanted = await a_claim(
        session, claim_number="2041-7785", policy_number="KS/44.12", policyholder=a_person(name="И. Цой")
    )
    await a_claim(session, claim_number="2041-0001")
    session.add(ClaimNumber(claim_id=wanted.id, number="OLD-77", replaced_at=NOON))
    await session.flush()
    for typed in ("2041-7785", "2041 7785", "7785", "778", "ks/44.12", "old-77", "Цою 7785"):
        assert await found(session, typed) == [wanted.id], typed


@pytest.mark.parametrize(
    "typed", ["%", "_", "\\", "%%", "*", "' or 1=1 --", "():*&|!", "К_валёва", "х" * 100, "", "٣٤٥٦"]
)
async def test_signs_find_nothing_and_break_nothing(session, typed):
    await a_claim(session, claim_number="2041-0002")
    assert await found(session, typed) == []


async def test_a_server_without_a_locale_keeps_capitals_and_they_are_found(server_url):
    connection = await asyncpg.connect(server_url)
    try:
        for kept in ("Ковалёва", "КОВАЛЕВА", "ковалева"):
            lexemes = f"to_tsvector('simple', replace(replace('{kept}', 'ё', 'е'), 'Ё', 'Е'))"
            asked = asked_for("Ковалёвой").whole
            # As that server would keep it: nothing made small.
            kept_as_is = f"array_to_tsvector(array['{kept.replace('ё', 'е')}'])"
            assert await connection.fetchval(f"select {kept_as_is} @@ $1::text::tsquery", asked), kept
            assert await connection.fetchval(f"select {lexemes} @@ $1::text::tsquery", asked), kept
    finally:
        await connection.close()


async def test_each_way_of_searching_is_an_index(session):
    connection = await session.connection()
    await connection.exec_driver_sql("set local enable_seqscan = off")
    # A table that was just tidied has no row to fetch: any index that has the kind would seem as good.
    await connection.exec_driver_sql("set local enable_indexonlyscan = off")
    for table, expression, sought in (
        ("claim", CLAIM_WORDS, "@@ 'a'::tsquery"),
        ("policyholder", NAME_WORDS, "@@ 'a'::tsquery"),
        ("claim_number", OLD_NUMBER_WORDS, "@@ 'a'::tsquery"),
        ("contact_point", PHONE_ENDING, "= '7788' and kind = 'phone'"),
    ):
        plan = await connection.exec_driver_sql(f"explain select from {table} where {expression} {sought}")
        assert "Index Scan" in str(plan.all()), table


async def test_of_a_word_that_is_everywhere_only_so_many_are_shown(session, monkeypatch):
    monkeypatch.setattr(finding, "MOST_FOUND", 2)
    for _ in range(3):
        await a_claim(session, policyholder=a_person(name="Иван Белов"))
    assert len(await found(session, "Белов")) == 2


@given(typed=st.text(max_size=100))
@example(typed="'\\'':*")
@example(typed="a" * 100)
def test_whatever_is_typed_looks_for_words_of_letters_and_digits_alone(typed):
    asked = asked_for(typed)
    for query in (asked.whole, asked.names, asked.numbers):
        assert not re.sub(r"'[^\W_]+'(:\*)?|[()&| ]", "", query)
    assert asked.is_empty == (not re.search(r"[^\W_]", typed.lower()))


@pytest.mark.parametrize("typed", ["2041", "Kim", "٣٤٥٦٧٨٩", "++++7777777"])
def test_what_is_no_telephone_number_is_not_looked_up_as_one(typed):
    assert all(number.startswith("+") for number in phones_in(typed, ("ru", "us")))
