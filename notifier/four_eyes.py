"""The messages of a run that moved too many claims leave when two people say so (`reliability` T25)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core import ledger
from claims_core.db import insert_once
from claims_core.errors import Conflict, NotFound, Refused
from notifier.held import decide_run
from notifier.tables import ReleaseProposal

_STANDS = text("""
select exists (select from hold_decision h where h.run_id = r.id) as is_decided
from sync_run r where r.id = :run and r.held_at is not null
""")


class OneAlone(Refused):
    """Whoever proposed that messages leave is not the one who lets them."""


async def release_run(session: AsyncSession, run_id: UUID, *, by: str, now: datetime) -> bool:
    """Say that the messages of a held run may leave. True: the second person has said so and they do.

    Raises `OneAlone` when the same person says it twice, `NotFound` and `Conflict` as `held.decide_run` does.
    """
    held_runs = await (await session.connection()).execute(_STANDS, {"run": run_id})
    if (stands := held_runs.first()) is None:
        raise NotFound("this run is not held")
    if stands.is_decided:
        raise Conflict("somebody has decided already")
    proposal = ReleaseProposal(run_id=run_id, proposed_by=by, proposed_at=now)
    if await insert_once(session, proposal, unique=("run_id",)):
        subject = f"sync_run:{run_id}"
        await ledger.audit(session, actor=by, action="release_proposed", subject=subject, detail={}, now=now)
        return False
    first = await session.get_one(ReleaseProposal, run_id)
    if first.proposed_by == by:
        raise OneAlone("you proposed this: another head of team lets the messages go")
    await decide_run(session, run_id, told=True, by=by, now=now)
    return True
