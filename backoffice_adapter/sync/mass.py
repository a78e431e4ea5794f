"""Too many claims changing stage at once: more likely a mistake of the back office or of a mapping than news."""

import logging
from datetime import datetime
from statistics import median

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from backoffice_adapter.tables import SyncRun
from claims_core.tables import Claim

log = logging.getLogger(__name__)

# Of a handful of claims a large share may well move on one day; nobody needs to be asked about so few messages.
FEWEST = 20
TIMES_USUAL = 10
LOOK_BACK = 30


def most(*, claims: int, usual: float, share: float) -> float:
    """How many claims may change stage in a run before a person is asked (pure)."""
    return max(FEWEST, share * claims, TIMES_USUAL * usual)


async def judge(session: AsyncSession, run: SyncRun, moved: int, *, share: float, now: datetime) -> dict[str, object]:
    """The values of the run's row that say how many claims moved, and that they are held once they are too many.

    In the page's transaction: the verdict is there no later than the facts it is about.
    """
    if moved <= FEWEST or run.held_at is not None:
        return {"moved": moved}
    if run.claims is None:
        counted = select(func.count()).select_from(Claim).where(Claim.source == run.source)
        run.claims = (await session.exec(counted)).one()
    if moved <= most(claims=run.claims, usual=await _usual(session, run), share=share):
        return {"moved": moved, "claims": run.claims}
    run.held_at = now
    log.error(
        "mass_change_held",
        extra={"source": run.source, "sync_run_id": run.id, "moved": moved, "claims": run.claims},
    )
    return {"moved": moved, "claims": run.claims, "held_at": now}


async def _usual(session: AsyncSession, run: SyncRun) -> float:
    """The median of the latest runs in which anything moved and that were not held themselves."""
    earlier = (
        select(SyncRun.moved)
        .where(SyncRun.source == run.source, SyncRun.moved > 0, col(SyncRun.held_at).is_(None), SyncRun.id != run.id)
        .order_by(col(SyncRun.started_at).desc())
        .limit(LOOK_BACK)
    )
    return median((await session.exec(earlier)).all() or [0])
