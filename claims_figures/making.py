"""Each figure there is, and how its rows come to stand in the table: all of them anew, in one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.clock import utc_now
from claims_core.db import session_scope
from claims_core.stages import LineOfBusiness
from claims_figures import how_long, pilot_ledger, pilot_results, pilot_sizes
from claims_figures.ledger import complained_of, groups_of, kept_of, periods
from claims_figures.tables import Figure

ONE_MOMENT = "set transaction isolation level repeatable read"


async def _how_long(session: AsyncSession, now: datetime, zone: str) -> Sequence[Figure]:
    today = now.astimezone(ZoneInfo(zone)).date()
    groups = await groups_of(session, now=now, zone=zone, today=today)
    kept = await kept_of(session, today=today)
    complained = await complained_of(session, now=now, zone=zone, today=today)
    made = []
    for period in periods(today):
        for line in LineOfBusiness:
            its = [row for row in groups if (row.line, row.period) == (line, period.name)]
            if its:
                numbers = how_long.numbers_of(
                    its,
                    [row for row in kept if (row.line, row.period) == (line, period.name)],
                    [row for row in complained if (row.line, row.period) == (line, period.name)],
                )
                made.append(
                    Figure(
                        name=how_long.NAME, subject=line.value, period=period.name, since=period.since,
                        until=period.until, method=how_long.METHOD, version=how_long.VERSION, data_at=now,
                        made_at=utc_now(), numbers=numbers,
                    )
                )  # fmt: skip
    return made


async def _pilots(session: AsyncSession, now: datetime, zone: str) -> Sequence[Figure]:
    made = []
    for trial in await pilot_ledger.trials_of(session, now):
        numbers = pilot_results.numbers_of(trial, await pilot_ledger.people_of(session, trial.id, now))
        made.append(
            Figure(
                name=pilot_results.NAME, subject=str(trial.id), period="all",
                since=trial.starts_at.astimezone(ZoneInfo(zone)).date(),
                until=min(now, trial.ends_at).astimezone(ZoneInfo(zone)).date(), method=pilot_results.METHOD,
                version=pilot_results.VERSION, data_at=now, made_at=utc_now(), numbers=numbers,
            )
        )  # fmt: skip
    return made


async def _pilot_sizes(session: AsyncSession, now: datetime, zone: str) -> Sequence[Figure]:
    today, made = now.astimezone(ZoneInfo(zone)).date(), []
    for measure, kinds in pilot_sizes.KINDS.items():
        numbers = pilot_sizes.numbers_of(*await pilot_ledger.usual(session, kinds, now))
        if numbers is None:
            continue
        made.append(
            Figure(
                name=pilot_sizes.NAME, subject=measure.value, period="latest", since=today - pilot_sizes.SPAN,
                until=today, method=pilot_sizes.METHOD, version=pilot_sizes.VERSION, data_at=now,
                made_at=utc_now(), numbers=numbers,
            )
        )  # fmt: skip
    return made


# A figure by its name, and what computes its rows from the ledger of a moment, in the insurer's zone.
KINDS: dict[str, Callable[[AsyncSession, datetime, str], Awaitable[Sequence[Figure]]]] = {
    how_long.NAME: _how_long,
    pilot_results.NAME: _pilots,
    pilot_sizes.NAME: _pilot_sizes,
}


async def make(engine: AsyncEngine, name: str, *, now: datetime, zone: str) -> int:
    """Compute the figure `name` anew out of the ledger as it is at `now`, in the insurer's `zone`. How many rows."""
    async with session_scope(engine) as session:
        await (await session.connection()).exec_driver_sql(ONE_MOMENT)
        rows = await KINDS[name](session, now, zone)
        await session.exec(delete(Figure).where(col(Figure.name) == name))
        session.add_all(rows)
    return len(rows)
