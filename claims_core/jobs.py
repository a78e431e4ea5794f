"""The core's timed work: promises whose day is over, the audit's seal and chain, people with several rows, old runs."""

import logging
from datetime import timedelta
from itertools import chain

from claims_core.db import session_scope
from claims_core.ledger import (
    check_audit,
    end_kept,
    join_candidates,
    join_people,
    mark_shared,
    miss_promises,
    seal_audit,
    undo_contradicted,
)
from claims_core.ticks import Context, Job, forget_runs

log = logging.getLogger(__name__)

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


async def look_along_the_chain(context: Context) -> str:
    """Verify the audit. Its head goes into the log, which lies elsewhere: later it proves that nothing was cut off."""
    async with session_scope(context.engine) as session:
        found = await check_audit(session, by="job", now=context.now)
    said = {"sealed": found.sealed, "head": found.head.hex(), "broken_at": found.broken_at, "missing": found.missing}
    if found.holds:
        log.info("audit_verified", extra=said)
        return f"{found.sealed} entries hold"
    log.error("audit_broken", extra=said)
    return f"failed: broken at {found.broken_at}" if found.broken_at else f"failed: {found.missing} cut off"


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
    Job("verify_audit", timedelta(days=1), look_along_the_chain),
    Job("erase_what_was_kept", timedelta(days=1), erase_what_was_kept),
    Job("join_people", timedelta(hours=1), join_rows_of_one_human),
    Job("forget_runs", timedelta(hours=1), forget_runs),
)
