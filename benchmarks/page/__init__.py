"""The claim page."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.rounds import Ratio


def measure(server_url: str, folder: Path, size: str, rounds: int) -> Iterator[Ratio]:
    """Nothing yet."""
    yield from ()
