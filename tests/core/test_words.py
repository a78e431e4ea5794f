"""A number that cannot be is refused before anything is done, with the words that it was."""

import argparse

import pytest

import claims_cli
from claims_core.commands.words import whole_number


@pytest.mark.parametrize("word", ["0", "11", "-1", "x", "", "1.5", "٣", "9" * 5_000])
def test_a_number_outside_of_its_bounds_is_refused(word: str):
    with pytest.raises(argparse.ArgumentTypeError, match="no whole number from 1 to 10"):
        whole_number(1, 10)(word)
    assert [whole_number(1, 10)(good) for good in ("1", "10")] == [1, 10]


@pytest.mark.parametrize(
    "words",
    [
        ["portal", "--port", "99999"],
        ["portal", "--workers", "0"],
        ["pilot", "start", "autumn", "--days", "999999999"],
        ["mapping", "suggest", "life", "--sample", "-1"],
    ],
    ids=" ".join,
)
def test_a_command_says_which_of_its_numbers_cannot_be(words: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        claims_cli.main(words)
    assert ended.value.code == 2
    assert "no whole number" in capsys.readouterr().err
