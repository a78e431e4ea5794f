"""The time that all nodes agree on: the database's, kept between two looks by a clock that nobody sets."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from claims_core.clock import utc_now


class Database(Protocol):
    """What can be asked for the time: a pool or a connection."""

    async def fetchval(self, query: str) -> Any:
        """The one value that the query answers."""


def steady() -> float:
    """Seconds since some moment. Nobody sets this clock, and a machine that slept finds the time counted."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SharedClock:
    """Says the database's time; the machine's own until the first look. A machine whose clock jumps changes nothing."""

    def __init__(self, steady: Callable[[], float] = steady) -> None:
        self._steady = steady
        self._then, self._at = utc_now(), steady()

    def __call__(self) -> datetime:
        """This moment, aware, in UTC."""
        return self._then + timedelta(seconds=self._steady() - self._at)

    async def look(self, database: Database) -> timedelta:
        """Ask the database; how far this machine's own clock is ahead of it."""
        asked = self._steady()
        theirs: datetime = await database.fetchval("select clock_timestamp()")
        answered = self._steady()
        # It said the time about half way between our question and its answer.
        self._then, self._at = theirs + timedelta(seconds=(answered - asked) / 2), answered
        return utc_now() - self()
