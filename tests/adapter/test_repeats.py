"""A file in which cases stand several times, against a model in two lines: the last word of each case holds."""

import asyncio
import tempfile
from collections.abc import Collection
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice_adapter.settings import FilesConfig
from backoffice_adapter.source import Page, Record, content_hash
from backoffice_adapter.sources.files.delivery import Delivered
from backoffice_adapter.sources.files.snapshots import pages_of

KEY = b"k"
CASES = st.sampled_from("1234")
WORDS = st.tuples(CASES, st.sampled_from("abc"))
KNOWN = st.dictionaries(CASES, st.sampled_from("abc"), min_size=1)
# The end of a line is looked for in a megabyte at a time: these lie in several.
WIDE = "w" * 700_000


class Ledger:
    """What is known of each case, by its hash; written page by page, as they come."""

    full = False

    def __init__(self, known: dict[str, bytes]) -> None:
        self.known = known

    async def hashes(self) -> set[bytes]:
        return set(self.known.values())

    async def hashes_of(self, refs: Collection[str]) -> set[bytes]:
        return {self.known[ref] for ref in refs if ref in self.known}

    async def same_marks(self, marks: object) -> set[str]:
        return set()

    async def has_file(self, checksum: str) -> bool:
        return False

    def write(self, records: list[Record]) -> None:
        self.known |= {record.ref: record.hash for record in records}


class Book:
    """How a case and its word stand in a file, and what its hash is."""

    def __init__(self, kind: str, *, wide: bool) -> None:
        self.kind, self.pad = kind, WIDE if wide else ""
        said = {"name": "f", "kind": "files", "mapping": Path("x.toml"), "folder": Path("."), "ref": "number"}
        join = [{"name": "more", "pattern": "more.csv", "key": "number"}] if kind == "joined" else []
        form = {"pattern": "*", "format": "jsonl" if kind == "jsonl" else "csv", "longest_row": 1_000_000, "join": join}
        self.config = FilesConfig(**{**said, **form})
        self.joined = {"more": {"1": (b"1,x", {"number": "1", "x": "x"})}} if join else {}

    def line(self, case: str, word: str) -> bytes:
        if self.kind == "jsonl":
            return orjson.dumps({"number": case, "word": word, "pad": self.pad})
        return f"{case},{word},{self.pad}".encode()

    def hash(self, case: str, word: str) -> bytes:
        more = self.joined.get("more", {}).get(case)
        return content_hash(self.line(case, word) + (b"\n" + more[0] if more else b""), KEY)

    async def read(self, words: list[tuple[str, str]], ledger: Ledger, *, page_size: int) -> list[Page]:
        header = [] if self.kind == "jsonl" else [b"number,word,pad"]
        lines = [*header, *(self.line(*word) for word in words)]
        with tempfile.NamedTemporaryFile(suffix=".txt") as file:
            file.write(b"".join(line + b"\n" for line in lines))
            file.flush()
            delivered = Delivered(Path(file.name), b"", len(lines), 0)
            config = self.config.model_copy(update={"page_size": page_size})
            pages = []
            hashes = await ledger.hashes()
            async for page in pages_of(config, delivered, "", self.joined, hashes, ledger, key=KEY):
                ledger.write(page.records)
                pages.append(page)
            return pages


def agree(book: Book, known: dict[str, str], words: list[tuple[str, str]], page_size: int) -> None:
    ledger = Ledger({case: book.hash(case, word) for case, word in known.items()})
    pages = asyncio.run(book.read(words, ledger, page_size=page_size))
    assert ledger.known == {case: book.hash(case, word) for case, word in (known | dict(words)).items()}
    assert sum(len(page.records) + page.unchanged for page in pages) == len(words)
    if all(known.get(case) == word for case, word in words):
        assert not any(page.records for page in pages), "what has not changed is not passed on"


@pytest.mark.parametrize("kind", ["jsonl", "csv", "joined"])
@settings(max_examples=40, deadline=None)
@given(known=KNOWN, words=st.lists(WORDS, max_size=12), page_size=st.integers(1, 5))
def test_the_last_word_of_each_case_holds(
    kind: str, known: dict[str, str], words: list[tuple[str, str]], page_size: int
):
    agree(Book(kind, wide=False), known, words, page_size)


@settings(max_examples=8, deadline=None)
@given(known=KNOWN, words=st.lists(WORDS, max_size=8), page_size=st.integers(1, 3))
def test_it_holds_however_far_from_the_first_word_it_stands(
    known: dict[str, str], words: list[tuple[str, str]], page_size: int
):
    agree(Book("jsonl", wide=True), known, words, page_size)
