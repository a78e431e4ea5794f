"""Killed at any moment, the notifier loses nothing, invents nothing, and can explain what it repeated."""

import os
from typing import Any

import pytest

from tests.journeys.chaos import killed_at_a_receipt, named_points, random_kills

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]
SEED = int(os.environ.get("CHAOS_SEED", "20261122"))


def promises_held(line: dict[str, Any]) -> None:
    """The four numbers; on failure the whole line is shown, with the command that repeats the run."""
    assert (line["lost"], line["unexpected"], line["unexplained"]) == (0, 0, 0), line
    # Where the provider can be asked, a repeat is possible only while a request was still travelling. An SMSC cannot.
    assert line["duplicated"] - line["unseen"] <= max(1, line["kills"] // 50), line


async def test_killed_at_each_named_point_nothing_is_lost(server_url: str):
    line = await named_points(server_url, seed=SEED)
    promises_held(line)
    assert line["missed"] == [], line
    assert line["quarantined"] == 0, line


async def test_killed_before_a_receipt_is_written_it_is_taken_when_it_comes_again(server_url: str):
    line = await killed_at_a_receipt(server_url, seed=SEED)
    promises_held(line)
    assert line["codes"] == [-9, 0, 0], line
    assert line["states"] == ["sent accepted", "settled delivered", "settled delivered"], line


LONG = [pytest.mark.soak, pytest.mark.timeout(7200)]


@pytest.mark.parametrize(
    ("kills", "both"), [(100, 0), pytest.param(2000, 0, marks=LONG), pytest.param(1000, 1000, marks=LONG)]
)
async def test_killed_at_random_nothing_is_lost(server_url: str, kills: int, both: int):
    """For the last `both` kills over two providers, of which one cannot be asked."""
    line = await random_kills(server_url, kills=kills, seed=SEED, both=both)
    promises_held(line)
    assert line["n"] > 3 * kills
    # In so few kills that go over two providers none may come while the first one is down.
    assert both < 1000 or line["over_smpp"], line
