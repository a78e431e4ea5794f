"""Which rows of back offices are one human, and which must stay apart (pure). A name never joins anybody."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations, product
from unicodedata import name as letter_name
from uuid import UUID

# A telephone that more people than this have on file belongs to an office, an agent or a family: it proves nobody.
MOST_ON_A_PHONE = 3
# Two rows, the smaller id first.
Pair = tuple[UUID, UUID]


class JoinBasis(StrEnum):
    """Why two rows are held for one human."""

    SOURCE_PERSON_ID = "source_person_id"
    PHONE_AND_BIRTH_DATE = "phone_and_birth_date"
    BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of one row: `phones` on file in E.164, `proven` those of them that are known to be theirs.

    `directory_ref` is the person's key in the directory that all sources of an insurer share. There is no family
    name here. The given name only ever keeps two rows apart.
    """

    id: UUID
    source: str
    birth_date: date | None = None
    directory_ref: str | None = None
    given_name: str | None = None
    phones: frozenset[str] = frozenset()
    proven: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Join:
    """Two rows of one human, and why."""

    pair: Pair
    basis: JoinBasis


def pair_of(one: UUID, other: UUID) -> Pair:
    """The two in their order, so that a pair has one name."""
    return (one, other) if one < other else (other, one)


def humans(rows: Iterable[UUID], joined: Iterable[Pair]) -> dict[UUID, frozenset[UUID]]:
    """Each row's human: all rows that joins lead to from it, itself among them."""
    found = {row: frozenset((row,)) for row in rows}
    for one, other in joined:
        together = found.get(one, frozenset((one,))) | found.get(other, frozenset((other,)))
        found.update(dict.fromkeys(together, together))
    return found


def joins_among(
    people: Collection[PersonFacts], *, joined: Collection[Pair] = (), apart: Collection[Pair] = ()
) -> list[Join]:
    """The joins to make among `people`, who are `joined` already; the same whatever their order.

    The key of the shared directory decides. Where it says nothing, rows of different sources are one human when a
    proven telephone and the birth date are equal. What is `apart` was undone once and is never joined again here.
    """
    known = {person.id: person for person in people}
    human, forbidden, found = humans(known, joined), frozenset(apart), []
    for basis, group in _groups(known, human):
        for one, other in combinations(sorted(group), 2):
            if human[one] == human[other] or _kept_apart(human[one], human[other], forbidden, known, basis):
                continue
            found.append(Join((one, other), basis))
            human.update(dict.fromkeys(together := human[one] | human[other], together))
    return found


def contradicted(basis: JoinBasis, one: PersonFacts, other: PersonFacts) -> bool:
    """Has what a join was made of turned out wrong since? What a person joined, only a person undoes."""
    if basis is JoinBasis.BY_HAND:
        return False
    other_day = basis is JoinBasis.PHONE_AND_BIRTH_DATE and _differ(one.birth_date, other.birth_date)
    return other_day or _differ(one.directory_ref, other.directory_ref)


def _groups(
    known: Mapping[UUID, PersonFacts], human: Mapping[UUID, frozenset[UUID]]
) -> Iterator[tuple[JoinBasis, list[UUID]]]:
    """The rows that one fact holds together: by directory first, then by telephone and birth date."""
    by_ref: dict[str, list[UUID]] = defaultdict(list)
    by_phone: dict[str, list[PersonFacts]] = defaultdict(list)
    for person in known.values():
        if person.directory_ref:
            by_ref[person.directory_ref].append(person.id)
        for phone in person.phones:
            by_phone[phone].append(person)
    for ref in sorted(by_ref):
        yield JoinBasis.SOURCE_PERSON_ID, by_ref[ref]
    for phone in sorted(by_phone):
        on_file = by_phone[phone]
        if not any(phone in person.proven for person in on_file) or _is_shared_by_many(on_file):
            continue
        by_day: dict[date, list[PersonFacts]] = defaultdict(list)
        for person in on_file:
            if person.birth_date is not None:
                by_day[person.birth_date].append(person)
        for day in sorted(by_day):
            if _proven_and_clear(phone, by_day[day], human):
                yield JoinBasis.PHONE_AND_BIRTH_DATE, [person.id for person in by_day[day]]


def _is_shared_by_many(on_file: Iterable[PersonFacts]) -> bool:
    return len({person.birth_date or person.id for person in on_file}) > MOST_ON_A_PHONE


def _proven_and_clear(phone: str, group: list[PersonFacts], human: Mapping[UUID, frozenset[UUID]]) -> bool:
    """One of them proved the telephone, and no two of them are told apart: twins share a day, and often a number."""
    if not any(phone in person.proven for person in group):
        return False
    others = (pair for pair in combinations(group, 2) if human[pair[0].id] != human[pair[1].id])
    return not any(_are_two(one, other) for one, other in others)


def _kept_apart(
    here: frozenset[UUID],
    there: frozenset[UUID],
    apart: frozenset[Pair],
    known: Mapping[UUID, PersonFacts],
    basis: JoinBasis,
) -> bool:
    """Is any of these known not to be any of those?"""
    for one, other in product(here, there):
        if pair_of(one, other) in apart:
            return True
        both_known = one in known and other in known
        if basis is JoinBasis.PHONE_AND_BIRTH_DATE and both_known and _are_two(known[one], known[other]):
            return True
    return False


def _are_two(one: PersonFacts, other: PersonFacts) -> bool:
    """Says anything that these are two people? One back office that has two keys for them says so."""
    return (
        one.source == other.source
        or _differ(one.birth_date, other.birth_date)
        or _differ(one.directory_ref, other.directory_ref)
        or _differ(*_comparable(one.given_name, other.given_name))
    )


def _differ(one: object, other: object) -> bool:
    return one is not None and other is not None and one != other


def _comparable(one: str | None, other: str | None) -> tuple[str | None, str | None]:
    """The first given names, if both are written in one alphabet; Anna and Анна cannot be compared."""
    words = [" ".join((said or "").split()[:1]).casefold().replace("ё", "е") for said in (one, other)]
    if not all(words) or _alphabet(words[0]) != _alphabet(words[1]):
        return None, None
    return words[0], words[1]


def _alphabet(word: str) -> str:
    return letter_name(word[0], "").partition(" ")[0]
