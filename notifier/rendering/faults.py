"""Where in a source something is wrong: line and column for an author, found by the tokens (pure)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a text, where, and how to mend it; lines and columns are counted from one.

    `found` is the wrong piece as it stands there; `what` and `mend` are msgids with places for `values`.
    """

    line: int
    column: int
    found: str
    what: str
    mend: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        what, mend = (words.format(**self.values) if self.values else words for words in (self.what, self.mend))
        found = f"'{self.found}': " if self.found else ""
        return f"line {self.line}, column {self.column}: {found}{what}; {mend}"


class Token(NamedTuple):
    """A piece of a source as the lexer cuts it, and where it begins."""

    line: int
    kind: str
    value: str
    at: int


class Tokens:
    """The tokens of one source, each with where it begins."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._begins = [0, *accumulate(len(line) + 1 for line in source.split("\n"))]
        self._tokens: list[Token] = []

    def read(self, tokens: Iterable[tuple[int, str, str]]) -> None:
        """Take the tokens of the lexer: line, kind and value, which knows no columns."""
        at = 0
        for line, kind, value in tokens:
            # What a minus strips is in no token.
            found = self.source.find(value, at)
            at = found if found >= 0 else at
            self._tokens.append(Token(line, kind, value, at))
            at += len(value)

    def of_kinds(self, *kinds: str) -> list[Token]:
        """The tokens of these kinds, in order."""
        return [token for token in self._tokens if token.kind in kinds]

    def fault_at(self, at: int, found: str, what: str, mend: str, **values: object) -> Fault:
        """What is wrong at an offset."""
        line = sum(1 for begin in self._begins if begin <= at)
        return Fault(line, at - self._begins[line - 1] + 1, found, what, mend, values)

    def fault_in_line(
        self,
        line: int,
        what: str,
        mend: str,
        *,
        signs: Collection[str] = (),
        tags: bool = False,
        **values: object,
    ) -> Fault:
        """What is wrong in a line: at the first token that is one of `signs`, else at the first tag that begins."""
        here = [token for token in self._tokens if token.line == line] or self._tokens
        wrong = [token for token in here if token.value in signs and token.kind not in ("data", "string")]
        begun = [token for token in here if token.kind in (("block_begin",) if tags else ("variable_begin",))]
        begun += [token for token in here if token.kind == "block_begin"]
        first = next(iter(wrong or begun), None)
        if first is None:
            begins = self._begins[min(line, len(self._begins) - 1) - 1]
            return self.fault_at(begins, "", what, mend, **values)
        return self.fault_at(first.at, self._shown(first), what, mend, **values)

    def _shown(self, token: Token) -> str:
        """The token, or of one that begins a tag the whole tag as far as it fits a line."""
        if not token.kind.endswith("_begin"):
            return token.value
        end = min((found for sign in ("}}", "%}") if (found := self.source.find(sign, token.at)) > 0), default=-2)
        return self.source[token.at : end + 2 if end > 0 else None].split("\n")[0][:60]
