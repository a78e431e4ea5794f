"""The core's timed work: promises whose day is over, the seal of the audit, and the jobs' own old runs."""

from datetime import timedelta

from claims_core.db import session_scope
from claims_core.ledger import miss_promises, seal_audit
from claims_core.ticks import Context, Job, forget_runs

# One transaction of each job stays small: a long one would hold up the claims it has locked.
BATCH = 1000


async def end_promises(context: Context) -> str | None:
    """Say which promises were missed, all of them, a batch at a time."""
    missed = found = await _miss(context)
    while found == BATCH:
        missed += (found := await _miss(context))
    return f"{missed} missed" if missed else None


async def _miss(context: Context) -> int:
    async with session_scope(context.engine) as session:
        return await miss_promises(session, now=context.now, limit=BATCH)


async def seal(context: Context) -> str | None:
    """Seal what was audited since the last time."""
    async with session_scope(context.engine) as session:
        sealed = await seal_audit(session, limit=BATCH)
    return f"{sealed} sealed" if sealed else None


JOBS = (
    Job("end_promises", timedelta(minutes=5), end_promises),
    Job("seal_audit", timedelta(seconds=5), seal),
    Job("forget_runs", timedelta(hours=1), forget_runs),
)
