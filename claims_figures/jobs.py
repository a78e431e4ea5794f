"""The nightly run of each figure. `claims_core.ticks` sees to it that each happens once, however many ask for it."""

from datetime import timedelta

from claims_core.settings import CoreSettings
from claims_core.ticks import Context, Job
from claims_figures.making import KINDS, make

NIGHTLY = timedelta(days=1)


def _job(name: str) -> Job:
    async def run(context: Context) -> str | None:
        assert isinstance(context.settings, CoreSettings)
        rows = await make(context.engine, name, now=context.now, zone=context.settings.insurer_timezone)
        return f"{rows} rows"

    return Job(f"figures_{name}", NIGHTLY, run)


JOBS = tuple(_job(name) for name in KINDS)
