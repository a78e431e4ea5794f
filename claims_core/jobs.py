"""The core's timed work: promises whose day is over, the audit's seal, people with several rows, old runs of jobs."""

from datetime import timedelta
from itertools import chain

from claims_core.db import session_scope
from claims_core.ledger import (
    end_kept,
    join_candidates,
    join_people,
    mark_shared,
    miss_promises,
    seal_audit,
    undo_contradicted,
)
from claims_core.ticks import Context, Job, forget_runs

# One transaction of each job stays small: a long one would hold up the claims it has locked.
BATCH = 1000
# So many groups of people are looked at together: some hundred rows in memory.
GROUPS = 200


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


async def erase_what_was_kept(context: Context) -> str | None:
    """Erase the complaints of erased people, too, once nobody can go to law about them any more."""
    async with session_scope(context.engine) as session:
        erased = await end_kept(session, now=context.now)
    return f"{erased} erased" if erased else None


async def join_rows_of_one_human(context: Context) -> str | None:
    """Join rows whose facts say one human, split those whose facts no longer do, and mark shared telephones."""
    async with session_scope(context.engine) as session:
        undone, groups = await undo_contradicted(session, now=context.now), await join_candidates(session)
    joined = 0
    for start in range(0, len(groups), GROUPS):
        rows = list(chain.from_iterable(groups[start : start + GROUPS]))
        async with session_scope(context.engine) as session:
            joined += await join_people(session, rows, now=context.now)
    async with session_scope(context.engine) as session:
        marked = await mark_shared(session)
    return f"{joined} joined, {undone} undone, {marked} telephones marked" if joined or undone or marked else None


JOBS = (
    Job("end_promises", timedelta(minutes=5), end_promises),
    Job("seal_audit", timedelta(seconds=5), seal),
    Job("erase_what_was_kept", timedelta(days=1), erase_what_was_kept),
    Job("join_people", timedelta(hours=1), join_rows_of_one_human),
    Job("forget_runs", timedelta(hours=1), forget_runs),
)
