"""Who is one human is decided by keys and proven telephones, never by a name; and every decision can be taken back."""

from dataclasses import replace
from datetime import date
from itertools import combinations
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from claims_core.identity import JoinBasis, PersonFacts, contradicted, humans, joins_among, pair_of

DAY, OTHER_DAY = date(1984, 3, 7), date(1991, 12, 30)
PHONE = frozenset({"+79121234567"})


def row(number: int, source: str = "a", **facts: object) -> PersonFacts:
    return PersonFacts(UUID(int=number), source, **facts)  # type: ignore[arg-type]


def proved(number: int, source: str, **facts: object) -> PersonFacts:
    return row(number, source, **{"birth_date": DAY, "phones": PHONE, "proven": PHONE} | facts)


PHONES = st.frozensets(st.sampled_from(["+71", "+72", "+73"]), max_size=2)
PEOPLE = st.lists(
    st.builds(
        PersonFacts,
        id=st.uuids(),
        source=st.sampled_from("abc"),
        birth_date=st.sampled_from([None, DAY, OTHER_DAY]),
        directory_ref=st.sampled_from([None, None, "d1", "d2"]),
        given_name=st.sampled_from([None, "Анна", "Boris", "Ирина Сергеевна"]),
        phones=PHONES,
        proven=PHONES,
    ),
    max_size=8,
    unique_by=lambda person: person.id,
)


@given(PEOPLE)
def test_nobody_is_joined_without_a_key_or_a_proven_telephone_with_the_birth_date(people: list[PersonFacts]):
    known = {person.id: person for person in people}
    for join in joins_among(people):
        one, other = (known[each] for each in join.pair)
        same_key = one.directory_ref is not None and one.directory_ref == other.directory_ref
        same_day = one.birth_date is not None and one.birth_date == other.birth_date
        assert same_key or (same_day and one.phones & other.phones & frozenset().union(*(p.proven for p in people)))
        assert same_key or one.source != other.source


@given(PEOPLE)
def test_a_name_joins_nobody(people: list[PersonFacts]):
    """Two rows with names are joined only if they are without: a name may refuse.

    Among more rows it may also decide with whom: without names A might go with B, and then C, of whose source B has
    another row, could not go with A.
    """
    for pair in combinations(people, 2):
        nameless = [replace(person, given_name=None) for person in pair]
        assert {join.pair for join in joins_among(pair)} <= {join.pair for join in joins_among(nameless)}
    alike = [PersonFacts(p.id, p.source, given_name="Анна") for p in people]
    assert joins_among(alike) == []


@given(PEOPLE, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(people: list[PersonFacts], chance: object):
    shuffled = people[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert joins_among(people) == joins_among(shuffled)


@given(PEOPLE)
def test_what_is_joined_already_is_not_joined_again(people: list[PersonFacts]):
    made = [join.pair for join in joins_among(people)]
    assert joins_among(people, joined=made) == []


@given(PEOPLE, st.data())
def test_an_undone_join_restores_what_was_and_does_not_come_back(people: list[PersonFacts], data: st.DataObject):
    rows = [person.id for person in people]
    made = [join.pair for join in joins_among(people)]
    if not made:
        return
    undone = data.draw(st.sampled_from(made))
    left = [pair for pair in made if pair != undone]
    split = humans(rows, left)
    assert undone[1] not in split[undone[0]]
    assert split[undone[0]] | split[undone[1]] == humans(rows, made)[undone[0]]
    again = joins_among(people, joined=left, apart=[undone])
    assert undone[1] not in humans(rows, [*left, *(join.pair for join in again)])[undone[0]]


@given(st.lists(st.tuples(st.uuids(), st.uuids()), max_size=8))
def test_being_one_human_is_mutual(pairs: list[tuple[UUID, UUID]]):
    found = humans([each for pair in pairs for each in pair], pairs)
    assert all(found[one] == found[other] for one, other in pairs)
    assert all(found[each] == group for group in found.values() for each in group)


def test_a_proven_telephone_and_the_birth_date_join_two_sources():
    [join] = joins_among([proved(1, "a"), proved(2, "b", proven=frozenset())])
    assert join.pair == pair_of(UUID(int=2), UUID(int=1))
    assert join.basis is JoinBasis.PHONE_AND_BIRTH_DATE


def test_a_telephone_that_nobody_proved_joins_nobody():
    assert joins_among([proved(1, "a", proven=frozenset()), proved(2, "b", proven=frozenset())]) == []


def test_another_birth_date_or_none_keeps_apart():
    assert joins_among([proved(1, "a"), proved(2, "b", birth_date=OTHER_DAY), proved(3, "c", birth_date=None)]) == []


def test_twins_with_one_telephone_are_not_told_apart_and_so_joined_with_nobody():
    assert joins_among([proved(1, "a"), proved(2, "a"), proved(3, "b")]) == []


def test_two_given_names_in_one_alphabet_are_two_people():
    assert joins_among([proved(1, "a", given_name="Анна"), proved(2, "b", given_name="Мария Ивановна")]) == []
    assert len(joins_among([proved(1, "a", given_name="Артём"), proved(2, "b", given_name="АРТЕМ ИВАНОВИЧ")])) == 1
    assert len(joins_among([proved(1, "a", given_name="Анна"), proved(2, "b", given_name="Anna")])) == 1


def test_a_telephone_of_many_proves_nobody():
    others = [proved(number, f"s{number}", birth_date=date(1970, 1, number)) for number in range(3, 6)]
    assert joins_among([proved(1, "a"), proved(2, "b"), *others]) == []
    assert len(joins_among([proved(1, "a"), proved(2, "b"), *others[:2]])) == 1


def test_the_directory_decides_before_all_else():
    same = [row(1, "a", directory_ref="d"), row(2, "a", directory_ref="d", birth_date=DAY)]
    assert [join.basis for join in joins_among(same)] == [JoinBasis.SOURCE_PERSON_ID]
    assert joins_among([proved(1, "a", directory_ref="d"), proved(2, "b", directory_ref="e")]) == []


def test_a_corrected_fact_ends_what_it_had_joined_but_not_what_a_person_joined():
    one, other = proved(1, "a"), proved(2, "b", birth_date=OTHER_DAY)
    assert contradicted(JoinBasis.PHONE_AND_BIRTH_DATE, one, other)
    assert not contradicted(JoinBasis.SOURCE_PERSON_ID, one, other)
    assert not contradicted(JoinBasis.BY_HAND, one, other)
