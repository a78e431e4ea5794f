"""The facts of a claim of which no message was ever planned, and why: so that each silence has an answer."""

from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from claims_core.i18n import marked as _

# A fact with a message has its answer there, whatever became of it.
_UNTOLD = text("""
select e.id, e.historic, exists (select from planned_event p where p.case_event_id = e.id) as decided
from case_event e where e.claim_id = :claim_id
and not exists (select from notification n where n.cause_kind = 'case_event' and n.cause_id = e.id)
""")
FIRST_SIGHT, ON_PURPOSE, UNDECIDED = (
    _("Not told: it was so when we first read the claim"),
    _("Not told, on purpose"),
    _("Not decided yet whether it is told"),
)


async def untold_facts(session: AsyncSession, claim_id: UUID) -> dict[UUID, str]:
    """Why nothing was said about these facts, as a msgid by the fact's id."""
    rows = await (await session.connection()).execute(_UNTOLD, {"claim_id": claim_id})
    return {row.id: FIRST_SIGHT if row.historic else ON_PURPOSE if row.decided else UNDECIDED for row in rows}
