"""The lines of a file are the same wherever the pieces end in which it is read."""

import io

from hypothesis import given
from hypothesis import strategies as st

from backoffice_adapter.source import Unreadable, content_hash
from backoffice_adapter.sources.files.rows import Skip, lines

LONGEST = 20
PARTS = st.lists(st.sampled_from([b"a", b"bb", b"\n", b"\r\n", b"x" * 9, b"y" * 30]), max_size=14).map(b"".join)


class Slow:
    """A file that gives few bytes at a time."""

    def __init__(self, content: bytes, at_once: int) -> None:
        self._stream, self._at_once = io.BytesIO(content), at_once

    def read(self, size: int, /) -> bytes:
        return self._stream.read(min(size, self._at_once))


@given(PARTS, st.integers(1, 40))
def test_a_line_is_a_line_however_the_file_arrives(content: bytes, at_once: int):
    found = [
        (int((row.place or "").split()[1]), None) if isinstance(row, Unreadable) else tuple(row)
        for row in lines(Slow(content, at_once), longest=LONGEST)
    ]
    wanted = [line.removesuffix(b"\n").rstrip(b"\r") for line in io.BytesIO(content)]
    assert found == [(number, line if len(line) <= LONGEST else None) for number, line in enumerate(wanted, 1)]


@given(PARTS, st.integers(1, 40))
def test_known_lines_are_counted_and_not_shown(content: bytes, at_once: int):
    key, known = b"k", b"a"
    skip = Skip({content_hash(known, key)}, key)
    rows = [row for row in lines(Slow(content, at_once), longest=1000, skip=skip) if not isinstance(row, Unreadable)]
    wanted = [line.rstrip(b"\r\n") for line in io.BytesIO(content)]
    assert [row.raw for row in rows] == [line for line in wanted if line != known]
    assert skip.count == wanted.count(known)
