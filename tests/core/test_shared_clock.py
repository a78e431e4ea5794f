"""All nodes have one time: the database's. A machine whose own clock is wrong leases nothing for too short."""

from datetime import datetime, timedelta

import asyncpg

from claims_core.clock import utc_now
from claims_core.db import open_pool
from claims_core.shared_clock import SharedClock
from tests.factories import NOON


class Steady:
    """Seconds that a test counts."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


class Faraway:
    """A database whose time is NOON when it is asked; each question and answer take a second."""

    def __init__(self, steady: Steady) -> None:
        self._steady = steady

    async def fetchval(self, query: str) -> datetime:
        self._steady.seconds += 2
        return NOON


async def test_the_time_is_the_databases_and_runs_on_by_a_clock_that_nobody_sets():
    steady = Steady()
    clock = SharedClock(steady)
    ahead = await clock.look(Faraway(steady))
    assert clock() == NOON + timedelta(seconds=1)
    assert abs(ahead - (utc_now() - clock())) < timedelta(seconds=5)
    steady.seconds += 90
    assert clock() == NOON + timedelta(seconds=91)


async def test_before_the_first_look_it_is_the_machines_own():
    assert abs(SharedClock()() - utc_now()) < timedelta(seconds=5)


async def test_two_nodes_on_one_database_agree(database_url: str):
    pool: asyncpg.Pool = await open_pool(database_url, size=1)
    one, other = SharedClock(), SharedClock()
    for clock in (one, other):
        await clock.look(pool)
    assert abs(one() - other()) < timedelta(seconds=1)
    await pool.close()
