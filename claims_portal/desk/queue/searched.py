"""What somebody typed into the search of the desk, as words to look for (pure).

A caller is noted as "Петровой, 77-85": any case of the surname, a part of the number, a plate in either alphabet. The
database keeps names in the nominative and looks words up exactly or by their beginning, so the cases are undone here.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

# Endings of the cases of names and surnames, and what a nominative may end with (Russian grammar of 1980, 1140-1250).
_CASES = (
    *("а", "я", "у", "ю", "ы", "и", "е", "о", "ь", "й"),
    *("ой", "ей", "ою", "ею", "ом", "ем", "ым", "им", "ых", "их", "ий", "ый", "ая", "яя", "ую", "юю", "ах", "ях"),
    *("ии", "ию", "ого", "его", "ому", "ему", "ыми", "ими", "ами", "ями", "ием", "ией"),
)
_NOMINATIVES = ("", "а", "я", "й", "ь", "о", "ий", "ый", "ой", "ая", "яя", "ия")
SHORTEST_STEM = 2
# Of a word that is still being typed, this many letters are enough to look for its beginning.
SHORTEST_BEGINNING = 3
_CYRILLIC = re.compile(r"[а-я]+")
_VOWELS = "аеиоуыэюя"
_WORD = re.compile(r"[^\W_]+")
# Letters that a Russian plate may have, and what they look like (GOST R 50577-2018, 3.2).
_LATIN_OF = str.maketrans("авекмнорстух", "abekmhopctyx")
_CYRILLIC_OF = str.maketrans("abekmhopctyx", "авекмнорстух")
_PLATE = re.compile(
    r"(?<![^\W_])([авекмнорстухabekmhopctyx])\s*(\d{3})\s*([авекмнорстухabekmhopctyx]{2})\s*(\d{2,3})(?!\w)"
)
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: every word, and apart from them those of a person and those of a number or a thing."""

    whole: str
    names: str
    numbers: str
    ending: str | None

    @property
    def is_empty(self) -> bool:
        """Is there no letter and no digit in it?"""
        return not self.whole


def asked_for(typed: str) -> Asked:
    """What `typed` looks for. At most eight words count; a sign that is neither letter nor digit parts words."""
    said = typed.lower().replace("ё", "е")
    words = _WORD.findall(_PLATE.sub(" ", said))[:MOST_WORDS]
    queries = [(_query_of_plate(found.groups()), True) for found in _PLATE.finditer(said)]
    queries += [(_query_of(word), any(sign.isdigit() for sign in word)) for word in words]
    last = words[-1] if words else ""
    return Asked(
        whole=" & ".join(query for query, _ in queries),
        names=" & ".join(query for query, is_number in queries if not is_number),
        numbers=" & ".join(query for query, is_number in queries if is_number),
        ending=last if re.fullmatch(r"\d{4}", last, re.ASCII) else None,
    )


def nominatives(word: str) -> set[str]:
    """Every nominative that `word`, in small letters and without ё, could be a case of; itself among them."""
    if not _CYRILLIC.fullmatch(word):
        return {word}
    stems = {word} | {word.removesuffix(end) for end in _CASES if word.endswith(end)}
    whole = [form for stem in stems if len(stem) >= SHORTEST_STEM for form in (stem, *_with_vowel(stem))]
    return {word} | {form + end for form in whole for end in _NOMINATIVES}


def _with_vowel(stem: str) -> Iterator[str]:
    """The stem with the vowel that the nominative has and the other cases lose: Павл-а, Льв-а, Зайц-а, Соловь-я."""
    if stem.endswith("ь"):
        yield stem[:-1] + "е"
    if len(stem) < SHORTEST_STEM + 1 or stem[-1] in _VOWELS or stem[-2] in _VOWELS:
        return
    before = stem[:-2] if stem[-2] in "ьй" else stem[:-1]
    yield from (before + vowel + stem[-1] for vowel in "еоя")


def _query_of(word: str) -> str:
    """The alternatives of one word in the language of `tsquery`: its forms, and what begins as it does."""
    alternatives = _quoted(nominatives(word))
    if len(word) >= SHORTEST_BEGINNING:
        alternatives += [f"{form}:*" for form in _quoted({word})]
    return f"({' | '.join(alternatives)})"


def _query_of_plate(parts: tuple[str, ...]) -> str:
    """A plate in either alphabet, kept in one piece or in four."""
    whole, spaced = _in_both("".join(parts)), [_in_both(part) for part in parts]
    return f"({whole} | {' & '.join(spaced)})"


def _in_both(word: str) -> str:
    return f"({' | '.join(_quoted({word.translate(_LATIN_OF), word.translate(_CYRILLIC_OF)}))})"


def _quoted(forms: Iterable[str]) -> list[str]:
    """As the lexemes of `tsquery`; a word of letters and digits has nothing to escape."""
    return [f"'{form}'" for form in sorted(_as_stored(forms))]


def _as_stored(forms: Iterable[str]) -> set[str]:
    """A server without a locale keeps Cyrillic capitals as they came."""
    return {spelled for form in forms for spelled in (form, form.capitalize(), form.upper())}
