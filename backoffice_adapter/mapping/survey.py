"""What a sample of cases holds: every path, how often, and the words that stand there. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice_adapter.mapping import paths

# More different words than these are no code but a name, a number or a text.
MOST_WORDS = 60
LONGEST_WORD = 40


@dataclass(slots=True)
class Place:
    """A path of the sample: in how many cases it leads to something, and to which words how often."""

    path: str
    cases: int = 0
    filled: int = 0
    words: Counter[str] = field(default_factory=Counter)

    @property
    def is_code(self) -> bool:
        """Few short words that come again and again: a code, most likely."""
        few = 0 < len(self.words) <= min(MOST_WORDS, max(1, self.filled // 3))
        return few and all(len(word) <= LONGEST_WORD for word in self.words)


def leaves(body: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a case with its path in the language of mappings; a typekey `{code, name}` is one value."""
    if isinstance(body, Mapping) and not (path and "code" in body):
        for name, value in body.items():
            yield from leaves(value, f"{path}.{name}" if path else str(name))
    elif isinstance(body, list):
        for value in body:
            yield from leaves(value, f"{path}[]")
    else:
        yield path, body


def survey(bodies: Iterable[Mapping[str, Any]]) -> dict[str, Place]:
    """The paths of a sample in the order in which they were met."""
    places: dict[str, Place] = {}
    for body in bodies:
        met = set()
        for path, value in leaves(body):
            place = places.setdefault(path, Place(path))
            word = paths.as_word(value)
            place.cases += path not in met
            met.add(path)
            if word:
                place.filled += 1
                if len(place.words) <= MOST_WORDS or word in place.words:
                    place.words[word] += 1
    return places
