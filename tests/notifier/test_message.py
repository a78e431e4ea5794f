"""One count of SMS for the preview, the sending and the bill."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifier.wording.message import GSM7_EXTENSION, sms_parts


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 306, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("ж" * 70, "UCS-2", 1),
        ("ж" * 71, "UCS-2", 2),
        ("ж" * 134, "UCS-2", 2),
        ("ж" * 135, "UCS-2", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("😀" * 35, "UCS-2", 1),
        ("😀" * 36, "UCS-2", 2),
    ],
)
def test_a_text_costs_what_the_network_bills(text: str, encoding: str, segments: int):
    counted = sms_parts(text)
    assert (counted.encoding, counted.segments) == (encoding, segments)


@pytest.mark.parametrize("blocker", ["’", "\u00a0", "«", "—"])
def test_one_odd_character_moves_a_latin_text_to_the_short_alphabet_and_is_named(blocker: str):
    counted = sms_parts("a" * 100 + blocker)
    assert (counted.encoding, counted.limit, counted.segments) == ("UCS-2", 70, 2)
    assert counted.blockers == (blocker,)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=700))
def test_the_parts_are_the_text_and_no_part_is_over_its_limit(text: str):
    counted = sms_parts(text)
    assert "".join(counted.parts) == text
    many = {"GSM-7": 153, "UCS-2": 67}[counted.encoding]
    for part in counted.parts:
        assert len(counted.parts) == 1 or units(part, counted.encoding) <= many
    assert counted.units == units(text, counted.encoding)
    assert (counted.segments == 1) == (counted.units <= counted.limit)


@given(st.text(max_size=300), st.text(max_size=20))
def test_a_longer_text_never_costs_less(text: str, more: str):
    assert sms_parts(text + more).segments >= sms_parts(text).segments


def units(text: str, encoding: str) -> int:
    if encoding == "UCS-2":
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return sum(2 if character in GSM7_EXTENSION else 1 for character in text)
